#pragma once
// A dispatcher with a fleet of places, a store that is always there, and a clock that tests turn.

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "command/dispatcher.h"
#include "command/submission.h"

namespace holdfast::command {

using namespace std::chrono_literals;

constexpr WallTime scene_start{std::chrono::milliseconds(1'790'000'000'000)};

class CommandScene {
public:
    explicit CommandScene(DispatcherOptions options = plain(), std::uint64_t seed = 1)
        : options_(std::move(options)), seed_(seed), dispatcher_(make()) {
        connect("meter-7", 1);
    }

    /// No pace, so that tests of other things need not think of it.
    [[nodiscard]] static DispatcherOptions plain() {
        DispatcherOptions options;
        options.backlog_pace = 0;
        return options;
    }

    // --- the fleet ---

    void connect(const std::string& device, std::uint64_t session, const std::string& cluster = "east") {
        places[device] = {.known = true, .cluster = cluster, .node = cluster + "-1", .session = session, .mqtt_version = 5};
        changed(device);
    }
    void disconnect(const std::string& device) {
        places[device] = {.known = true, .cluster = places[device].cluster};
        changed(device);
    }
    void changed(const std::string& device) {
        if (dispatcher_ == nullptr) return;
        dispatcher_->device_changed(device, moment);
        take();
    }

    // --- the caller ---

    [[nodiscard]] Submission asking(std::string device = "meter-7", std::string name = "reboot") const {
        Submission submission;
        submission.device = std::move(device);
        submission.name = std::move(name);
        submission.deadline_in = 30s;
        return submission;
    }
    [[nodiscard]] Result<CommandId> try_submit(const Submission& submission) {
        last_id = CommandId::make_after(last_id, moment.wall, 0, ++entropy_);
        auto command = make_command(submission, last_id, limits, moment.wall);
        if (!command) return std::unexpected(command.error());
        if (auto done = dispatcher_->submit(*std::move(command), moment); !done) return std::unexpected(done.error());
        take();
        return last_id;
    }
    CommandId submit(const Submission& submission) { return try_submit(submission).value(); }
    CommandId submit() { return submit(asking()); }
    [[nodiscard]] Result<> cancel(CommandId id, Reason reason = Reason::cancelled) {
        auto result = dispatcher_->cancel(id, reason, {}, moment);
        take();
        return result;
    }

    // --- the channel and the device ---

    template <class What>
    void say(CommandId id, std::uint16_t attempt, What what) {
        dispatcher_->report(
            {.id = id, .attempt = attempt, .device = store.at(id).device, .at = moment.wall, .what = std::move(what)}, moment);
        take();
    }
    void not_sent(CommandId id, std::uint16_t attempt, Reason reason = Reason::node_unreachable) {
        say(id, attempt, NotSent{.reason = reason});
    }
    void sent(CommandId id, std::uint16_t attempt = 1) { say(id, attempt, Sent{.node = "east-1"}); }
    void delivered(CommandId id, std::uint16_t attempt = 1) { say(id, attempt, Delivered{.by_device = true}); }
    void reply(CommandId id, std::uint16_t attempt = 1, Replied::Verdict verdict = Replied::Verdict::succeeded) {
        say(id, attempt, Replied{.verdict = verdict, .result = "done"});
    }

    // --- time ---

    void tick() {
        dispatcher_->tick(moment);
        take();
    }
    /// Lets time go by and does everything when it is due.
    void pass(Duration length) {
        const Time until = moment.now + length;
        while (const auto next = dispatcher_->next_timer()) {
            if (*next > until) break;
            go_to(std::max(*next, moment.now));
            tick();
        }
        go_to(until);
        tick();
    }
    void pass_without_centre(Duration length) { go_to(moment.now + length); }
    void step_calendar(Duration by) {
        offset_ += by;
        moment.wall = wall_at(moment.now);
    }

    // --- the process ---

    /// The centre ends here and now; nothing of it remains but the store.
    void crash() { dispatcher_.reset(); }
    void restart() {
        dispatcher_ = make();
        for (const auto& [id, command] : store) {
            if (!is_terminal(command.state)) dispatcher_->restore(command, moment);
        }
        tick();
    }

    [[nodiscard]] const Command& of(CommandId id) const { return store.at(id); }
    /// Requests that were handed out since this was last called.
    [[nodiscard]] std::vector<Request> take_requests() {
        std::vector<Request> taken;
        for (Dispatch& dispatch : requests)
            taken.push_back(std::move(dispatch.request));
        requests.clear();
        return taken;
    }
    [[nodiscard]] std::size_t asked(CommandId id) const {
        return static_cast<std::size_t>(
            std::ranges::count(all_requests, id, [](const Request& request) { return request.id; }));
    }
    [[nodiscard]] Dispatcher& dispatcher() { return *dispatcher_; }

    void take() {
        DispatcherEffects effects = dispatcher_->take_effects();
        for (Command& command : effects.writes)
            store[command.id] = std::move(command);
        for (Dispatch& dispatch : effects.requests) {
            all_requests.push_back(dispatch.request);
            requests.push_back(std::move(dispatch));
        }
        ended.insert(ended.end(), effects.ended.begin(), effects.ended.end());
        accepted.insert(accepted.end(), effects.accepted.begin(), effects.accepted.end());
    }

    Moment moment{Time(1h), scene_start};
    SubmissionLimits limits;
    std::map<std::string, DevicePlace, std::less<>> places;
    std::map<CommandId, Command> store;
    std::vector<Dispatch> requests;
    std::vector<Request> all_requests;
    std::vector<CommandId> ended;
    std::vector<CommandId> accepted;
    CommandId last_id;

private:
    [[nodiscard]] std::unique_ptr<Dispatcher> make() {
        return std::make_unique<Dispatcher>(
            options_,
            [this](std::string_view device) {
                const auto found = places.find(device);
                return found == places.end() ? DevicePlace{} : found->second;
            },
            seed_);
    }
    [[nodiscard]] WallTime wall_at(Time now) const {
        return scene_start + std::chrono::floor<std::chrono::milliseconds>(now - Time(1h) + offset_);
    }
    void go_to(Time now) { moment = {now, wall_at(now)}; }

    DispatcherOptions options_;
    std::uint64_t seed_;
    Duration offset_{};
    std::uint64_t entropy_ = 0;
    std::unique_ptr<Dispatcher> dispatcher_;
};

}  // namespace holdfast::command
