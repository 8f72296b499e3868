// SENTINEL DEBUG: thirteen times, for tests. They are not saved.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>
#include <vector>

#include "sentinel/config_words.h"
#include "sentinel/question.h"

namespace holdfast::sentinel {
namespace {

using resp::Reply;

struct Knob {
    std::string_view name;
    Duration SentinelOptions::* value;
};

constexpr std::array knobs{
    Knob{"info-period", &SentinelOptions::info_period},
    Knob{"ping-period", &SentinelOptions::ping_period},
    Knob{"ask-period", &SentinelOptions::ask_period},
    Knob{"publish-period", &SentinelOptions::hello_period},
    Knob{"default-down-after", &SentinelOptions::default_down_after},
    Knob{"default-failover-timeout", &SentinelOptions::default_failover_timeout},
    Knob{"tilt-trigger", &SentinelOptions::tilt_trigger},
    Knob{"tilt-period", &SentinelOptions::tilt_period},
    Knob{"slave-reconf-timeout", &SentinelOptions::repoint_timeout},
    Knob{"min-link-reconnect-period", &SentinelOptions::link_min_age},
    Knob{"election-timeout", &SentinelOptions::election_timeout},
    Knob{"script-max-runtime", &SentinelOptions::script_max_runtime},
    Knob{"script-retry-delay", &SentinelOptions::script_retry_delay},
};

constexpr long long max_milliseconds = std::numeric_limits<std::int64_t>::max() / 1'000'000;

Reply show(const SentinelOptions& options) {
    std::vector<Reply> items;
    for (const Knob& knob : knobs) {
        std::string name(knob.name);
        std::ranges::transform(name, name.begin(),
                               [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
        items.push_back(Reply::bulk(std::move(name)));
        const auto value = std::chrono::duration_cast<std::chrono::milliseconds>(options.*(knob.value)).count();
        items.push_back(Reply::bulk(fmt::to_string(value)));
    }
    return Reply::array(std::move(items));
}

}  // namespace

Answer answer_sentinel_debug(const Question& question) {
    SentinelOptions options = question.state().options;
    if (question.words.size() == 2) return {.reply = show(options)};
    const auto pairs = question.words.subspan(2);
    for (std::size_t i = 0; i < pairs.size(); i += 2) {
        const auto same = [&](const Knob& knob) { return equal_ignoring_case(knob.name, pairs[i]); };
        const auto knob = std::ranges::find_if(knobs, same);
        if (knob == knobs.end() || i + 1 == pairs.size()) {
            return {.reply = Reply::error(
                        fmt::format("ERR Unknown option or number of arguments for SENTINEL DEBUG '{}'", pairs[i]))};
        }
        const auto value = whole_integer(pairs[i + 1]);
        if (!value || *value <= 0) {
            return {.reply =
                        Reply::error(fmt::format("ERR Invalid argument '{}' for SENTINEL DEBUG '{}'", pairs[i + 1], pairs[i]))};
        }
        options.*(knob->value) = std::chrono::milliseconds(std::min(*value, max_milliseconds));
    }
    question.sentinel.set_options(std::move(options), question.moment);
    return {.reply = Reply::status("OK")};
}

}  // namespace holdfast::sentinel
