#include "channel/report_outbox.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <iterator>
#include <utility>

namespace holdfast::channel {
namespace {

constexpr Duration first_pause = std::chrono::milliseconds(20);
constexpr Duration longest_pause = std::chrono::seconds(1);

}  // namespace

ReportOutbox::ReportOutbox(net::IoContext& io, queue::Queue& queue, std::size_t capacity, Done done)
    : io_(io), queue_(queue), capacity_(capacity), done_(std::move(done)), retry_(io) {}

bool ReportOutbox::add(queue::OutMessage report) {
    if (waiting() >= capacity_) return false;
    waiting_.push_back(std::move(report));
    flush_soon();
    return true;
}

void ReportOutbox::add(queue::OutMessage report, std::span<const std::uint64_t> deliveries) {
    waiting_.push_back(std::move(report));
    deliveries_.insert(deliveries_.end(), deliveries.begin(), deliveries.end());
    flush_soon();
}

void ReportOutbox::stop() {
    stopped_ = true;
    retry_.cancel();
}

void ReportOutbox::flush_soon() {
    if (std::exchange(flushing_, true)) return;
    boost::asio::post(io_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->flush();
    });
}

void ReportOutbox::flush() {
    flushing_ = false;
    if (stopped_ || waiting_.empty()) return;
    auto batch = std::make_shared<Batch>();
    // A copy stays here, to be offered again if need be.
    batch->reports = std::exchange(waiting_, {});
    batch->deliveries = std::exchange(deliveries_, {});
    under_way_ += batch->reports.size();
    queue_.publish(batch->reports, [weak = weak_from_this(), batch](const Result<>& result) {
        if (const auto self = weak.lock(); self && !self->stopped_) self->published(std::move(*batch), result);
    });
}

void ReportOutbox::published(Batch batch, const Result<>& result) {
    under_way_ -= batch.reports.size();
    if (result) {
        trouble_.clear();
        pause_ = {};
        for (const std::uint64_t delivery : batch.deliveries)
            done_(delivery);
        return;
    }
    trouble_ = result.error().message();
    // Their order among each other stays; later ones that were taken meanwhile have overtaken them, which reports may.
    batch.reports.insert(batch.reports.end(), std::make_move_iterator(waiting_.begin()),
                         std::make_move_iterator(waiting_.end()));
    batch.deliveries.insert(batch.deliveries.end(), deliveries_.begin(), deliveries_.end());
    waiting_ = std::move(batch.reports);
    deliveries_ = std::move(batch.deliveries);
    pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);
    flushing_ = true;
    retry_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(pause_));
    retry_.async_wait([weak = weak_from_this()](const net::ErrorCode& error) {
        const auto self = weak.lock();
        if (!error && self) self->flush();
    });
}

}  // namespace holdfast::channel
