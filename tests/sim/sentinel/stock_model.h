#pragma once
// A model of redis-sentinel 7.0 for one group, from what it does on the wire: its ticks of 53 to 100 ms, its periods of a
// second and more, its dialling once a second, its votes without a look at the master, its one step of a failover per tick.
// What it writes to its file is durable at once.

#include <map>
#include <optional>
#include <string>

#include "city.h"
#include "sentinel/hello.h"
#include "sentinel/info_text.h"

namespace holdfast::sim {

struct StockSettings {
    std::string group = "mymaster";
    Address master = {};
    std::size_t quorum = 2;
    Duration down_after = std::chrono::seconds(2);
    Duration failover_timeout = std::chrono::seconds(30);
};

class StockModel : public Process {
public:
    StockModel(City& city, std::string name, Address address, std::string id, StockSettings settings);

    void connected(ConnectionId connection) override;
    void closed(ConnectionId connection, LinkEnd end) override;
    void reply(ConnectionId connection, const resp::Reply& reply) override;
    void request(ConnectionId connection, const Words& words) override;

    void crash();
    void restart();

    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    [[nodiscard]] Address master() const { return announced_master(); }
    [[nodiscard]] std::uint64_t config_epoch() const noexcept { return kept_.config_epoch; }
    /// In the middle of a failover, in tilt too: it goes on with it afterwards, whatever has become of the master meanwhile.
    [[nodiscard]] bool is_failing_over() const noexcept { return step_ != Step::none; }
    [[nodiscard]] std::size_t switches() const noexcept { return switches_; }

private:
    enum class Kind : std::uint8_t { master, replica, peer };
    enum class Said : std::uint8_t { other, ping, info, ask };
    enum class Step : std::uint8_t { none, wait_start, select, send_noone, wait_promotion, reconf, update };
    enum class Reconf : std::uint8_t { none, sent, in_progress, done };

    struct Instance {
        Kind kind = Kind::replica;
        Address address = {};
        std::string id = {};
        ConnectionId command = 0;
        ConnectionId subscription = 0;
        bool command_up = false;
        std::deque<Said> awaited = {};
        std::optional<Time> unanswered = {};
        Time last_dial{};
        Time last_ok{};
        Time last_pong{};
        Time last_ping{};
        Time last_hello{};
        Time info_sent{};
        std::optional<Time> info_at = {};
        sentinel::InfoText info = {};
        sentinel::Role role = sentinel::Role::replica;
        Time role_since{};
        std::optional<Time> down_since = {};
        Time up_since{};
        Time follows_since{};
        Reconf reconf = Reconf::none;
        Time reconf_at{};
        bool says_down = false;
        std::string leader = {};
        std::uint64_t leader_epoch = 0;
        Time ask_sent{};
        Time ask_answered{};
    };
    /// What its file has.
    struct Kept {
        std::uint64_t current_epoch = 0;
        std::uint64_t config_epoch = 0;
        std::uint64_t leader_epoch = 0;
        Address master = {};
        std::map<Address, std::string> peers = {};
        std::vector<Address> replicas = {};
    };

    void tick();
    void step(Instance& instance);
    void dial(Instance& instance);
    void hang_up(Instance& instance);
    void judge(Instance& instance);
    void judge_agreement();
    void begin_if_due();
    void drive();
    void count_votes();
    void select();
    void finish();
    void reconf_replicas();
    void ask_peers(bool forced);
    void take_info(Instance& instance, const std::string& text);
    void hear(const std::string& text);
    void new_epoch(std::uint64_t epoch);
    void switch_to(const Address& address);
    void slaveof(Instance& instance, const Address& master);
    void say(Instance& instance, Said said, Words words);
    void abort(std::string_view why);
    [[nodiscard]] std::pair<std::string, std::uint64_t> vote(std::uint64_t epoch, const std::string& candidate);
    [[nodiscard]] Address announced_master() const;
    [[nodiscard]] Instance* find(ConnectionId connection);
    void start();
    template <class Visit>
    void each(Visit visit) {
        visit(master_);
        for (auto& [address, replica] : replicas_)
            visit(replica);
        for (auto& [id, peer] : peers_)
            visit(peer);
    }

    City& city_;
    std::string id_;
    StockSettings settings_;
    Kept kept_;
    Kept file_;
    std::uint64_t life_ = 0;
    Instance master_;
    std::map<Address, Instance> replicas_;
    std::map<std::string, Instance> peers_;
    std::string leader_;
    bool agreed_ = false;
    Step step_ = Step::none;
    Time step_since_{};
    Time failover_started_{};
    std::uint64_t failover_epoch_ = 0;
    Address chosen_;
    Time last_tick_{};
    Time tilt_until_{};
    std::size_t switches_ = 0;
};

}  // namespace holdfast::sim
