#pragma once
// Holds back what follows from a record until the record is durable. The dispatcher's effects go through here: first the
// records to the store, then, in order and only after they are durable, whatever was decided with them.
//
// While the store fails, records are written again with growing pauses, in their newest form, and everything behind them waits.
// Newly accepted commands are not kept for later: they are given back at once, so that their senders know.
//
// Threads: the control thread only; the store's completions are posted to it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "command/dispatcher.h"
#include "storage/command_store.h"

namespace holdfast::center {

/// What leaves the gate once its records are durable.
struct Passed {
    std::vector<command::Dispatch> requests = {};
    std::vector<command::Command> written = {};     ///< the records, as they were written
    std::vector<command::CommandId> accepted = {};  ///< of them
    std::vector<command::CommandId> ended = {};     ///< of them
    std::vector<std::uint64_t> handled = {};        ///< deliveries of the queue that these effects came from
};

class DurableGate {
public:
    struct Hooks {
        /// Durable: let it out.
        std::function<void(Passed&&)> pass;
        /// Accepted commands that could not be recorded; forget them.
        std::function<void(std::vector<command::CommandId>&&, const Error& why)> give_back;
        /// Records can be made durable again.
        std::function<void()> opened;
        /// The newest form of a command, null when it is not held any more.
        std::function<const command::Command*(command::CommandId)> newest;
    };

    /// All must outlive the gate, `io` also the store.
    DurableGate(boost::asio::io_context& io, storage::CommandStore& store, Hooks hooks);
    ~DurableGate();
    DurableGate(const DurableGate&) = delete;
    DurableGate& operator=(const DurableGate&) = delete;

    void enter(command::DispatcherEffects&& effects, std::vector<std::uint64_t> handled);
    /// True while records cannot be made durable; `why_closed` says why.
    [[nodiscard]] bool closed() const noexcept { return failing_.has_value(); }
    [[nodiscard]] const std::string& why_closed() const noexcept { return why_; }
    /// True while so much waits for the store that no more should enter.
    [[nodiscard]] bool full() const noexcept { return closed() && batches_.size() >= max_waiting; }
    /// Lets nothing out any more.
    void stop();

private:
    /// Batches that wait while the store fails.
    static constexpr std::size_t max_waiting = 256;

    enum class Progress : std::uint8_t { writing, durable, failed };
    struct Batch {
        std::uint64_t number = 0;
        Progress progress = Progress::writing;
        Passed passed;
    };

    void write(Batch& batch);
    void done(std::uint64_t number, const Result<>& result);
    void fail(Batch& batch, const Error& why);
    void release();
    void retry();

    boost::asio::io_context& io_;
    storage::CommandStore& store_;
    Hooks hooks_;
    boost::asio::steady_timer retry_timer_;
    /// In order; those at the front that are durable leave.
    std::deque<Batch> batches_;
    std::uint64_t last_number_ = 0;
    /// The pause before the next try, while the store fails.
    std::optional<Duration> failing_;
    std::string why_;
    bool stopped_ = false;
    /// Emptied by `stop`, for completions that come later.
    std::shared_ptr<DurableGate*> self_;
};

}  // namespace holdfast::center
