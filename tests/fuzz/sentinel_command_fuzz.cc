// Commands of clients and other sentinels to a sentinel, one a line. Whatever was ordered, the state can be written and read
// again.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "exact_copy.h"
#include "resp/quoted_words.h"
#include "sentinel/commands.h"
#include "sentinel/config_file.h"
#include "sentinel/config_rewrite.h"
#include "sentinel/config_words.h"

namespace {

using namespace holdfast;
using namespace holdfast::sentinel;

SavedState saved_state() {
    auto file = read_config_file(
        "sentinel myid cccccccccccccccccccccccccccccccccccccccc\n"
        "sentinel deny-scripts-reconfig no\n"
        "sentinel monitor m 127.0.0.1 1 1\n"
        "sentinel known-replica m 127.0.0.1 2\n"
        "sentinel known-sentinel m 127.0.0.1 3 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
    HF_ASSERT(file.has_value(), "the file is sound");
    return std::move(file->saved);
}

void check_file(const State& state) {
    const auto again = read_config_file(rewrite_config_file("", state));
    HF_ASSERT(again.has_value(), "what was written can be read");
    HF_ASSERT(again->saved.groups.size() == state.groups.size(), "groups stay");
    for (const SavedGroup& group : again->saved.groups) {
        HF_ASSERT(state.groups.contains(group.name), "a group keeps its name");
        HF_ASSERT(state.groups.at(group.name).options == group.options, "options of a group stay");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const mqtt::ExactCopy bytes(ByteView(data, size));
    Moment moment{.now = Time(std::chrono::seconds(100)), .wall = WallTime(std::chrono::seconds(1))};
    Sentinel sentinel(saved_state(), 1, moment);
    for (std::string_view rest = as_text(bytes.view()); !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const auto words = resp::split_words(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!words || words->empty()) continue;
        moment.now += std::chrono::milliseconds(words->size() * 100);
        const auto answered = answer(sentinel, *words, {}, moment);
        const bool is_known = find_command(*words) != nullptr;
        HF_ASSERT(is_known || !answered || answered->reply.is_error(), "what is not known is refused");
        sentinel.tick(moment);
        for (const Action& action : sentinel.take_actions()) {
            if (const auto* save = std::get_if<Save>(&action)) sentinel.saved(save->number, true, moment);
            const auto* dial = std::get_if<Dial>(&action);
            if (dial != nullptr && dial->link % 2 == 0) sentinel.link_opened(dial->link, "127.0.0.1", moment);
        }
    }
    check_file(sentinel.state());
    return 0;
}
