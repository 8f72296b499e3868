#pragma once
// What a sentinel tells the world: the events of Redis Sentinel, by their names and texts. They go to the log, to subscribers
// of the channel of that name, and those of level `warning` also to the notification script.

#include <cstdint>
#include <string>

namespace holdfast::sentinel {

enum class EventLevel : std::uint8_t { debug, verbose, notice, warning };

struct Event {
    EventLevel level = EventLevel::notice;
    std::string group = {};  ///< the group's name; empty: about the sentinel itself
    std::string name = {};   ///< e.g. "+sdown"; also the channel. Events of level debug are not published.
    std::string text = {};   ///< e.g. "master mymaster 127.0.0.1 6379"
    bool log_only = false;   ///< one that Redis Sentinel does not have: neither published nor given to scripts

    friend bool operator==(const Event&, const Event&) = default;
};

}  // namespace holdfast::sentinel
