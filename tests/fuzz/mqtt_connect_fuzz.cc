// First bytes of a connection: watched as they come in, then read. What is accepted must also be what the full decoder sees.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/assert.h"
#include "exact_copy.h"
#include "mqtt/codec.h"
#include "mqtt/connect_view.h"

namespace {

using namespace holdfast;
using namespace holdfast::mqtt;

void check_answer(const ConnectFault& fault) {
    const ByteBuffer answer = fault.answer_bytes();
    HF_ASSERT(answer.empty() == !fault.answer.has_value(), "an answer has bytes");
    HF_ASSERT(!fault.sentence().empty() && name(fault.reason) != "unknown", "a fault has words");
    if (answer.empty()) return;
    const auto decoded = decode(answer, fault.answer->version, Direction::to_client);
    HF_ASSERT(decoded.has_value() && !std::get<Connack>(*decoded).accepted(), "an answer is a CONNACK that refuses");
}

void check_view(ByteView packet, const ConnectView& view) {
    const auto decoded = decode(packet, view.version, Direction::to_server);
    HF_ASSERT(decoded.has_value(), "what the view accepts also decodes");
    const Connect& connect = std::get<Connect>(*decoded);
    HF_ASSERT(connect.client_id == view.client_id && connect.keep_alive == view.keep_alive, "view and decoder see the same");
    HF_ASSERT(connect.clean_start == view.clean_start && connect.will.has_value() == view.will.has_value(),
              "view and decoder see the same");
    HF_ASSERT(as_text(packet.subspan(view.client_id_offset, view.client_id.size())) == view.client_id, "offsets are right");
    std::size_t users = 0;
    for (const PropertyView& property : view.properties)
        users += property.id == PropertyId::user_property ? 1 : 0;
    HF_ASSERT(users == connect.properties.user_properties.size(), "view and decoder see the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::size_t max_size = data[0] % 2 == 0 ? 65'536 : 16 + data[0];
    const ByteView stream(data + 1, size - 1);
    std::optional<ConnectFaultReason> first_fault;
    std::size_t whole_size = 0;
    for (std::size_t length = 0; length <= stream.size(); length += length < 64 ? 1 : 97) {
        const ExactCopy so_far(stream.first(length));
        const auto peek = peek_connect(so_far.view(), max_size);
        if (!peek) {
            HF_ASSERT(whole_size == 0, "a whole packet stays whole");
            HF_ASSERT(!first_fault || *first_fault == peek.error().reason, "a fault stays the same");
            first_fault = peek.error().reason;
            check_answer(peek.error());
            continue;
        }
        HF_ASSERT(!first_fault, "a fault stays a fault");
        HF_ASSERT(peek->size <= max_size && (!peek->whole || peek->size <= length), "bounds are kept");
        HF_ASSERT(whole_size == 0 || whole_size == peek->size, "a size stays the same");
        if (peek->whole) whole_size = peek->size;
    }
    const ExactCopy all(stream);
    const auto peek = peek_connect(all.view(), max_size);
    const ExactCopy packet(peek && peek->whole ? stream.first(peek->size) : stream);
    const auto view = parse_connect(packet.view());
    if (view) {
        check_view(packet.view(), *view);
    } else {
        check_answer(view.error());
    }
    return 0;
}
