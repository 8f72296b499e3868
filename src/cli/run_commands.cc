#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "cli/commands.h"
#include "net/address.h"
#include "settings/values.h"
#include "simulate/profile.h"

namespace holdfast::cli {
namespace {

/// What every command that runs a process takes.
void add_run_options(CLI::App& command, RunOptions& options) {
    command.add_option("--config", options.config, "The settings file (TOML)");
    command.add_option("--set", options.sets, "One setting, as section.name=value; may be repeated")->allow_extra_args(false);
    command.footer("Settings: holdfast config reference");
}

void add_up(CLI::App& app, CommandSet& set) {
    const auto options = std::make_shared<UpOptions>();
    CLI::App* const up = app.add_subcommand("up", "Runs Holdfast: gateway, fleet, API, until Ctrl-C");
    up->add_flag("--demo", options->demo, "Two local clusters of Mosquitto and a simulated fleet of 100 devices");
    add_run_options(*up, *options);
    Call& call = set.call;
    up->callback([&set, &call, options] {
        set.chosen = [&set, &call, options] {
            options->data_dir = call.data_dir();
            return set.programs.up(*options);
        };
    });
}

void add_center(CLI::App& app, CommandSet& set) {
    const auto options = std::make_shared<RunOptions>();
    CLI::App* const center =
        app.add_subcommand("center", "Runs a command centre with HTTP and gRPC as a process of its own, until Ctrl-C");
    add_run_options(*center, *options);
    Call& call = set.call;
    center->callback([&set, &call, options] {
        set.chosen = [&set, &call, options] {
            options->data_dir = call.data_dir();
            return set.programs.center(*options);
        };
    });
}

void add_channel(CLI::App& app, CommandSet& set) {
    const auto options = std::make_shared<ChannelRunOptions>();
    CLI::App* const channel = app.add_subcommand("channel", "Runs channels as a process of their own, until Ctrl-C");
    channel->add_option("--cluster", options->clusters, "A cluster to serve; may be repeated; none: all")
        ->allow_extra_args(false);
    add_run_options(*channel, *options);
    Call& call = set.call;
    channel->callback([&set, &call, options] {
        set.chosen = [&set, &call, options] {
            options->data_dir = call.data_dir();
            return set.programs.channel(*options);
        };
    });
}

void add_sentinel(CLI::App& app, CommandSet& set) {
    const auto options = std::make_shared<SentinelRunOptions>();
    CLI::App* const sentinel = app.add_subcommand(
        "sentinel",
        "Runs a sentinel, until Ctrl-C: for Redis, with a sentinel.conf as redis-sentinel has it, or with --config for Redis "
        "and "
        "groups of MQTT nodes and services; what stands behind the file is as behind redis-sentinel's: --port 26380");
    sentinel->add_option("file", options->config_file, "sentinel.conf; the state is written into it");
    add_run_options(*sentinel, *options);
    Call& call = set.call;
    sentinel->callback([&set, &call, options] {
        if (options->config_file.empty() == options->config.empty())
            throw CLI::ValidationError("sentinel", "name either a sentinel.conf or --config with a settings file");
        set.chosen = [&set, &call, options] {
            options->overrides = set.sentinel_overrides;
            options->data_dir = call.data_dir();
            return set.programs.sentinel(*options);
        };
    });
}

/// What the command line says of a simulation, before it is understood.
struct SimulateArguments {
    simulate::Options options;
    std::string to = "127.0.0.1:1883";
    std::string profile = "steady";
    std::string version = "5";
    int qos = 0;
    std::string duration = "0s";
    std::string interval = "1s";
    std::string latency = "20ms";
};

/// The first argument that cannot be understood, as a sentence; nothing when all are.
std::optional<std::string> understand(SimulateArguments& arguments) {
    simulate::Options& options = arguments.options;
    const auto to = net::parse_host_port(arguments.to, 1883);
    if (!to) return "--to: " + to.error().message();
    options.to = *to;
    const auto profile = simulate::profile_from(arguments.profile);
    if (!profile) return fmt::format("--profile: there is no profile '{}'", arguments.profile);
    options.profile = *profile;
    options.version = arguments.version == "5"     ? mqtt::Version::v5
                      : arguments.version == "3.1" ? mqtt::Version::v31
                                                   : mqtt::Version::v311;
    options.qos = static_cast<mqtt::QoS>(arguments.qos);
    const auto duration = settings::parse_duration(arguments.duration);
    if (!duration) return "--duration " + duration.error().message();
    options.duration = *duration;
    const auto interval = settings::parse_duration(arguments.interval);
    if (!interval) return "--report " + interval.error().message();
    options.report_interval = *interval;
    const auto latency = settings::parse_duration(arguments.latency);
    if (!latency) return "--command-latency " + latency.error().message();
    options.answers.latency = *latency;
    if (auto problem = simulate::problem_with(options); !problem.empty()) return problem;
    return std::nullopt;
}

std::string profile_help() {
    std::string help = "How they live:";
    for (const simulate::ProfileText& profile : simulate::profiles)
        help += fmt::format("\n{}: {}", profile.name, profile.help);
    return help;
}

/// How they answer commands.
void add_answers(CLI::App& command, SimulateArguments& arguments) {
    simulate::AnswerOptions& answers = arguments.options.answers;
    command.add_flag("--commands", arguments.options.commands,
                     "They execute the commands on holdfast/<id>/command/# and answer them; what follows says how");
    command.add_option("--command-latency", arguments.latency, "From a command to its answer, on average")
        ->capture_default_str();
    command
        .add_option("--command-memory", answers.memory,
                    "Commands that each device remembers: known ones are answered again, and not executed again; 0: none")
        ->capture_default_str();
    command.add_option("--command-errors", answers.errors, "Share of executions that fail, 0 to 1")->capture_default_str();
    command.add_option("--command-silence", answers.silence, "Share of commands that are executed and never answered")
        ->capture_default_str();
    command.add_option("--command-duplicates", answers.duplicates, "Share of answers that are sent twice")
        ->capture_default_str();
    command
        .add_option("--command-crashes", answers.crashes,
                    "Share of commands after which the connection breaks, executed and not answered")
        ->capture_default_str();
    command.add_option("--command-forgets", answers.forgets, "Share of these crashes that take the memory with them")
        ->capture_default_str();
}

void add_simulate(CLI::App& app, CommandSet& set) {
    const auto arguments = std::make_shared<SimulateArguments>();
    simulate::Options& options = arguments->options;
    CLI::App* const command = app.add_subcommand("simulate", "A fleet of plain MQTT devices, against any address");
    command->add_option("--to", arguments->to, "Where they connect, host:port")->capture_default_str();
    command->add_option("--devices", options.devices, "How many")->capture_default_str();
    command->add_option("--rate", options.rate, "Messages a second of each device, on average; 0: none")->capture_default_str();
    command->add_option("--profile", arguments->profile, profile_help())->capture_default_str();
    command->add_option("--prefix", options.prefix, "Ids are this and a number from 1")->capture_default_str();
    command->add_option("--mqtt", arguments->version, "Protocol version")
        ->check(CLI::IsMember({"3.1", "3.1.1", "5"}))
        ->capture_default_str();
    command->add_option("--qos", arguments->qos, "Quality of service")->check(CLI::Range(0, 2))->capture_default_str();
    command->add_option("--payload", options.payload, "Bytes of a message at least")->capture_default_str();
    command->add_option("--keepalive", options.keepalive, "Seconds; 0: none")->capture_default_str();
    command->add_option("--connect-rate", options.connect_rate, "First connections a second")->capture_default_str();
    command->add_option("--duration", arguments->duration, "How long publishing goes on, e.g. 30s; 0s: until Ctrl-C")
        ->capture_default_str();
    command->add_option("--report", arguments->interval, "How often progress is shown")->capture_default_str();
    command->add_flag("--echo", options.echo,
                      "Each device subscribes to its own telemetry, so that loss and latency are known");
    command->add_option("--seed", options.seed, "The same seed plans the same lives")->capture_default_str();
    command->add_flag("--yield-ids", options.yield_ids, "Leave an id alone once somebody else has taken it over");
    command->add_option("--username", options.username, "Sent by each device");
    command->add_option("--password", options.password, "Sent by each device")->envname("HOLDFAST_SIMULATE_PASSWORD");
    add_answers(*command, *arguments);
    Call& call = set.call;
    command->callback([&set, &call, arguments] {
        set.chosen = [&set, &call, arguments] {
            if (const auto problem = understand(*arguments)) return static_cast<int>(call.fail(ExitCode::usage, *problem));
            return set.programs.simulate(arguments->options);
        };
    });
}

}  // namespace

void add_run_commands(CLI::App& app, CommandSet& set) {
    add_up(app, set);
    add_center(app, set);
    add_channel(app, set);
    add_sentinel(app, set);
    add_simulate(app, set);
}

}  // namespace holdfast::cli
