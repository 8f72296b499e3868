#pragma once
// The commands, a group per file. Each adds its subcommands to `app`; parsing one of them puts what is to be done into
// `CommandSet::chosen`.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/call.h"
#include "cli/channel_run.h"
#include "cli/exit_code.h"
#include "cli/sentinel_arguments.h"
#include "cli/up.h"
#include "simulate/options.h"

namespace CLI {
class App;
}

namespace holdfast::cli {

/// The commands that do not speak with the API but run something here. Hooks, so that the command line can be tested without
/// them.
struct Programs {
    std::function<int(const UpOptions&)> up;
    std::function<int(const RunOptions&)> center;
    std::function<int(const ChannelRunOptions&)> channel;
    std::function<int(const SentinelRunOptions&)> sentinel;
    std::function<int(const simulate::Options&)> simulate;
};

struct CommandSet {
    Call& call;
    const Programs& programs;
    /// See take_sentinel_overrides.
    std::vector<std::string> sentinel_overrides = {};
    /// What the parsed command line asks for.
    std::function<int()> chosen = {};

    void choose(std::function<ExitCode()> action) {
        chosen = [action = std::move(action)] { return static_cast<int>(action()); };
    }
};

/// `CommandSet` must outlive `app`.
void add_cluster_commands(CLI::App& app, CommandSet& set);
void add_group_commands(CLI::App& app, CommandSet& set);
/// --sentinel and what opens it, for a group of commands that may ask a sentinel.
void add_sentinel_place_options(CLI::App& app, Call& call);
void add_node_commands(CLI::App& app, CommandSet& set);
void add_device_commands(CLI::App& app, CommandSet& set);
void add_device_import_command(CLI::App& device, CommandSet& set);
void add_connection_commands(CLI::App& app, CommandSet& set);
void add_move_commands(CLI::App& app, CommandSet& set);
void add_command_commands(CLI::App& app, CommandSet& set);
void add_command_send(CLI::App& group, CommandSet& set);
void add_job_commands(CLI::App& app, CommandSet& set);
void add_token_commands(CLI::App& app, CommandSet& set);
void add_trouble_commands(CLI::App& app, CommandSet& set);
void add_event_command(CLI::App& app, CommandSet& set);
void add_process_commands(CLI::App& app, CommandSet& set);
void add_run_commands(CLI::App& app, CommandSet& set);
void add_config_commands(CLI::App& app, CommandSet& set);
void add_completion_command(CLI::App& app, CommandSet& set);

/// A shell's completion script for everything that `app` has; nothing for an unknown shell.
[[nodiscard]] std::optional<std::string> completion_script(const CLI::App& app, std::string_view shell);

}  // namespace holdfast::cli
