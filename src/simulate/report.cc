#include "simulate/report.h"

#include <fmt/format.h>

#include <iterator>

namespace holdfast::simulate {
namespace {

double per_second(std::uint64_t before, std::uint64_t now, Duration interval) {
    const double seconds = std::chrono::duration<double>(interval).count();
    return seconds > 0 ? static_cast<double>(now - before) / seconds : 0;
}

std::uint64_t sum(const std::map<std::string, std::uint64_t>& counts) {
    std::uint64_t total = 0;
    for (const auto& [reason, count] : counts)
        total += count;
    return total;
}

bool latency_is_known(const Options& options) {
    return options.echo || options.qos != mqtt::QoS::at_most_once;
}

}  // namespace

std::string latency_text(Duration latency) {
    const double us = std::chrono::duration<double, std::micro>(latency).count();
    if (us < 1000) return fmt::format("{:.0f}us", us);
    if (us < 1e6) return fmt::format("{:.1f}ms", us / 1e3);
    return fmt::format("{:.1f}s", us / 1e6);
}

std::string progress_line(const Options& options, const Tally& before, const Tally& now, Duration interval, Duration elapsed) {
    std::string line =
        fmt::format("{:4}s  {}/{} connected  {:.0f} msg/s", std::chrono::duration_cast<std::chrono::seconds>(elapsed).count(),
                    now.connected, now.devices, per_second(before.published, now.published, interval));
    const auto out = std::back_inserter(line);
    if (options.echo) {
        fmt::format_to(out, "  {:.0f} back/s", per_second(before.received, now.received, interval));
    } else if (options.qos != mqtt::QoS::at_most_once) {
        fmt::format_to(out, "  {:.0f} ack/s", per_second(before.acknowledged, now.acknowledged, interval));
    }
    if (now.latency.count() > 0) {
        fmt::format_to(out, "  p50 {}  p99 {}", latency_text(now.latency.quantile(0.5)),
                       latency_text(now.latency.quantile(0.99)));
    }
    if (options.commands) fmt::format_to(out, "  {:.0f} cmd/s", per_second(before.executed, now.executed, interval));
    if (now.reconnects > 0) fmt::format_to(out, "  {} reconnects", now.reconnects);
    if (const auto refused = sum(now.refused); refused > 0) fmt::format_to(out, "  {} refused", refused);
    if (const auto unreachable = sum(now.unreachable); unreachable > 0) fmt::format_to(out, "  {} unreachable", unreachable);
    if (now.lost > 0) fmt::format_to(out, "  {} lost", now.lost);
    if (now.aside > 0) fmt::format_to(out, "  {} stepped aside ({} is used by somebody else)", now.aside, now.last_aside);
    return line;
}

std::string summary(const Options& options, const Tally& tally, Duration elapsed) {
    std::string text;
    const auto row = [&text](std::string_view label, const std::string& value) {
        text += fmt::format("{:<14}{}\n", label, value);
    };
    row("ran", fmt::format("{:.1f}s, {} devices, {} at {} msg/s each", std::chrono::duration<double>(elapsed).count(),
                           tally.devices, name(options.profile), options.rate));
    row("connections", fmt::format("{} made, {} of them reconnects; {} lost, {} ended by the server's DISCONNECT",
                                   tally.connects, tally.reconnects, tally.lost_connections, tally.told_to_go));
    if (tally.connect_latency.count() > 0) {
        row("connecting",
            fmt::format("p50 {}  p99 {}  max {}", latency_text(tally.connect_latency.quantile(0.5)),
                        latency_text(tally.connect_latency.quantile(0.99)), latency_text(tally.connect_latency.max())));
    }
    for (const auto& [reason, count] : tally.refused)
        row("refused", fmt::format("{} times: {}", count, reason));
    for (const auto& [reason, count] : tally.unreachable)
        row("unreachable", fmt::format("{} times: {}", count, reason));
    if (tally.taken_over > 0) row("taken over", fmt::format("{} times, last {}", tally.taken_over, tally.last_aside));
    row("published",
        fmt::format(
            "{}{}", tally.published,
            tally.held_back > 0 ? fmt::format(", and {} held back for want of acknowledgements", tally.held_back) : ""));
    if (options.qos != mqtt::QoS::at_most_once) row("acknowledged", fmt::format("{}", tally.acknowledged));
    if (options.echo) row("received back", fmt::format("{}, and {} duplicates", tally.received, tally.duplicates));
    if (options.commands) {
        row("commands", fmt::format("{} came, {} executed ({} of them in failure), {} known and answered again", tally.commands,
                                    tally.executed, tally.failed, tally.answered_again));
        row("answers", fmt::format("{} sent; {} commands executed in silence, {} just before a crash", tally.answered,
                                   tally.silent, tally.crashed));
    } else if (tally.commands > 0) {
        row("commands", fmt::format("{}", tally.commands));
    }
    row("lost", latency_is_known(options) ? fmt::format("{}", tally.lost) : "not known (QoS 0 without --echo)");
    if (tally.latency.count() > 0) {
        row("latency", fmt::format("p50 {}  p90 {}  p99 {}  max {}  ({})", latency_text(tally.latency.quantile(0.5)),
                                   latency_text(tally.latency.quantile(0.9)), latency_text(tally.latency.quantile(0.99)),
                                   latency_text(tally.latency.max()), options.echo ? "there and back" : "to acknowledgement"));
    }
    return text;
}

}  // namespace holdfast::simulate
