#include "mqtt/publish_queue.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace holdfast::mqtt {

namespace {

using State = HeldPublish::State;

/// Done slots are swept out when there are this many more of them than live ones.
constexpr std::size_t tolerated_done = 32;

bool is_to_be_sent(const HeldPublish& publish) {
    return publish.state == State::waiting || publish.state == State::resend || publish.state == State::resend_release;
}

}  // namespace

void PublishQueue::push(HeldPublish publish) {
    publishes_.push_back(std::move(publish));
    ++live_;
}

HeldPublish* PublishQueue::find(std::uint16_t packet_id) noexcept {
    if (!ids_.contains(packet_id)) return nullptr;
    for (std::size_t i = head_; i < publishes_.size(); ++i) {
        if (publishes_[i].packet_id == packet_id) return &publishes_[i];
    }
    return nullptr;
}

HeldPublish* PublishQueue::next_to_send() noexcept {
    while (next_ < publishes_.size() && !is_to_be_sent(publishes_[next_]))
        ++next_;
    return next_ < publishes_.size() ? &publishes_[next_] : nullptr;
}

HeldPublish* PublishQueue::first_sent() noexcept {
    for (std::size_t i = head_; i < publishes_.size(); ++i) {
        if (publishes_[i].packet_id != 0) return &publishes_[i];
    }
    return nullptr;
}

void PublishQueue::assign(HeldPublish& publish, std::uint16_t packet_id) {
    HF_ASSERT(publish.state == State::waiting && publish.packet_id == 0, "a publish gets one packet identifier");
    HF_ASSERT(ids_.insert(packet_id), "a packet identifier is used once at a time");
    publish.packet_id = packet_id;
    publish.packet[publish.packet_id_offset] = static_cast<Byte>(packet_id >> 8);
    publish.packet[publish.packet_id_offset + 1] = static_cast<Byte>(packet_id);
}

void PublishQueue::count(HeldPublish& publish) noexcept {
    if (!publish.counted) ++inflight_;
    publish.counted = true;
}

void PublishQueue::uncount(HeldPublish& publish) noexcept {
    if (publish.counted) --inflight_;
    publish.counted = false;
}

void PublishQueue::finish(HeldPublish& publish) {
    HF_ASSERT(publish.state != State::done, "a publish ends once");
    uncount(publish);
    ids_.erase(publish.packet_id);
    ByteBuffer().swap(publish.packet);
    publish.packet_id = 0;
    publish.state = State::done;
    --live_;
    trim();
}

void PublishQueue::connection_lost() noexcept {
    for (std::size_t i = head_; i < publishes_.size(); ++i) {
        HeldPublish& publish = publishes_[i];
        uncount(publish);
        if (publish.state == State::published) publish.state = State::resend;
        if (publish.state == State::released) publish.state = State::resend_release;
    }
    next_ = head_;
}

void PublishQueue::trim() {
    if (live_ == 0) {
        if (publishes_.capacity() > 2 * tolerated_done) std::vector<HeldPublish>().swap(publishes_);
        publishes_.clear();
        head_ = next_ = 0;
        return;
    }
    while (publishes_[head_].state == State::done)
        ++head_;
    if (publishes_.size() <= 2 * live_ + tolerated_done) return;
    const auto is_done = [](const HeldPublish& publish) { return publish.state == State::done; };
    const auto limit = publishes_.begin() + static_cast<std::ptrdiff_t>(std::min(next_, publishes_.size()));
    next_ = static_cast<std::size_t>(
        std::count_if(publishes_.begin(), limit, [&](const HeldPublish& one) { return !is_done(one); }));
    std::erase_if(publishes_, is_done);
    head_ = 0;
}

}  // namespace holdfast::mqtt
