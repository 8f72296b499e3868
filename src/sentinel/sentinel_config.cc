// SENTINEL CONFIG GET and SET: options of the sentinel itself. Either all of one SET take effect or none. Holdfast's own
// settings are among them.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "resp/glob.h"
#include "sentinel/config_words.h"
#include "sentinel/ip_literal.h"
#include "sentinel/own_settings.h"
#include "sentinel/question.h"

namespace holdfast::sentinel {
namespace {

using resp::Reply;

struct Parameter {
    std::string_view name;
    std::string (*get)(const SentinelOptions&);
    bool (*set)(const std::string& value, SentinelOptions&);
};

std::string yes_or_no(bool flag) {
    return flag ? "yes" : "no";
}

bool take_flag(const std::string& value, bool& flag) {
    flag = equal_ignoring_case(value, "yes");
    return flag || equal_ignoring_case(value, "no");
}

bool take_text(const std::string& value, std::string& text) {
    text = value;
    return true;
}

bool take_port(const std::string& value, std::uint16_t& port) {
    const auto number = whole_integer(value);
    if (!number || *number < 0 || *number > std::numeric_limits<std::uint16_t>::max()) return false;
    port = static_cast<std::uint16_t>(*number);
    return true;
}

using Options = SentinelOptions;
constexpr std::array parameters{
    Parameter{"resolve-hostnames", [](const Options& o) { return yes_or_no(o.resolve_hostnames); },
              [](const std::string& v, Options& o) { return take_flag(v, o.resolve_hostnames); }},
    Parameter{"announce-hostnames", [](const Options& o) { return yes_or_no(o.announce_hostnames); },
              [](const std::string& v, Options& o) { return take_flag(v, o.announce_hostnames); }},
    Parameter{"announce-ip", [](const Options& o) { return o.announce.host; },
              [](const std::string& v, Options& o) { return take_text(v, o.announce.host); }},
    Parameter{"announce-port", [](const Options& o) { return fmt::to_string(o.announce.port); },
              [](const std::string& v, Options& o) { return take_port(v, o.announce.port); }},
    Parameter{"sentinel-user", [](const Options& o) { return o.peer_user; },
              [](const std::string& v, Options& o) { return take_text(v, o.peer_user); }},
    Parameter{"sentinel-pass", [](const Options& o) { return o.peer_pass; },
              [](const std::string& v, Options& o) { return take_text(v, o.peer_pass); }},
};

constexpr std::string_view loglevel = "loglevel";
constexpr std::array<std::string_view, 5> levels{"debug", "verbose", "notice", "warning", "nothing"};

std::int64_t milliseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

Reply misuse() {
    return Reply::error("ERR Only SENTINEL CONFIG GET <option> / SET <option> <value> are supported.");
}

Reply get(const Question& question) {
    std::vector<Reply> items;
    const auto show = [&](std::string_view name, const auto& value) {
        const auto matches = [&](const std::string& pattern) { return resp::glob_matches(lower_case(pattern), name); };
        if (std::ranges::none_of(question.words.subspan(3), matches)) return;
        items.push_back(Reply::bulk(std::string(name)));
        items.push_back(Reply::bulk(value()));
    };
    const SentinelOptions& options = question.state().options;
    for (const Parameter& parameter : parameters)
        show(parameter.name, [&] { return parameter.get(options); });
    if (question.world.log_level) show(loglevel, question.world.log_level);
    for (const OwnSetting& setting : own_settings()) {
        show(setting.name, [&] { return fmt::to_string(milliseconds(options.*(setting.value))); });
    }
    return Reply::array(std::move(items));
}

/// True: the value was taken. Nothing: no such parameter.
std::optional<bool> take(const std::string& name, const std::string& value, SentinelOptions& options) {
    const auto same = [&](const Parameter& parameter) { return equal_ignoring_case(parameter.name, name); };
    const auto parameter = std::ranges::find_if(parameters, same);
    if (parameter != parameters.end()) return parameter->set(value, options);
    const OwnSetting* const setting = find_own_setting(name);
    if (setting == nullptr) return std::nullopt;
    const auto number = whole_integer(value);
    if (!number || *number < milliseconds(setting->min) || *number > milliseconds(setting->max)) return false;
    options.*(setting->value) = std::chrono::milliseconds(*number);
    return true;
}

/// Its file could not be read again if names were not allowed any more.
bool uses_names(const State& state) {
    return std::ranges::any_of(state.groups, [](const auto& named) {
        const Group& group = named.second;
        const auto is_named = [](const auto& other) { return !canonical_ip(other.second.address.host); };
        return !canonical_ip(group.master.address.host) || std::ranges::any_of(group.replicas, is_named) ||
               std::ranges::any_of(group.peers, is_named);
    });
}

Answer set(const Question& question) {
    const auto pairs = question.words.subspan(3);
    SentinelOptions options = question.state().options;
    std::optional<std::string> level;
    for (std::size_t i = 0; i < pairs.size(); i += 2) {
        const std::string& name = pairs[i];
        const std::string& value = pairs[i + 1];
        std::optional<bool> took;
        if (question.world.set_log_level && equal_ignoring_case(name, loglevel)) {
            level = lower_case(value);
            took = std::ranges::find(levels, *level) != levels.end();
        } else {
            took = take(name, value, options);
        }
        if (!took) return {.reply = Reply::error(fmt::format("ERR Invalid argument '{}' to SENTINEL CONFIG SET", name))};
        if (!*took || options.retry_max < options.retry_min) {
            return {.reply = Reply::error(fmt::format("ERR Invalid value '{}' to SENTINEL CONFIG SET '{}'", value, name))};
        }
    }
    if (!options.resolve_hostnames && uses_names(question.state())) {
        return {.reply = Reply::error("ERR An instance is known by its name: resolve-hostnames must stay yes")};
    }
    if (level) question.world.set_log_level(*level);
    question.sentinel.set_options(std::move(options), question.moment);
    return answer_when_saved(question.sentinel);
}

}  // namespace

Answer answer_sentinel_config(const Question& question) {
    const std::size_t values = question.words.size() - 3;
    if (equal_ignoring_case(question.words[2], "get") && values >= 1) return {.reply = get(question)};
    if (equal_ignoring_case(question.words[2], "set") && values >= 2 && values % 2 == 0) return set(question);
    return {.reply = misuse()};
}

}  // namespace holdfast::sentinel
