#pragma once
// Two devices that fight over one id: each new connection makes the node throw out the other, which connects again. A takeover
// is a CONNECT that came while another connection of the same id was open; a fight is many of them in a short time. Bounded:
// the devices whose takeovers are oldest are forgotten first.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"

namespace holdfast::fleet {

struct FightOptions {
    std::uint32_t takeovers = 5;                 ///< so many ... >= 2
    Duration window = std::chrono::seconds(60);  ///< ... in this time are a fight
    std::size_t max_watched = 4096;              ///< devices with recent takeovers that are remembered
};

/// A fight that goes on or ended lately.
struct Fight {
    std::string device = {};
    std::uint64_t takeovers = 0;  ///< since it began
    WallTime since{};
    WallTime last{};
    Time last_at{};
    std::string source_a = {};  ///< the last two addresses seen
    std::string source_b = {};
};

class Takeovers {
public:
    explicit Takeovers(const FightOptions& options) : options_(options) {}

    /// A takeover happened. True when with it a fight begins.
    bool seen(std::string_view device, std::string_view older_source, std::string_view newer_source, Moment moment);
    void forget(std::string_view device);

    /// Fights with a takeover in the last window, most recent first, at most `limit`.
    [[nodiscard]] std::vector<Fight> fights(Time now, std::size_t limit) const;
    [[nodiscard]] std::uint64_t takeovers_in_all() const noexcept { return takeovers_; }
    [[nodiscard]] std::uint64_t fights_in_all() const noexcept { return fights_; }

private:
    struct Watched {
        Fight fight = {};
        std::deque<Time> recent = {};  // at most options_.takeovers
        bool fighting = false;
    };
    void make_room(Time now);

    FightOptions options_;
    std::unordered_map<std::string, Watched> watched_;
    std::uint64_t takeovers_ = 0;
    std::uint64_t fights_ = 0;
};

}  // namespace holdfast::fleet
