// However the network cuts and mixes the two streams, the same bytes arrive.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "conversation.h"
#include "packets.h"

namespace holdfast::proxy::test {
namespace {

/// Both streams in pieces, in the order that `cuts` says: each number is whose turn it is and how much it says.
class Pieces {
public:
    Pieces(Conversation& talk, ByteBuffer up, ByteBuffer down) : talk_(talk), up_(std::move(up)), down_(std::move(down)) {}

    void pass(const std::vector<std::uint16_t>& cuts) {
        for (const std::uint16_t cut : cuts)
            one((cut & 1U) != 0, 1 + (cut >> 1) % 40);
        while (up_at_ < up_.size() || (down_at_ < down_.size() && node_is_there())) {
            one(true, 1000);
            one(false, 1000);
        }
    }

private:
    [[nodiscard]] bool node_is_there() const { return !talk_.nodes().empty() && !talk_.node().ended(); }

    void one(bool device, std::size_t most) {
        if (device) {
            const std::size_t size = std::min(most, up_.size() - up_at_);
            talk_.device_says(ByteView(up_).subspan(up_at_, size));
            up_at_ += size;
        } else if (node_is_there()) {
            if (talk_.node().state == Peer::State::connecting) talk_.node_connects();
            // A node answers; it does not speak before it was spoken to.
            const std::size_t size = std::min(most, down_.size() - down_at_);
            talk_.node_says(ByteView(down_).subspan(down_at_, size));
            down_at_ += size;
        }
    }

    Conversation& talk_;
    ByteBuffer up_;
    ByteBuffer down_;
    std::size_t up_at_ = 0;
    std::size_t down_at_ = 0;
};

ByteBuffer some_publishes(Version version, const std::vector<std::uint8_t>& sizes) {
    ByteBuffer out;
    for (const std::uint8_t size : sizes)
        out = out + publish(version, std::string(size, static_cast<char>('a' + size % 26)));
    return out;
}

RC_GTEST_PROP(AnySplit, GivesTheSameBytes,
              (const std::vector<std::uint16_t>& cuts, const std::vector<std::uint8_t>& up_sizes,
               const std::vector<std::uint8_t>& down_sizes)) {
    const Version version = *rc::gen::element(Version::v31, Version::v311, Version::v5);
    const bool authenticates = version == Version::v5 && *rc::gen::arbitrary<bool>();
    const ByteBuffer hello = authenticates ? connect_with_auth() : connect(version);
    const ByteBuffer up = hello + some_publishes(version, up_sizes) + disconnect(version);
    const ByteBuffer challenge = auth(mqtt::ReasonCode::continue_authentication, "challenge");
    const ByteBuffer down = (authenticates ? challenge : ByteBuffer{}) + connack(version) + some_publishes(version, down_sizes);
    Conversation talk;
    Pieces(talk, up, down).pass(cuts);
    RC_ASSERT(talk.opened());
    RC_ASSERT(talk.node().got == up);
    RC_ASSERT(talk.device().got == down);
    RC_ASSERT(talk.connection().packets_from_device() == up_sizes.size() + 1);
}

RC_GTEST_PROP(AnySplit, IsPartedBetweenPackets,
              (const std::vector<std::uint16_t>& before, const std::vector<std::uint16_t>& behind)) {
    const Version version = *rc::gen::element(Version::v31, Version::v311, Version::v5);
    const auto sizes = *rc::gen::container<std::vector<std::uint8_t>>(20, rc::gen::arbitrary<std::uint8_t>());
    Conversation talk;
    talk.is_established(version);
    const ByteBuffer stream = some_publishes(version, sizes);
    ByteBuffer up = stream;
    ByteBuffer down = stream;
    std::size_t up_at = 0;
    std::size_t down_at = 0;
    const auto piece = [&](std::uint16_t cut) {
        std::size_t& at = (cut & 1U) != 0 ? up_at : down_at;
        const std::size_t size = std::min<std::size_t>(1 + (cut >> 1) % 300, stream.size() - at);
        const ByteView part = ByteView(stream).subspan(at, size);
        (cut & 1U) != 0 ? talk.device_says(part) : talk.node_says(part);
        at += size;
    };
    for (const std::uint16_t cut : before)
        piece(cut);
    const std::size_t up_before = up_at;
    const std::size_t down_before = down_at;
    talk.end(EndReason::moved);
    for (const std::uint16_t cut : behind)
        piece(cut);
    talk.device_says(ByteView(stream).subspan(up_at));
    talk.node_says(ByteView(stream).subspan(down_at));
    RC_ASSERT(talk.over());

    const auto boundary_from = [&](std::size_t at) {
        std::size_t end = 0;
        for (const std::uint8_t size : sizes) {
            if (end >= at) break;
            end += publish(version, std::string(size, 'x')).size();
        }
        return end;
    };
    RC_ASSERT(talk.node().got == front(stream, boundary_from(up_before)) + bytes_of({0xE0, 0x00}));
    const ByteBuffer goodbye = version == Version::v5 ? bytes_of({0xE0, 0x01, 0x9D}) : ByteBuffer{};
    RC_ASSERT(talk.device().got == front(stream, boundary_from(down_before)) + goodbye);
}

}  // namespace
}  // namespace holdfast::proxy::test
