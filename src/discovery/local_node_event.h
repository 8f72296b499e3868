#pragma once
// What happens to the process of a local node, as told to whoever watches.

#include <cstdint>
#include <functional>
#include <string>

#include "base/time.h"

namespace holdfast::discovery {

struct LocalNodeEvent {
    enum class Kind : std::uint8_t {
        started,
        exited,          ///< by itself; it is started again
        start_failed,    ///< it is tried again
        leftover_ended,  ///< a process of an earlier Holdfast was in the way
        stopped,         ///< because it was told to
    };
    Kind kind = Kind::started;
    std::string cluster;
    std::string node;
    int pid = 0;            ///< 0 for start_failed
    Duration restart_in{};  ///< exited and start_failed: when the next start comes
    std::string sentence;   ///< for people: "east-1 was ended by signal 9 (Killed); it starts again in 0.2s"
};
using LocalNodeSink = std::function<void(const LocalNodeEvent&)>;

}  // namespace holdfast::discovery
