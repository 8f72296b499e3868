#pragma once
// What everybody in a simulation of sentinels shares: time, chance, the network, what is told, and what must never be.

#include <fmt/format.h>

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>

#include "net.h"
#include "sim/dice.h"
#include "sim/scheduler.h"

namespace holdfast::sim {

/// Something that must never be true was true.
class Broken : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct City {
    explicit City(std::uint64_t seed) : dice(seed), net(scheduler, dice) {}

    Scheduler scheduler;
    Dice dice;
    Net net;
    std::vector<Address> servers = {};  ///< of all Redis servers
    /// Whether this sentinel may give orders to servers: false for one that has been without a majority for long.
    std::function<bool(const Process&)> may_act = {};
    /// Who follows what happens: time in milliseconds since the start, line.
    std::function<void(double, const std::string&)> listener = {};

    [[nodiscard]] Time now() const noexcept { return scheduler.now(); }
    [[nodiscard]] Moment moment() const noexcept {
        return {now(), WallTime(std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch()))};
    }
    [[nodiscard]] double milliseconds() const noexcept {
        return std::chrono::duration<double, std::milli>(now() - start).count();
    }
    template <class... Parts>
    void tell(fmt::format_string<Parts...> format, Parts&&... parts) const {
        if (listener) listener(milliseconds(), fmt::format(format, std::forward<Parts>(parts)...));
    }

    // --- what must never be, of a group ---

    /// `voter` has answered that its vote of `epoch` is `candidate`'s.
    void voted(const std::string& group, const std::string& voter, std::uint64_t epoch, const std::string& candidate) {
        const auto [known, is_new] = votes.try_emplace({group, voter, epoch}, candidate);
        if (!is_new && known->second != candidate)
            throw Broken(fmt::format("{} voted for {} and for {} in epoch {}", voter, known->second, candidate, epoch));
    }
    /// `leader` acts as the elected one of `epoch`, out of `known` sentinels that it knows.
    void leads(const std::string& group, const std::string& leader, std::uint64_t epoch, std::size_t known) {
        const auto [other, is_new] = leaders.try_emplace({group, epoch}, leader);
        if (!is_new && other->second != leader)
            throw Broken(fmt::format("{} and {} lead in epoch {}", other->second, leader, epoch));
        std::size_t given = 0;
        for (const auto& [vote, candidate] : votes) {
            const auto& [of, voter, when] = vote;
            if (of == group && when == epoch && candidate == leader && voter != leader) ++given;
        }
        if (1 + given < known / 2 + 1)
            throw Broken(fmt::format("{} leads in epoch {} with {} votes of {}", leader, epoch, 1 + given, known));
        voted(group, leader, epoch, leader);
        ++elections;
    }
    /// `sender` gives out that the master of `epoch` is `master`.
    void announced(const std::string& group, const std::string& sender, std::uint64_t epoch, const Address& master) {
        if (epoch > 0 && !leaders.contains({group, epoch}))
            throw Broken(fmt::format("{} gives out a configuration of epoch {}, which nobody has won", sender, epoch));
        const auto [known, is_new] = configurations.try_emplace({group, epoch}, master);
        if (!is_new && known->second != master)
            throw Broken(fmt::format("{} says that the master of epoch {} is {}:{}, but it is {}:{}", sender, epoch,
                                     master.host, master.port, known->second.host, known->second.port));
    }

    std::map<std::tuple<std::string, std::string, std::uint64_t>, std::string> votes;  ///< by group, voter and epoch
    std::map<std::pair<std::string, std::uint64_t>, std::string> leaders;
    std::map<std::pair<std::string, std::uint64_t>, Address> configurations;
    std::size_t elections = 0;

    static constexpr Time start{std::chrono::hours(1)};
};

}  // namespace holdfast::sim
