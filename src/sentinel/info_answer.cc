// INFO of a sentinel: sections server, clients, stats, cpu and sentinel, in this order, with the names of redis-sentinel.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <utility>

#include "sentinel/config_words.h"
#include "sentinel/instance_fields.h"
#include "sentinel/question.h"

namespace holdfast::sentinel {
namespace {

/// Whom Holdfast behaves like; some clients choose by it what they say.
constexpr std::string_view compatible_version = "7.0.15";

struct Facts {
    const State& state;
    const ProcessFacts& process;
    Moment moment;
};

class Section {
public:
    void add(std::string_view name, const auto& value) { fmt::format_to(std::back_inserter(text_), "{}:{}\r\n", name, value); }
    [[nodiscard]] std::string text() && { return std::move(text_); }

private:
    std::string text_;
};

std::int64_t seconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

std::string server_section(const Facts& facts) {
    constexpr std::int64_t seconds_per_day = 86400;
    const ProcessFacts& process = facts.process;
    const std::int64_t uptime = std::max<std::int64_t>(seconds(facts.moment.now - process.started), 0);
    const auto wall = std::chrono::duration_cast<std::chrono::microseconds>(facts.moment.wall.time_since_epoch()).count();
    Section section;
    section.add("redis_version", compatible_version);
    section.add("redis_mode", "sentinel");
    section.add("holdfast_version", process.version);
    section.add("os", process.os);
    section.add("arch_bits", sizeof(void*) * 8);
    section.add("process_id", process.process_id);
    section.add("run_id", process.run_id);
    section.add("tcp_port", process.tcp_port);
    section.add("server_time_usec", wall);
    section.add("uptime_in_seconds", uptime);
    section.add("uptime_in_days", uptime / seconds_per_day);
    section.add("executable", process.executable);
    section.add("config_file", process.config_file);
    return std::move(section).text();
}

std::string clients_section(const Facts& facts) {
    Section section;
    section.add("connected_clients", facts.process.connected_clients);
    section.add("maxclients", facts.process.max_clients);
    section.add("blocked_clients", facts.process.blocked_clients);
    return std::move(section).text();
}

std::string stats_section(const Facts& facts) {
    const ProcessFacts& process = facts.process;
    Section section;
    section.add("total_connections_received", process.connections_received);
    section.add("total_commands_processed", process.commands_processed);
    section.add("instantaneous_ops_per_sec", process.commands_per_second);
    section.add("total_net_input_bytes", process.input_bytes);
    section.add("total_net_output_bytes", process.output_bytes);
    section.add("rejected_connections", process.connections_rejected);
    section.add("pubsub_channels", process.channels);
    section.add("pubsub_patterns", process.patterns);
    section.add("total_error_replies", process.error_replies);
    return std::move(section).text();
}

std::string cpu_section(const Facts& facts) {
    const ProcessFacts& process = facts.process;
    Section section;
    section.add("used_cpu_sys", fmt::format("{:.6f}", process.cpu_system));
    section.add("used_cpu_user", fmt::format("{:.6f}", process.cpu_user));
    section.add("used_cpu_sys_children", fmt::format("{:.6f}", process.cpu_system_children));
    section.add("used_cpu_user_children", fmt::format("{:.6f}", process.cpu_user_children));
    return std::move(section).text();
}

std::string_view status_of(const Instance& master) {
    if (master.objectively_down_since) return "odown";
    return master.subjectively_down_since ? "sdown" : "ok";
}

std::string sentinel_section(const Facts& facts) {
    const State& state = facts.state;
    const auto& scripts = facts.process.scripts;
    Section section;
    section.add("sentinel_masters", state.groups.size());
    section.add("sentinel_tilt", state.tilt_since ? 1 : 0);
    section.add("sentinel_tilt_since_seconds", state.tilt_since ? seconds(facts.moment.now - *state.tilt_since) : -1);
    section.add("sentinel_running_scripts", std::ranges::count(scripts, true, &ScriptFacts::running));
    section.add("sentinel_scripts_queue_length", scripts.size());
    section.add("sentinel_simulate_failure_flags",
                (state.simulated_failure.after_election ? 1 : 0) + (state.simulated_failure.after_promotion ? 2 : 0));
    std::size_t number = 0;
    for (const auto& [name, group] : state.groups) {
        const Address address = current_master(group);
        section.add(fmt::format("master{}", number++),
                    fmt::format("name={},status={},address={}:{},slaves={},sentinels={}", name, status_of(group.master),
                                address.host, address.port, group.replicas.size(), group.peers.size() + 1));
    }
    return std::move(section).text();
}

struct Part {
    std::string_view name;
    std::string_view title;
    std::string (*text)(const Facts&);
};

constexpr std::array parts{
    Part{"server", "# Server\r\n", server_section},       Part{"clients", "# Clients\r\n", clients_section},
    Part{"stats", "# Stats\r\n", stats_section},          Part{"cpu", "# CPU\r\n", cpu_section},
    Part{"sentinel", "# Sentinel\r\n", sentinel_section},
};

bool is_wanted(std::string_view part, std::span<const std::string> sections) {
    return sections.empty() || std::ranges::any_of(sections, [&](const std::string& section) {
               return equal_ignoring_case(section, part) || equal_ignoring_case(section, "all") ||
                      equal_ignoring_case(section, "default") || equal_ignoring_case(section, "everything");
           });
}

}  // namespace

resp::Reply answer_info(const Question& question) {
    const ProcessFacts process = question.world.process ? question.world.process() : ProcessFacts{};
    const Facts facts{.state = question.state(), .process = process, .moment = question.moment};
    std::string text;
    for (const Part& part : parts) {
        if (!is_wanted(part.name, question.words.subspan(1))) continue;
        if (!text.empty()) text += "\r\n";
        text += part.title;
        text += part.text(facts);
    }
    return resp::Reply::bulk(std::move(text));
}

}  // namespace holdfast::sentinel
