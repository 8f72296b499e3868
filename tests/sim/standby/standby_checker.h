#pragma once
// Watches sentinels of a group of standbys and throws when a promise of sentinel/standby.h is broken.

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "sentinel/standby.h"
#include "sentinel/standby_messages.h"

namespace holdfast::sim {

/// A broken promise.
class Broken : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

class StandbyChecker {
public:
    StandbyChecker(std::size_t voters, const sentinel::StandbyOptions& options) : voters_(voters), options_(options) {}

    /// Words that leave `sentinel`, as a message or as an answer.
    /// `kept_epoch` is on its disk.
    void leaves(const std::string& sentinel, const std::vector<std::string>& words, std::uint64_t kept_epoch);
    /// A sentinel's view after every step.
    void sees(const std::string& sentinel, const sentinel::StandbyView& view, std::uint64_t current_epoch, Time now);
    void restarted(const std::string& sentinel);
    void switched(const std::string& sentinel, const sentinel::SwitchTo& to, Time now);
    /// From now on nothing but members fails, so that every switch can be explained by them.
    void only_members_fail(Time now);
    void member_changed(const std::string& member, bool up, Time now);
    [[nodiscard]] std::size_t decisions() const noexcept { return decisions_; }

private:
    void decided(const std::string& sentinel, const sentinel::SwitchTo& to, Time now);

    std::size_t voters_;
    sentinel::StandbyOptions options_;
    std::map<std::uint64_t, std::string> active_of_;  ///< epoch to member
    std::map<std::string, std::uint64_t> said_epoch_;
    std::map<std::string, std::uint64_t> said_before_crash_;
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> seen_epochs_;
    std::map<std::pair<std::string, std::uint64_t>, std::string> votes_;  ///< voter and epoch to candidate
    std::map<std::pair<std::string, std::string>, Time> seen_down_;       ///< sentinel and member, and when last
    std::map<std::string, Time> gone_;                                    ///< members that are not up, and since when
    std::map<std::string, Time> back_;                                    ///< members, and when they were up again, last
    std::optional<Time> last_unordered_;
    std::optional<Time> calm_since_;
    std::size_t decisions_ = 0;
    std::size_t changes_ = 0;
    std::size_t calm_decisions_ = 0;
};

}  // namespace holdfast::sim
