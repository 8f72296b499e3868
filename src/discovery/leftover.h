#pragma once
// Children of an earlier Holdfast that was killed: finding and ending them. (The kernel ends children with their parent; this
// is for the cases in which it does not, such as a child that was frozen.)

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "discovery/child_process.h"
#include "net/tcp.h"

namespace holdfast::discovery {

/// The process that `pid_file` names, if it lives and `argument` is one of its arguments (process ids are used again).
[[nodiscard]] std::optional<int> find_leftover(const std::string& pid_file, const std::string& argument);

/// Ends a process that is not our child: SIGTERM, and SIGKILL after `patience`. Calls `done` once, on the io_context, unless
/// destroyed before.
class LeftoverEnding {
public:
    LeftoverEnding(net::IoContext& io, int pid, Duration patience, std::function<void()> done);
    ~LeftoverEnding();
    LeftoverEnding(const LeftoverEnding&) = delete;
    LeftoverEnding& operator=(const LeftoverEnding&) = delete;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace holdfast::discovery
