#pragma once
// Everything a command meets, as chance has it: a centre that crashes and is restored from what was durable, a queue that loses
// and repeats, channels that die between publishing and saying so, nodes that lose and repeat, devices with and without memory
// that come, go, move and restart, and a calendar that steps. One seed makes one history.
//
// What must hold is checked at every step; the first thing that does not is kept in `fault`.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "command/dispatcher.h"
#include "command/submission.h"

namespace holdfast::command {

struct WorldOptions {
    std::size_t devices = 6;
    std::size_t clusters = 2;
    std::size_t window = 1;
    /// Scales everything that goes wrong; 0: nothing does.
    double trouble = 1;
};

class World {
public:
    World(WorldOptions options, std::uint64_t seed);
    ~World();

    /// One thing happens.
    void step();
    /// Nothing goes wrong any more, nobody submits, and time passes until every command must have ended.
    void calm_down();

    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

    std::optional<std::string> fault;
    std::map<std::string, std::uint64_t> tally;  ///< what came to pass, for tests to see that it did

private:
    struct Device {
        std::string name;
        bool memory = true;
        bool keeps_session = true;  ///< its node keeps messages for it while it is away
        bool known = true;
        bool disabled = false;
        bool connected = true;
        std::size_t cluster = 0;
        std::uint64_t session = 1;
        std::unordered_set<CommandId> remembered;
    };
    struct Message {
        Request request;
        bool repeated = false;  ///< was perhaps with another consumer before
    };
    struct OnNode {
        Request request;
        std::size_t cluster = 0;
    };
    struct Batch {
        std::vector<Command> writes;
        std::vector<Dispatch> requests;
        std::vector<CommandId> ended;
    };

    [[nodiscard]] std::uint64_t any() { return random_(); }
    [[nodiscard]] std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
    [[nodiscard]] bool chance(double probability) { return static_cast<double>(random_() >> 11) * 0x1.0p-53 < probability; }
    [[nodiscard]] bool goes_wrong(double probability) { return chance(probability * options_.trouble); }
    [[nodiscard]] Moment moment() const { return {now_, wall_}; }
    [[nodiscard]] DevicePlace place_of(std::string_view device) const;
    [[nodiscard]] Device* device_of(std::string_view name);

    void pass_time(Duration length);
    /// A moment in which everything gets a chance to move on.
    void flow();
    void submit();
    void cancel();
    void centre_ticks();
    void take_effects();
    void commit_one();
    void crash_centre();
    void restore_centre();
    void channel_consumes();
    void report(const Request& request, decltype(Report::what) what);
    void report_arrives();
    void node_brings();
    void device_gets(Device& device, const Request& request);
    void device_changes();
    void tell_place();
    void queue_is_lost();

    void write_is_durable(Command command);
    void check_request(const Dispatch& dispatch);
    void check_windows(const std::vector<Command>& writes);
    void check_deadlines();
    void note_limit(const Command& command, Duration more);
    void complain(std::string what);
    template <class Item>
    Item take_any(std::vector<Item>& items);

    WorldOptions options_;
    std::mt19937_64 random_;
    std::uint64_t seed_;
    std::uint64_t steps_ = 0;
    Time now_{std::chrono::hours(1)};
    WallTime wall_{std::chrono::milliseconds(1'790'000'000'000)};
    Duration wall_rest_{};
    bool calm_ = false;

    DispatcherOptions dispatcher_options_;
    std::unique_ptr<Dispatcher> centre_;
    CommandId last_id_;
    std::deque<Batch> to_commit_;
    std::unordered_map<CommandId, Command> store_;
    std::unordered_map<CommandId, Command> open_;  ///< newest known form of those that have not ended, durable or not
    std::unordered_map<CommandId, Time> limits_;   ///< when each open command must have ended
    std::unordered_set<CommandId> called_not_executed_;
    std::unordered_map<CommandId, std::uint32_t> executions_;

    std::vector<std::deque<Message>> request_topics_;  ///< by cluster
    std::vector<Report> responses_;
    std::vector<OnNode> on_nodes_;
    std::vector<Device> devices_;
    std::vector<std::size_t> untold_places_;
};

}  // namespace holdfast::command
