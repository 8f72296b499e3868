// SENTINEL SET: options of a group. Either all of one call take effect or none.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <limits>
#include <utility>

#include "sentinel/config_words.h"
#include "sentinel/question.h"

namespace holdfast::sentinel {
namespace {

using resp::Reply;
using Values = std::span<const std::string>;

constexpr long long max_milliseconds = std::numeric_limits<std::int64_t>::max() / 1'000'000;

/// What taking an option's value can end in.
struct Refused {
    bool refused = false;
    std::size_t value = 0;     ///< the one that is wrong
    std::string instead = {};  ///< said instead of "Invalid argument"
};

Refused taken() {
    return {};
}
Refused wrong_value(std::size_t number = 0) {
    return {.refused = true, .value = number};
}

struct Option {
    std::string_view name;
    std::size_t values;
    Refused (*take)(const Question&, Values, GroupOptions&);
};

Refused take_time(const std::string& value, long long min, Duration& time) {
    const auto number = whole_integer(value);
    if (!number || *number < min) return wrong_value();
    time = std::chrono::milliseconds(std::min(*number, max_milliseconds));
    return taken();
}

Refused take_count(const std::string& value, unsigned& count) {
    const auto number = whole_integer(value);
    if (!number || *number <= 0) return wrong_value();
    count = static_cast<unsigned>(std::min<long long>(*number, std::numeric_limits<int>::max()));
    return taken();
}

Refused take_text(const std::string& value, std::string& text) {
    text = value;
    return taken();
}

Refused take_script(const Question& question, const std::string& path, std::string_view what, std::string& script) {
    if (question.state().options.deny_scripts_reconfig) {
        return {.refused = true,
                .instead =
                    "ERR Reconfiguration of scripts path is denied for security reasons. Check the deny-scripts-reconfig "
                    "configuration directive in your Sentinel configuration"};
    }
    if (!path.empty() && question.world.is_executable && !question.world.is_executable(path)) {
        return {.refused = true, .instead = fmt::format("ERR {} seems non existing or non executable", what)};
    }
    script = path;
    return taken();
}

Refused take_renamed(Values values, GroupOptions& options) {
    if (values[0].empty()) return wrong_value(0);
    if (values[1].empty()) return wrong_value(1);
    std::string name = values[0];
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (equal_ignoring_case(values[0], values[1])) {
        options.renamed_commands.erase(name);
    } else {
        options.renamed_commands[std::move(name)] = values[1];
    }
    return taken();
}

constexpr std::array set_options{
    Option{"down-after-milliseconds", 1,
           [](const Question&, Values v, GroupOptions& o) { return take_time(v[0], 1, o.down_after); }},
    Option{"failover-timeout", 1,
           [](const Question&, Values v, GroupOptions& o) { return take_time(v[0], 1, o.failover_timeout); }},
    Option{"parallel-syncs", 1, [](const Question&, Values v, GroupOptions& o) { return take_count(v[0], o.parallel_syncs); }},
    Option{"notification-script", 1,
           [](const Question& q, Values v, GroupOptions& o) {
               return take_script(q, v[0], "Notification script", o.notification_script);
           }},
    Option{"client-reconfig-script", 1,
           [](const Question& q, Values v, GroupOptions& o) {
               return take_script(q, v[0], "Client reconfiguration script", o.reconfig_script);
           }},
    Option{"auth-pass", 1, [](const Question&, Values v, GroupOptions& o) { return take_text(v[0], o.auth_pass); }},
    Option{"auth-user", 1, [](const Question&, Values v, GroupOptions& o) { return take_text(v[0], o.auth_user); }},
    Option{"quorum", 1, [](const Question&, Values v, GroupOptions& o) { return take_count(v[0], o.quorum); }},
    Option{"rename-command", 2, [](const Question&, Values v, GroupOptions& o) { return take_renamed(v, o); }},
    Option{"master-reboot-down-after-period", 1,
           [](const Question&, Values v, GroupOptions& o) { return take_time(v[0], 0, o.reboot_down_after); }},
    Option{"primary-reboot-down-after-period", 1,
           [](const Question&, Values v, GroupOptions& o) { return take_time(v[0], 0, o.reboot_down_after); }},
};

Reply refused_reply(const Option& option, const std::string& as_said, Values values, const Refused& refused) {
    if (!refused.instead.empty()) return Reply::error(refused.instead);
    const std::string_view value = option.name == "auth-pass" ? std::string_view("******") : values[refused.value];
    return Reply::error(fmt::format("ERR Invalid argument '{}' for SENTINEL SET '{}'", value, as_said));
}

}  // namespace

Answer answer_sentinel_set(const Question& question) {
    const Group* const group = question.group();
    if (group == nullptr) return {.reply = unknown_group_reply()};
    GroupOptions options = group->options;
    for (Values rest = question.words.subspan(3); !rest.empty();) {
        const std::string& name = rest[0];
        const auto same = [&](const Option& option) { return equal_ignoring_case(option.name, name); };
        const auto option = std::ranges::find_if(set_options, same);
        if (option == set_options.end() || rest.size() <= option->values) {
            return {.reply =
                        Reply::error(fmt::format("ERR Unknown option or number of arguments for SENTINEL SET '{}'", name))};
        }
        const Values values = rest.subspan(1, option->values);
        const Refused refused = option->take(question, values, options);
        if (refused.refused) return {.reply = refused_reply(*option, name, values, refused)};
        rest = rest.subspan(1 + option->values);
    }
    const auto done = question.sentinel.set_group(question.words[2], std::move(options), question.moment);
    if (!done) return {.reply = Reply::error("ERR " + done.error().message())};
    return answer_when_saved(question.sentinel);
}

}  // namespace holdfast::sentinel
