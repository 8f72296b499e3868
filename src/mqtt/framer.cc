#include "mqtt/framer.h"

#include <algorithm>

#include "mqtt/fixed_header.h"

namespace holdfast::mqtt {

namespace {

/// A collecting buffer up to this size is kept for the next packet; a larger one is given back.
constexpr std::size_t kept_capacity = 1024;

}  // namespace

Errc errc_for(FrameFault fault) noexcept {
    return fault == FrameFault::too_large ? Errc::packet_too_large : Errc::malformed_packet;
}

void Framer::reset() noexcept {
    ByteBuffer().swap(collected_);
    wanted_ = 0;
    returned_ = false;
    faulty_ = false;
}

std::expected<ByteView, FrameFault> Framer::feed(ByteView& input) {
    if (faulty_) return std::unexpected(fault_);
    if (returned_) {
        if (collected_.capacity() > kept_capacity) ByteBuffer().swap(collected_);
        collected_.clear();
        wanted_ = 0;
        returned_ = false;
    }
    if (input.empty()) return ByteView{};
    if (collected_.empty()) {
        const FixedHeader header = read_fixed_header(input);
        const bool fits = header.packet_size() <= max_size_;
        if (header.state == FixedHeader::State::whole && fits && header.packet_size() <= input.size()) {
            const ByteView packet = input.first(header.packet_size());
            input = input.subspan(header.packet_size());
            return packet;
        }
    }
    return collect(input);
}

std::expected<ByteView, FrameFault> Framer::collect(ByteView& input) {
    while (wanted_ == 0 && !input.empty()) {
        collected_.push_back(input.front());
        input = input.subspan(1);
        const FixedHeader header = read_fixed_header(collected_);
        if (header.state == FixedHeader::State::partial) continue;
        const bool bad = header.state == FixedHeader::State::bad;
        if (bad || header.packet_size() > max_size_) {
            faulty_ = true;
            fault_ = bad ? FrameFault::bad_remaining_length : FrameFault::too_large;
            return std::unexpected(fault_);
        }
        wanted_ = static_cast<std::uint32_t>(header.packet_size());
    }
    if (wanted_ == 0) return ByteView{};
    const std::size_t take = std::min(input.size(), wanted_ - collected_.size());
    collected_.insert(collected_.end(), input.begin(), input.begin() + static_cast<std::ptrdiff_t>(take));
    input = input.subspan(take);
    if (collected_.size() < wanted_) return ByteView{};
    returned_ = true;
    return ByteView(collected_);
}

}  // namespace holdfast::mqtt
