#include "network.h"

namespace holdfast::sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;

Wire::Wire(Network& network, WireUser& opener)
    : network_(network), number_(++network.wires_), latency_(network.dice_.duration(microseconds(50), milliseconds(15))) {
    users_ = {&opener, nullptr};
}

std::shared_ptr<Wire> Network::connect(std::uint16_t port, WireUser& opener) {
    auto wire = std::make_shared<Wire>(*this, opener);
    scheduler_.after(wire->latency_, [this, port, wire] {
        const auto found = listeners_.find(port);
        const auto mood = found == listeners_.end() ? Listener::Mood::refuses : found->second->mood();
        if (mood == Listener::Mood::silent) return;
        if (mood == Listener::Mood::accepts) {
            wire->accepted(found->second->take(wire));
            return;
        }
        scheduler_.after(wire->latency_, [wire] {
            if (WireUser* user = std::exchange(wire->user(Side::opener), nullptr)) user->wire_failed(*wire, true);
        });
    });
    return wire;
}

void Wire::accepted(WireUser* acceptor) {
    user(Side::acceptor) = acceptor;
    open_ = true;
    if (acceptor == nullptr) finish(Side::acceptor);
    set_off(Side::opener);
    network_.scheduler_.after(latency_, [self = shared_from_this()] {
        if (self->dead_) return;
        if (WireUser* opener = self->user(Side::opener)) opener->wire_open(*self);
        self->set_off(Side::acceptor);
    });
}

void Wire::send(Side from, ByteView bytes) {
    if (bytes.empty() || way(from).finished) return;
    if (dead_) lossy_ = true;
    way(from).sent.insert(way(from).sent.end(), bytes.begin(), bytes.end());
    set_off(from);
}

void Wire::finish(Side from) {
    way(from).finished = true;
    set_off(from);
}

void Wire::close(Side side) {
    user(side) = nullptr;
    finish(side);
}

void Wire::reset(Side side) {
    user(side) = nullptr;
    way(side).finished = true;
    dead_ = lossy_ = true;
    notice_break(other(side));
}

void Wire::vanish(Side side) {
    user(side) = nullptr;
    absent_[static_cast<std::size_t>(side)] = true;
    lossy_ = true;
}

void Wire::come_back(Side side) {
    absent_[static_cast<std::size_t>(side)] = false;
    set_off(other(side));
}

void Wire::break_up() {
    if (dead_) return;
    dead_ = lossy_ = true;
    notice_break(Side::opener);
    notice_break(Side::acceptor);
}

void Wire::pause(Side reader, bool paused) {
    if (std::exchange(way(other(reader)).paused, paused) && !paused) set_off(other(reader));
}

void Wire::notice_break(Side side) {
    network_.scheduler_.after(latency_, [self = shared_from_this(), side] {
        if (WireUser* user = std::exchange(self->user(side), nullptr)) user->wire_ended(*self, true);
    });
}

void Wire::set_off(Side from) {
    Way& stream = way(from);
    const bool something = stream.delivered < stream.sent.size() || (stream.finished && !stream.end_delivered);
    if (dead_ || !open_ || !something || std::exchange(stream.under_way, true)) return;
    const Duration wait = latency_ + network_.dice_.duration(Duration::zero(), latency_);
    network_.scheduler_.after(wait, [self = shared_from_this(), from] { self->arrive(from); });
}

void Wire::arrive(Side from) {
    Way& stream = way(from);
    stream.under_way = false;
    const Side to = other(from);
    if (dead_ || stream.paused || absent_[static_cast<std::size_t>(to)] || absent_[static_cast<std::size_t>(from)]) return;
    const std::size_t waiting = stream.sent.size() - stream.delivered;
    WireUser* reader = user(to);
    if (reader == nullptr) {
        if (waiting == 0) {
            stream.end_delivered = true;
            return;
        }
        // Nobody there: the kernel answers with a reset.
        dead_ = lossy_ = true;
        notice_break(from);
        return;
    }
    if (waiting == 0) {
        stream.end_delivered = true;
        reader->wire_ended(*this, false);
        return;
    }
    Dice& dice = network_.dice_;
    const std::size_t size = dice.chance(0.6) ? waiting : dice.between(1, std::min<std::size_t>(waiting, 64));
    const auto begin = stream.sent.begin() + static_cast<std::ptrdiff_t>(stream.delivered);
    const ByteBuffer piece(begin, begin + static_cast<std::ptrdiff_t>(size));
    stream.delivered += size;
    reader->wire_bytes(*this, piece);
    set_off(from);
}

}  // namespace holdfast::sim
