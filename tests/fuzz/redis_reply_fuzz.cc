// What a server, or whoever took its port, may answer. However the bytes are cut, the same replies come out, and they are
// written as they were read.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "exact_copy.h"
#include "redis/reply_reader.h"
#include "resp/writer.h"

namespace {

using namespace holdfast;

std::vector<resp::Reply> read(std::string_view bytes, std::size_t piece) {
    redis::ReplyReader reader({.max_bytes = 4096, .max_items = 256});
    std::vector<resp::Reply> replies;
    while (!bytes.empty()) {
        const mqtt::ExactCopy copy(as_bytes(bytes.substr(0, piece)));
        reader.feed(as_text(copy.view()));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        for (;;) {
            auto next = reader.next();
            if (!next) return replies;
            if (!*next) break;
            replies.push_back(std::move(**next));
        }
    }
    return replies;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes = as_text(ByteView(data + 1, size - 1));
    const std::vector<resp::Reply> replies = read(bytes, 1 + data[0] % 16);
    HF_ASSERT(replies == read(bytes, 1), "how the bytes are cut changes nothing");
    std::string written;
    for (const resp::Reply& reply : replies)
        resp::append_reply(written, reply);
    const std::vector<resp::Reply> again = read(written, written.size() + 1);
    HF_ASSERT(again.size() == replies.size() || written.size() > 4096, "what was written is read again");
    return 0;
}
