// What anybody may send to a sentinel's port. However the bytes are cut, the same requests and the same error come out; limits
// hold; words that are written are read again.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "exact_copy.h"
#include "resp/glob.h"
#include "resp/request_reader.h"
#include "resp/writer.h"

namespace {

using namespace holdfast;

struct Outcome {
    std::vector<resp::Words> requests;
    std::string error;
};

constexpr resp::RequestLimits limits{.max_words = 64, .max_word = 512, .max_request = 4096, .authenticated = true};

Outcome read(std::string_view bytes, std::size_t piece) {
    resp::RequestReader reader(limits);
    Outcome outcome;
    while (!bytes.empty() && outcome.error.empty()) {
        const mqtt::ExactCopy copy(as_bytes(bytes.substr(0, piece)));
        reader.feed(as_text(copy.view()));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        for (;;) {
            auto next = reader.next();
            if (!next) outcome.error = next.error().message();
            if (!next || !*next) break;
            outcome.requests.push_back(std::move(**next));
        }
    }
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = 1 + data[0] % 16;
    const std::string_view bytes = as_text(ByteView(data + 1, size - 1));
    const Outcome outcome = read(bytes, piece);
    // Errors of a line or a request that never ends depend on how much came at once.
    const Outcome byte_by_byte = read(bytes, 1);
    HF_ASSERT(outcome.requests == byte_by_byte.requests, "how the bytes are cut changes nothing");
    HF_ASSERT(outcome.error == byte_by_byte.error || bytes.size() > limits.max_request, "nor the error");
    std::string written;
    for (const resp::Words& words : outcome.requests) {
        HF_ASSERT(!words.empty(), "a request has words");
        resp::append_command(written, words);
    }
    resp::RequestReader again;
    again.feed(written);
    for (const resp::Words& words : outcome.requests) {
        const auto next = again.next();
        HF_ASSERT(next && *next && **next == words, "what was written is read again");
    }
    const std::size_t half = bytes.size() / 2;
    static_cast<void>(resp::glob_matches(bytes.substr(0, half), bytes.substr(half)));
    HF_ASSERT(resp::glob_matches("*", bytes), "everything matches *");
    return 0;
}
