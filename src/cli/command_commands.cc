#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <chrono>
#include <memory>
#include <ostream>
#include <thread>

#include "cli/command_text.h"
#include "cli/commands.h"
#include "cli/time_text.h"

namespace holdfast::cli {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds reconnect_pause{1};

struct CommandArguments {
    std::string id;
    std::vector<std::string> ids;
    std::string device;
    std::string job;
    std::vector<std::string> states;
    std::string since;
    std::size_t limit = 100;
    std::size_t count = 0;
};
using Arguments = std::shared_ptr<CommandArguments>;

std::string path_of(std::string_view id) {
    return "/api/v1/commands/" + percent_encode(id);
}

ExitCode list(Call& call, const CommandArguments& arguments) {
    Target target("/api/v1/commands");
    target.with("device", arguments.device).with("job", arguments.job);
    for (const std::string& state : arguments.states)
        target.with("state", state);
    if (!arguments.since.empty()) {
        const auto span = parse_span(arguments.since);
        const auto moment = span ? std::optional<WallTime>(call.now() - *span) : parse_moment(arguments.since);
        if (!moment)
            return call.fail(ExitCode::usage, "--since takes how far back (90s, 5m, 2h, 1d) or a time (2026-12-01T08:00)");
        target.with("from", format_rfc3339(*moment));
    }
    return call.list(target.text(), arguments.limit, [&call](const json::value& answer) { print_commands(call, answer); });
}

ExitCode cancel(Call& call, const CommandArguments& arguments) {
    ExitCode worst = ExitCode::ok;
    for (const std::string& id : arguments.ids) {
        const ExitCode code = call.remove(path_of(id), [&call](const json::value& command) {
            call.print(
                command_has_ended(command)
                    ? fmt::format("Command {} is cancelled.\n", text_at(command, "id"))
                    : fmt::format("Command {} is taken back; the attempt under way is waited for.\n", text_at(command, "id")));
        });
        if (code == ExitCode::unreachable || code == ExitCode::refused) return code;
        if (worst == ExitCode::ok) worst = code;
    }
    return worst;
}

/// One command is followed to its end, several until the reader has enough.
ExitCode watch(Call& call, const CommandArguments& arguments) {
    auto api = call.client();
    if (!api) return call.fail(api.error());
    const std::string target = Target("/api/v1/commands/watch")
                                   .with("device", arguments.device)
                                   .with("job", arguments.job)
                                   .with("id", arguments.id)
                                   .text();
    std::size_t seen = 0;
    std::string last_state;
    const auto take = [&](const ApiClient::StreamEvent& event) {
        boost::system::error_code malformed;
        const json::value data = json::parse(event.data, malformed);
        if (malformed) return true;
        if (event.event == "missed") {
            call.surroundings().err << "holdfast: " << text_at(data, "missed") << " changes were missed\n";
            return true;
        }
        last_state = text_at(data, "state");
        if (call.json) {
            call.print_json(data);
        } else {
            print_command_change(call, data);
        }
        call.surroundings().out.flush();
        ++seen;
        if (!arguments.id.empty() && command_has_ended(data)) return false;
        return arguments.count == 0 || seen < arguments.count;
    };
    while (true) {
        const auto ended = api->follow(target, {}, take);
        if (!ended && exit_code_of(ended.error()) != ExitCode::unreachable) return call.fail(ended.error());
        if (arguments.count > 0 && seen >= arguments.count) return ExitCode::ok;
        if (!arguments.id.empty() && ended && seen > 0)
            return last_state == "succeeded" ? ExitCode::ok : ExitCode::not_succeeded;
        call.surroundings().err << "holdfast: the stream ended; connecting again\n";
        std::this_thread::sleep_for(reconnect_pause);
    }
}

void add_reading(CLI::App& group, CommandSet& set, const Arguments& arguments) {
    Call& call = set.call;
    CLI::App* const show = group.add_subcommand("show", "Shows one command: state, outcome, every attempt with its times");
    show->add_option("ID", arguments->id, "The command's id")->required();
    show->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return call.get(path_of(arguments->id), [&call](const json::value& command) { print_command(call, command); });
        });
    });

    CLI::App* const ls = group.add_subcommand("ls", "Lists commands, the newest first");
    ls->add_option("--device", arguments->device, "For this device");
    ls->add_option("--state", arguments->states, "In this state; may be repeated")->allow_extra_args(false);
    ls->add_option("--job", arguments->job, "Of this job");
    ls->add_option("--since", arguments->since, "Created so far back (90s, 5m, 2h, 1d), or since a time");
    ls->add_option("--limit", arguments->limit, "At most so many; 0: all")->capture_default_str();
    ls->callback([&set, &call, arguments] { set.choose([&call, arguments] { return list(call, *arguments); }); });

    CLI::App* const follow = group.add_subcommand("watch", "Follows one command to its end, or all that happens to commands");
    follow->add_option("ID", arguments->id, "One command");
    follow->add_option("--device", arguments->device, "Commands for this device");
    follow->add_option("--job", arguments->job, "Commands of this job");
    follow->add_option("--count", arguments->count, "End after so many changes");
    follow->callback([&set, &call, arguments] { set.choose([&call, arguments] { return watch(call, *arguments); }); });
}

}  // namespace

void add_command_commands(CLI::App& app, CommandSet& set) {
    CLI::App* const group = app.add_subcommand("command", "Commands: what devices are asked to do, and what came of it");
    group->require_subcommand(1);
    group->preparse_callback([&set](std::size_t) { set.call.place.centre = true; });
    const auto arguments = std::make_shared<CommandArguments>();
    add_command_send(*group, set);
    add_reading(*group, set, arguments);
    Call& call = set.call;
    CLI::App* const take_back = group->add_subcommand("cancel", "Takes commands back");
    take_back->add_option("ID", arguments->ids, "The commands' ids")->required();
    take_back->callback([&set, &call, arguments] { set.choose([&call, arguments] { return cancel(call, *arguments); }); });
}

}  // namespace holdfast::cli
