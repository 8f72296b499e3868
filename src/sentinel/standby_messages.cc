#include "sentinel/standby_messages.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace holdfast::sentinel {
namespace {

constexpr std::string_view version = "1";
constexpr std::string_view none = "-";
constexpr std::array<std::pair<std::string_view, StandbyPurpose>, 4> purposes{{{"first", StandbyPurpose::first},
                                                                               {"replace", StandbyPurpose::replace},
                                                                               {"give-back", StandbyPurpose::give_back},
                                                                               {"order", StandbyPurpose::order}}};

/// Takes words from the front; after the first that does not fit, everything fails.
class Words {
public:
    explicit Words(std::span<const std::string> words) : rest_(words) {}

    [[nodiscard]] bool good() const noexcept { return good_; }
    void give_up() noexcept { good_ = false; }
    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    std::string_view any() {
        if (rest_.empty()) {
            good_ = false;
            return {};
        }
        const std::string& word = rest_.front();
        rest_ = rest_.subspan(1);
        return word;
    }
    void expect(std::string_view word) { good_ = any() == word && good_; }
    std::string name() {
        const std::string_view word = any();
        good_ = good_ && is_standby_name(word);
        return good_ ? std::string(word) : std::string();
    }
    std::string name_or_none() {
        if (!rest_.empty() && rest_.front() == none) {
            rest_ = rest_.subspan(1);
            return {};
        }
        return name();
    }
    std::uint64_t number(std::uint64_t most) {
        const std::string_view word = any();
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        good_ = good_ && !word.empty() && error == std::errc{} && end == word.data() + word.size() && value <= most;
        return good_ ? value : 0;
    }
    bool flag() { return number(1) == 1; }

private:
    std::span<const std::string> rest_;
    bool good_ = true;
};

StandbyConfiguration take_configuration(Words& words) {
    StandbyConfiguration configuration;
    configuration.group = words.name();
    configuration.epoch = words.number(largest_standby_epoch);
    configuration.by_order = words.flag();
    configuration.active = words.name_or_none();
    for (auto count = words.number(most_standby_members); count > 0 && words.good(); --count)
        configuration.passed_over.push_back(words.name());
    return configuration;
}

StandbyHello take_hello(Words& words) {
    StandbyHello hello{.sender = words.name(), .epoch = words.number(largest_standby_epoch)};
    while (words.good() && !words.at_end()) {
        if (hello.configurations.size() == most_standby_groups) {
            words.give_up();
            break;
        }
        hello.configurations.push_back(take_configuration(words));
    }
    return hello;
}

StandbyDownAnswer take_view(Words& words) {
    StandbyDownAnswer view{.sender = words.name(), .epoch = words.number(largest_standby_epoch)};
    view.configuration = take_configuration(words);
    view.down = words.flag();
    return view;
}

StandbyPurpose take_purpose(Words& words) {
    const std::string_view word = words.any();
    const auto found = std::ranges::find(purposes, word, &std::pair<std::string_view, StandbyPurpose>::first);
    if (found != purposes.end()) return found->second;
    words.give_up();
    return StandbyPurpose::replace;
}

std::uint64_t newest(const StandbyHello& hello) {
    std::uint64_t epoch = hello.epoch;
    for (const StandbyConfiguration& configuration : hello.configurations)
        epoch = std::max(epoch, configuration.epoch);
    return epoch;
}
/// Of what is about one group.
template <class AboutOne>
std::uint64_t newest(const AboutOne& said) {
    return std::max(said.epoch, said.configuration.epoch);
}
std::uint64_t newest(const StandbyVoteAnswer& answer) {
    return std::max(newest(answer.view), answer.vote.epoch);
}

std::string or_none(const std::string& name) {
    return name.empty() ? std::string(none) : name;
}

void put(std::vector<std::string>& words, const StandbyConfiguration& configuration) {
    words.push_back(configuration.group);
    words.push_back(std::to_string(configuration.epoch));
    words.emplace_back(configuration.by_order ? "1" : "0");
    words.push_back(or_none(configuration.active));
    words.push_back(std::to_string(configuration.passed_over.size()));
    words.insert(words.end(), configuration.passed_over.begin(), configuration.passed_over.end());
}

std::vector<std::string> opening(std::string_view kind, const std::string& sender, std::uint64_t epoch) {
    return {std::string(kind), std::string(version), sender, std::to_string(epoch)};
}

std::vector<std::string> words_of(const StandbyHello& hello) {
    auto words = opening("HELLO", hello.sender, hello.epoch);
    for (const StandbyConfiguration& configuration : hello.configurations)
        put(words, configuration);
    return words;
}
std::vector<std::string> words_of(const StandbyDownQuestion& question) {
    auto words = opening("DOWN", question.sender, question.epoch);
    put(words, question.configuration);
    return words;
}
std::vector<std::string> words_of(const StandbyVoteRequest& request) {
    auto words = opening("VOTE", request.sender, request.epoch);
    words.emplace_back(name_of(request.purpose));
    words.push_back(or_none(request.target));
    put(words, request.configuration);
    return words;
}
std::vector<std::string> words_of(const StandbyDownAnswer& answer) {
    auto words = opening("DOWN", answer.sender, answer.epoch);
    put(words, answer.configuration);
    words.emplace_back(answer.down ? "1" : "0");
    return words;
}
std::vector<std::string> words_of(const StandbyVoteAnswer& answer) {
    auto words = words_of(answer.view);
    words.front() = "VOTE";
    words.push_back(or_none(answer.vote.leader));
    words.push_back(std::to_string(answer.vote.epoch));
    return words;
}

std::unexpected<Error> not_understood() {
    return fail(SentinelErrc::bad_message, "not a message of a Holdfast sentinel that this version understands");
}

template <class Value>
Value checked(Words& words, Value value) {
    if (words.good() && words.at_end()) return value;
    return not_understood();
}

}  // namespace

bool is_standby_name(std::string_view name) noexcept {
    const auto is_good = [](char letter) { return letter > ' ' && letter != '\x7f'; };
    // Letters beyond ASCII are negative or above 127, depending on the machine.
    const auto fits = [&](char letter) { return is_good(letter) || static_cast<unsigned char>(letter) > 0x7f; };
    return !name.empty() && name.size() <= longest_standby_name && name != none && std::ranges::all_of(name, fits);
}

std::string_view name_of(StandbyPurpose purpose) noexcept {
    const auto found = std::ranges::find(purposes, purpose, &std::pair<std::string_view, StandbyPurpose>::second);
    return found == purposes.end() ? std::string_view() : found->first;
}

std::vector<std::string> format_message(const StandbyMessage& message) {
    auto words = std::visit([](const auto& kind) { return words_of(kind); }, message);
    words.insert(words.begin(), "HOLDFAST");
    return words;
}

std::vector<std::string> format_reply(const StandbyReply& reply) {
    return std::visit([](const auto& kind) { return words_of(kind); }, reply);
}

Result<StandbyMessage> parse_message(std::span<const std::string> all) {
    Words words(all);
    words.any();  // the command's name, in whatever case it was said
    const std::string_view kind = words.any();
    words.expect(version);
    if (!words.good()) return not_understood();
    if (kind == "HELLO") return checked(words, Result<StandbyMessage>(take_hello(words)));
    if (kind == "DOWN") {
        StandbyDownQuestion question{.sender = words.name(), .epoch = words.number(largest_standby_epoch)};
        question.configuration = take_configuration(words);
        return checked(words, Result<StandbyMessage>(std::move(question)));
    }
    if (kind == "VOTE") {
        StandbyVoteRequest request{.sender = words.name(), .epoch = words.number(largest_standby_epoch)};
        request.purpose = take_purpose(words);
        request.target = words.name_or_none();
        request.configuration = take_configuration(words);
        return checked(words, Result<StandbyMessage>(std::move(request)));
    }
    return not_understood();
}

Result<StandbyReply> parse_reply(std::span<const std::string> all) {
    Words words(all);
    const std::string_view kind = words.any();
    words.expect(version);
    if (!words.good()) return not_understood();
    if (kind == "HELLO") return checked(words, Result<StandbyReply>(take_hello(words)));
    if (kind == "DOWN") return checked(words, Result<StandbyReply>(take_view(words)));
    if (kind == "VOTE") {
        StandbyVoteAnswer answer{.view = take_view(words)};
        answer.vote.leader = words.name_or_none();
        answer.vote.epoch = words.number(largest_standby_epoch);
        return checked(words, Result<StandbyReply>(std::move(answer)));
    }
    return not_understood();
}

std::uint64_t newest_epoch(const StandbyMessage& message) {
    return std::visit([](const auto& kind) { return newest(kind); }, message);
}

std::uint64_t newest_epoch(const StandbyReply& reply) {
    return std::visit([](const auto& kind) { return newest(kind); }, reply);
}

}  // namespace holdfast::sentinel
