// sentinel.conf as anybody could have written it. What can be read is written again and read again, and is still the same.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/assert.h"
#include "exact_copy.h"
#include "resp/quoted_words.h"
#include "sentinel/config_file.h"
#include "sentinel/config_rewrite.h"
#include "sentinel/config_words.h"
#include "state_of_saved.h"

namespace {

using namespace holdfast;
using namespace holdfast::sentinel;

std::map<std::string, Address> addresses(const std::map<std::string, Instance>& instances, const Address& master) {
    std::map<std::string, Address> out;
    for (const auto& [key, instance] : instances) {
        if (instance.address != master || instance.role == Role::peer) out[key] = instance.address;
    }
    return out;
}

void check_same(const State& left, const State& right) {
    HF_ASSERT(left.my_id == right.my_id && left.current_epoch == right.current_epoch, "who it is stays");
    HF_ASSERT(left.options == right.options, "options of the sentinel stay");
    HF_ASSERT(left.groups.size() == right.groups.size(), "groups stay");
    for (const auto& [name, group] : left.groups) {
        HF_ASSERT(right.groups.contains(name), "a group keeps its name");
        const Group& other = right.groups.at(name);
        HF_ASSERT(group.options == other.options && group.master.address == other.master.address, "options of a group stay");
        HF_ASSERT(group.config_epoch == other.config_epoch && group.leader_epoch == other.leader_epoch, "epochs stay");
        HF_ASSERT(addresses(group.replicas, group.master.address) == addresses(other.replicas, other.master.address),
                  "replicas stay");
        HF_ASSERT(addresses(group.peers, {}) == addresses(other.peers, {}), "sentinels stay");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const mqtt::ExactCopy bytes(ByteView(data, size));
    const std::string_view text = as_text(bytes.view());
    if (const auto words = resp::split_words(text)) {
        std::string again;
        for (const std::string& word : *words)
            again += config_word(word) + " ";
        HF_ASSERT(resp::split_words(again) == words, "words stay what they are");
    }
    const auto file = read_config_file(text);
    if (!file) return 0;
    State state = state_of(file->saved);
    if (state.my_id.empty()) state.my_id = std::string(40, 'a');
    const std::string written = rewrite_config_file(text, state);
    const auto again = read_config_file(written);
    HF_ASSERT(again.has_value(), "what was written can be read");
    check_same(state_of(again->saved), state);
    HF_ASSERT(again->server == file->server, "directives of the server stay");
    const std::string settled = rewrite_config_file(written, state);
    HF_ASSERT(rewrite_config_file(settled, state) == settled, "writing the same again changes nothing");
    return 0;
}
