#pragma once
// Reports on their way into the queue: those of one round of the io_context go together, those that the queue did not take are
// offered again, and a request is acknowledged to the queue only after the report about it is in.
//
// Threads: the io_context's one thread.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "net/tcp.h"
#include "queue/queue.h"

namespace holdfast::channel {

class ReportOutbox : public std::enable_shared_from_this<ReportOutbox> {
public:
    /// Called with each request's delivery whose report is in.
    using Done = std::function<void(std::uint64_t delivery)>;

    /// `queue` outlives the outbox. `capacity`: reports that may wait.
    ReportOutbox(net::IoContext& io, queue::Queue& queue, std::size_t capacity, Done done);

    /// False when it was dropped for want of room. Reports about requests always find room: their number is bounded by the
    /// window.
    bool add(queue::OutMessage report);
    void add(queue::OutMessage report, std::span<const std::uint64_t> deliveries);
    /// Nothing more is offered or told after it.
    void stop();

    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size() + under_way_; }
    /// What the queue said when it took nothing; empty while it takes.
    [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

private:
    struct Batch {
        std::vector<queue::OutMessage> reports = {};
        std::vector<std::uint64_t> deliveries = {};
    };
    void flush_soon();
    void flush();
    void published(Batch batch, const Result<>& result);

    net::IoContext& io_;
    queue::Queue& queue_;
    std::size_t capacity_;
    Done done_;
    net::Timer retry_;
    std::vector<queue::OutMessage> waiting_;
    std::vector<std::uint64_t> deliveries_;
    std::size_t under_way_ = 0;
    std::string trouble_;
    Duration pause_{};
    bool flushing_ = false;
    bool stopped_ = false;
};

}  // namespace holdfast::channel
