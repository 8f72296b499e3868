#include "center/durable_gate.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <unordered_set>
#include <utility>

#include "runtime/log.h"

namespace holdfast::center {

namespace asio = boost::asio;

namespace {
constexpr Duration first_pause = std::chrono::milliseconds(100);
constexpr Duration longest_pause = std::chrono::seconds(5);
}  // namespace

DurableGate::DurableGate(asio::io_context& io, storage::CommandStore& store, Hooks hooks)
    : io_(io), store_(store), hooks_(std::move(hooks)), retry_timer_(io), self_(std::make_shared<DurableGate*>(this)) {}

DurableGate::~DurableGate() {
    stop();
}

void DurableGate::stop() {
    stopped_ = true;
    *self_ = nullptr;
    retry_timer_.cancel();
}

void DurableGate::enter(command::DispatcherEffects&& effects, std::vector<std::uint64_t> handled) {
    if (stopped_ || (effects.empty() && handled.empty())) return;
    Batch& batch = batches_.emplace_back();
    batch.number = ++last_number_;
    batch.passed.requests = std::move(effects.requests);
    batch.passed.written = std::move(effects.writes);
    batch.passed.accepted = std::move(effects.accepted);
    batch.passed.ended = std::move(effects.ended);
    batch.passed.handled = std::move(handled);
    if (batch.passed.written.empty()) {
        // Nothing to record, but it may follow from something that is still being recorded.
        batch.progress = Progress::durable;
        release();
    } else if (failing_) {
        fail(batch, Error(command::Errc::store_unavailable, why_));
    } else {
        write(batch);
    }
}

void DurableGate::write(Batch& batch) {
    batch.progress = Progress::writing;
    store_.write(batch.passed.written, [self = self_, &io = io_, number = batch.number](Result<> result) {
        asio::post(io, [self, number, result = std::move(result)] {
            if (*self != nullptr) (*self)->done(number, result);
        });
    });
}

void DurableGate::done(std::uint64_t number, const Result<>& result) {
    const auto batch = std::ranges::lower_bound(batches_, number, {}, &Batch::number);
    if (batch == batches_.end() || batch->number != number) return;
    if (!result) {
        fail(*batch, result.error());
        return;
    }
    batch->progress = Progress::durable;
    if (failing_ && std::ranges::none_of(batches_, [](const Batch& other) { return other.progress == Progress::failed; })) {
        failing_.reset();
        why_.clear();
        log::info("centre", "commands are recorded again");
        hooks_.opened();
        if (stopped_) return;
    }
    release();
}

void DurableGate::fail(Batch& batch, const Error& why) {
    batch.progress = Progress::failed;
    if (!failing_) {
        log::error("centre", "commands cannot be recorded, so new ones are refused until they can be: {}", why.message());
        failing_ = first_pause;
        retry();
    }
    why_ = why.message();
    Passed& passed = batch.passed;
    if (passed.accepted.empty()) return;
    const std::unordered_set<command::CommandId> refused(passed.accepted.begin(), passed.accepted.end());
    std::erase_if(passed.written, [&](const command::Command& command) { return refused.contains(command.id); });
    std::erase_if(passed.requests, [&](const command::Dispatch& dispatch) { return refused.contains(dispatch.request.id); });
    std::erase_if(passed.ended, [&](command::CommandId id) { return refused.contains(id); });
    hooks_.give_back(std::exchange(passed.accepted, {}), Error(command::Errc::store_unavailable, why_));
}

void DurableGate::release() {
    while (!batches_.empty() && batches_.front().progress == Progress::durable && !stopped_) {
        Passed passed = std::move(batches_.front().passed);
        batches_.pop_front();
        hooks_.pass(std::move(passed));
    }
}

void DurableGate::retry() {
    retry_timer_.expires_after(*failing_);
    retry_timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled || !failing_) return;
        failing_ = std::min(*failing_ * 2, longest_pause);
        for (Batch& batch : batches_) {
            if (batch.progress != Progress::failed) continue;
            for (command::Command& command : batch.passed.written) {
                // An older form must not replace a newer one that was written meanwhile.
                if (const command::Command* newest = hooks_.newest(command.id)) command = *newest;
            }
            write(batch);
        }
        retry();
    });
}

}  // namespace holdfast::center
