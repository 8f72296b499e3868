#pragma once
// A whole set-up: sentinels of both makes, one master with replicas, and everything that can happen to them.

#include <memory>
#include <string>
#include <vector>

#include "redis_model.h"
#include "sentinel_process.h"
#include "stock_model.h"

namespace holdfast::sim {

struct TownPlan {
    std::size_t own = 3;  ///< sentinels of Holdfast's make
    std::size_t stock = 0;
    std::size_t servers = 3;  ///< a master and its replicas
    unsigned quorum = 0;      ///< 0: a majority
    Duration down_after = std::chrono::seconds(1);
    Duration failover_timeout = std::chrono::seconds(30);
    Duration early_suspicion{};
    std::function<void(sentinel::SavedState&)> tune = {};  ///< changes what a sentinel begins with
};

class Town {
public:
    Town(City& city, const TownPlan& plan);

    void run_for(Duration time) { city_.scheduler.run_until(city_.now() + time); }
    /// Runs until it holds, at most for so long; whether it holds.
    bool run_until(const std::function<bool()>& holds, Duration at_most);

    /// The server that all sentinels that run name; null when they do not agree.
    [[nodiscard]] RedisModel* agreed_master();
    /// Everybody agrees, the master is one and takes writes, and all others that run follow it.
    [[nodiscard]] bool is_whole();
    [[nodiscard]] std::string picture();
    [[nodiscard]] RedisModel& server(const Address& address);
    [[nodiscard]] std::vector<Process*> sentinels();
    [[nodiscard]] std::size_t switches() const;

    /// One thing happens to somebody.
    void strike();
    /// Everything runs and reaches everything again.
    void repair();

    void crash(Process& sentinel);
    void restart(Process& sentinel);

    std::vector<std::unique_ptr<RedisModel>> servers;
    std::vector<std::unique_ptr<SentinelProcess>> own;
    std::vector<std::unique_ptr<StockModel>> stock;

private:
    void strike_server();
    void strike_sentinel();
    void strike_network();
    [[nodiscard]] std::vector<Process*> everybody();
    [[nodiscard]] bool reaches_majority(const Process& one);
    /// Keeps in mind when each sentinel last reached a majority.
    void watch_majorities();

    City& city_;
    std::map<const Process*, Time> had_majority_;
};

inline constexpr std::string_view group_name = "mymaster";

}  // namespace holdfast::sim
