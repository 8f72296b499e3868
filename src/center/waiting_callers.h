#pragma once
// Callers who wait for the end of a command, each with its own last moment. Threads: the control thread only.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "command/command.h"
#include "control/command_port.h"

namespace holdfast::center {

class WaitingCallers {
public:
    using Done = control::CommandPort::CommandDone;
    /// The command as it is now, for a caller whose time is over.
    using Present = std::function<Result<command::Command>(command::CommandId)>;

    WaitingCallers(boost::asio::io_context& io, const Clock& clock, Present present);
    ~WaitingCallers();
    WaitingCallers(const WaitingCallers&) = delete;
    WaitingCallers& operator=(const WaitingCallers&) = delete;

    /// `abroad`: the command belongs to another centre.
    [[nodiscard]] std::unique_ptr<control::Watching> add(command::CommandId id, Time until, bool abroad, Done done);
    /// The command has ended, durably.
    void ended(const command::Command& command);
    /// Of them, those about commands of other centres.
    [[nodiscard]] std::vector<command::CommandId> abroad() const;
    [[nodiscard]] std::size_t size() const noexcept;
    /// Answers everybody with the command as it is.
    void stop();

private:
    struct State;
    class Ticket;
    std::shared_ptr<State> state_;
};

}  // namespace holdfast::center
