// What other sentinels and servers say to a sentinel: hello messages, and answers to INFO.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "exact_copy.h"
#include "sentinel/hello.h"
#include "sentinel/info_text.h"
#include "sentinel/ip_literal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::sentinel;
    const mqtt::ExactCopy bytes(ByteView(data, size));
    const std::string_view text = as_text(bytes.view());
    if (const auto hello = parse_hello(text)) {
        HF_ASSERT(parse_hello(format_hello(*hello)) == hello, "a hello is passed on as it was");
        HF_ASSERT(hello->run_id.size() == 40, "a run id has 40 characters");
    }
    const InfoText info = read_info(text);
    HF_ASSERT(info.replicas.size() <= replicas_limit, "replicas are bounded");
    if (const auto ip = canonical_ip(text)) HF_ASSERT(canonical_ip(*ip) == ip, "there is one form");
    return 0;
}
