#include "sentinel/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "sentinel/config_words.h"
#include "sentinel/question.h"

namespace holdfast::sentinel {
namespace {

using resp::Reply;

constexpr std::size_t longest_shown = 128;
constexpr std::string_view hello_channel = "__sentinel__:hello";

std::string upper_case(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return out;
}

bool has_arity(std::span<const std::string> words, int arity) {
    return arity < 0 ? words.size() >= static_cast<std::size_t>(-arity) : words.size() == static_cast<std::size_t>(arity);
}

Reply answer_ping(std::span<const std::string> words) {
    if (words.size() > 2) return wrong_arity("ping");
    return words.size() == 2 ? Reply::bulk(words[1]) : Reply::status("PONG");
}

/// Other sentinels publish their hello to a sentinel itself too; nothing else is taken.
Reply answer_publish(const Question& question) {
    if (question.words[1] != hello_channel) return Reply::error("ERR Only HELLO messages are accepted by Sentinel instances.");
    (void)question.sentinel.hello(question.words[2], question.moment);
    return Reply::number(1);
}

Reply answer_role(const State& state) {
    std::vector<Reply> names;
    for (const auto& [name, group] : state.groups)
        names.push_back(Reply::bulk(name));
    return Reply::array({Reply::bulk("sentinel"), Reply::array(std::move(names))});
}

}  // namespace

const Group* Question::group() const {
    const auto found = state().groups.find(words[2]);
    return found == state().groups.end() ? nullptr : &found->second;
}

Answer answer_when_saved(const Sentinel& sentinel) {
    return {.reply = Reply::status("OK"),
            .after_save = sentinel.last_save(),
            .if_not_saved = Reply::error("ERR Failed to save config file. Check server logs.")};
}

Reply unknown_group_reply() {
    return Reply::error("ERR No such master with that name");
}

Reply unknown_command(std::span<const std::string> words) {
    std::string arguments;
    for (const std::string& word : words.subspan(std::min<std::size_t>(1, words.size()))) {
        if (arguments.size() >= longest_shown) break;
        const std::string_view shown = std::string_view(word).substr(0, longest_shown - arguments.size());
        fmt::format_to(std::back_inserter(arguments), "'{}' ", shown);
    }
    const std::string_view name = words.empty() ? std::string_view() : std::string_view(words[0]).substr(0, longest_shown);
    return Reply::error(fmt::format("ERR unknown command '{}', with args beginning with: {}", name, arguments));
}

Reply wrong_arity(std::string_view name) {
    return Reply::error(fmt::format("ERR wrong number of arguments for '{}' command", name));
}

std::optional<Reply> refusal(std::span<const std::string> words) {
    const CommandEntry* const command = find_command(words);
    if (command != nullptr) {
        if (has_arity(words, command->arity)) return std::nullopt;
        return wrong_arity(command->name);
    }
    if (words.size() < 2 || find_command(words.first(1)) == nullptr) return unknown_command(words);
    return Reply::error(fmt::format("ERR unknown subcommand '{}'. Try {} HELP.",
                                    std::string_view(words[1]).substr(0, longest_shown), upper_case(words[0])));
}

std::optional<Answer> answer(Sentinel& sentinel, std::span<const std::string> words, const CommandWorld& world, Moment moment) {
    const std::string name = lower_case(words[0]);
    const bool is_ours =
        name == "sentinel" || name == "info" || name == "role" || name == "ping" || name == "publish" || name == "command";
    if (!is_ours) return std::nullopt;
    if (auto refused = refusal(words)) return Answer{.reply = std::move(*refused)};
    const Question question{.sentinel = sentinel, .words = words, .world = world, .moment = moment};
    if (name == "sentinel") return answer_sentinel(question);
    if (name == "info") return Answer{.reply = answer_info(question)};
    if (name == "role") return Answer{.reply = answer_role(sentinel.state())};
    if (name == "ping") return Answer{.reply = answer_ping(words)};
    if (name == "publish") return Answer{.reply = answer_publish(question)};
    return Answer{.reply = answer_command(question)};
}

}  // namespace holdfast::sentinel
