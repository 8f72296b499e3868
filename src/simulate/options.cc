#include "simulate/options.h"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::simulate {
namespace {

bool plain(char c) {
    constexpr std::string_view marks = "-_.:@";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
}

}  // namespace

std::string problem_with(const Options& options) {
    constexpr std::uint32_t most_devices = 1'000'000;
    constexpr double highest_rate = 10'000;
    constexpr std::uint32_t largest_payload = 16U << 20;
    constexpr std::size_t longest_prefix = 100;
    constexpr Duration longest_latency = std::chrono::hours(1);
    if (options.devices < 1 || options.devices > most_devices) return fmt::format("devices must be from 1 to {}", most_devices);
    if (!(options.rate >= 0 && options.rate <= highest_rate))
        return fmt::format("the rate must be from 0 to {} messages a second", highest_rate);
    if (!(options.connect_rate > 0)) return "the connect rate must be above 0";
    if (options.payload > largest_payload) return fmt::format("the payload must be at most {} bytes", largest_payload);
    if (options.prefix.size() > longest_prefix || !std::ranges::all_of(options.prefix, plain)) {
        return fmt::format("the prefix must be at most {} letters, digits and -_.:@", longest_prefix);
    }
    if (options.duration < Duration::zero()) return "the duration must not be negative";
    if (options.report_interval <= Duration::zero()) return "the report interval must be above 0";
    const AnswerOptions& answers = options.answers;
    for (const double share : {answers.errors, answers.silence, answers.duplicates, answers.crashes, answers.forgets}) {
        if (!(share >= 0 && share <= 1)) return "shares of commands must be from 0 to 1";
    }
    if (answers.latency < Duration::zero() || answers.latency > longest_latency)
        return "the latency of answers must be from 0 to 1 hour";
    if (answers.memory > CommandAnswerer::max_memory)
        return fmt::format("a device remembers at most {} commands", CommandAnswerer::max_memory);
    if (options.to.port == 0) return "the address to connect to needs a port";
    return {};
}

}  // namespace holdfast::simulate
