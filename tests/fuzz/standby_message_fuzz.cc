// What whoever has the password may say to a sentinel about its groups: each line is a message or an answer to one. However
// they are put together, a sentinel's epochs and votes never go back, and what it says itself is understood.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "exact_copy.h"
#include "sentinel/standby.h"
#include "sentinel/standby_messages.h"

namespace {

using namespace holdfast;
using namespace holdfast::sentinel;
using Words = std::vector<std::string>;

constexpr std::size_t most_lines = 64;

std::vector<Words> lines_of(std::string_view text) {
    std::vector<Words> lines;
    std::istringstream stream{std::string(text)};
    for (std::string line; lines.size() < most_lines && std::getline(stream, line);) {
        Words words;
        std::istringstream parts(line);
        for (std::string word; std::getline(parts, word, ' ');)
            words.push_back(std::move(word));
        lines.push_back(std::move(words));
    }
    return lines;
}

void is_passed_on_as_it_was(const Words& words) {
    if (const auto message = parse_message(words)) {
        const Words written = format_message(*message);
        const auto again = parse_message(written);
        HF_ASSERT(again && format_message(*again) == written, "a message is passed on as it was");
    }
    if (const auto reply = parse_reply(words)) {
        const Words written = format_reply(*reply);
        const auto again = parse_reply(written);
        HF_ASSERT(again && format_reply(*again) == written, "an answer is passed on as it was");
    }
}

/// One sentinel of three, whose peers say anything.
class Watched {
public:
    Watched() : standby_("me", {"10.0.0.2:1", "10.0.0.3:1"}, 1, 7, moment_) {
        StandbyGroup group{.name = "east"};
        group.options = {.quorum = 2, .down_after = std::chrono::seconds(1), .settle = std::chrono::seconds(1)};
        group.members = {{.name = "east-1", .priority = 10}, {.name = "east-2", .priority = 20}};
        HF_ASSERT(standby_.put_group(group, moment_), "the group is sound");
        look();
    }

    void hears(const Words& words, std::size_t number) {
        moment_.now += std::chrono::milliseconds(100);
        // Members come and go, so that there is something to agree on.
        standby_.probed("east", number % 3 == 0 ? "east-2" : "east-1", number % 4 != 1, false, "no answer", moment_);
        if (const auto answer = standby_.said(words, moment_)) HF_ASSERT(parse_reply(answer->words), "an answer is understood");
        look();
        const Words said = asked_.empty() ? format_message(StandbyHello{.sender = "me"}) : asked_[number % asked_.size()];
        standby_.answered(number % 2 == 0 ? "10.0.0.2:1" : "10.0.0.3:1", said, words, moment_);
        standby_.tick(moment_);
        look();
    }

private:
    void carry_out(const SwitchTo& order) const {
        HF_ASSERT(order.epoch <= standby_.current_epoch(), "an epoch that was reached");
    }
    void carry_out(const Say& order) {
        HF_ASSERT(order.words.size() > 1 && parse_message(order.words), "what it says is understood");
        asked_ = {order.words};
    }
    void carry_out(const Tell&) const {}
    void carry_out(const Save& order) { save_ = order.number; }

    void look() {
        for (const StandbyAction& action : standby_.take_actions())
            std::visit([this](const auto& order) { carry_out(order); }, action);
        if (save_ > 0) standby_.saved(std::exchange(save_, 0), true, moment_);
        const StandbyGroup group = standby_.groups().at(0);
        HF_ASSERT(standby_.current_epoch() >= epoch_, "the epoch goes on");
        HF_ASSERT(group.config_epoch >= last_.config_epoch, "the configuration's epoch goes on");
        HF_ASSERT(group.config_epoch > last_.config_epoch || group.active == last_.active, "one configuration in an epoch");
        HF_ASSERT(group.voted_epoch >= last_.voted_epoch, "votes go on");
        epoch_ = standby_.current_epoch();
        last_ = group;
    }

    Moment moment_{};
    Standby standby_;
    std::vector<Words> asked_;
    SaveNumber save_ = 0;
    std::uint64_t epoch_ = 0;
    StandbyGroup last_ = {};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const mqtt::ExactCopy bytes(ByteView(data, size));
    Watched watched;
    std::size_t number = 0;
    for (const Words& words : lines_of(as_text(bytes.view()))) {
        is_passed_on_as_it_was(words);
        watched.hears(words, number++);
    }
    return 0;
}
