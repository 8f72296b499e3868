#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/text_table.h"
#include "cli/time_text.h"

namespace holdfast::cli {

namespace json = boost::json;
using boost::beast::http::verb;

namespace {

using Align = TextTable::Align;

struct MoveArguments {
    std::string id;
    std::string cluster;
    std::string tag;
    std::string to;
    std::optional<double> percent;
    std::optional<double> pace;
    bool release = false;
};

std::string pace_of(const json::value& job) {
    const std::string pace = text_at(job, "pace");
    const json::value& value = member(job, "pace");
    const double number = value.is_double() ? value.get_double() : static_cast<double>(count_at(job, "pace"));
    if (number <= 0) return "all at once";
    return value.is_double() ? fmt::format("{:g}/s", number) : pace + "/s";
}

void print_moves(const Call& call, const json::value& answer) {
    TextTable table({{"MOVE", Align::right},
                     {"WHAT"},
                     {"STATE"},
                     {"DONE", Align::right},
                     {"LEFT", Align::right},
                     {"PACE", Align::right},
                     {"STARTED"},
                     {"ENDED"}});
    for (const json::value& job : list_at(answer, "items")) {
        table.add({{text_at(job, "id")},
                   {text_at(job, "subject")},
                   state_cell(job, "state"),
                   {text_at(job, "done")},
                   {text_at(job, "left")},
                   {pace_of(job)},
                   {ago_words(text_at(job, "started"), call.now())},
                   {ago_words(text_at(job, "ended"), call.now())}});
    }
    if (table.empty()) {
        call.print("No moves or drains.\n");
        return;
    }
    call.print(table.render(call.colour()));
}

void print_move(const Call& call, const json::value& job) {
    call.print(render_fields({{"move", {text_at(job, "id")}},
                              {"what", {text_at(job, "subject")}},
                              {"cause", {text_at(job, "cause")}},
                              {"state", state_cell(job, "state")},
                              {"done", {text_at(job, "done")}},
                              {"left", {text_at(job, "left")}},
                              {"pace", {pace_of(job)}},
                              {"started", {ago_words(text_at(job, "started"), call.now())}},
                              {"ended", {ago_words(text_at(job, "ended"), call.now())}}},
                             call.colour()));
}

ExitCode start(Call& call, const MoveArguments& arguments) {
    json::object body;
    if (!arguments.tag.empty()) body["tag"] = arguments.tag;
    if (!arguments.cluster.empty()) body["cluster"] = arguments.cluster;
    if (arguments.percent) body["percent"] = *arguments.percent;
    if (arguments.pace) body["pace"] = *arguments.pace;
    body["to"] = arguments.release ? json::value(nullptr) : json::value(arguments.to);
    return call.send(verb::post, "/api/v1/moves", body, [&call](const json::value& job) { print_move(call, job); });
}

void add_start(CLI::App& move, CommandSet& set, const std::shared_ptr<MoveArguments>& arguments) {
    Call& call = set.call;
    CLI::App* const command = move.add_subcommand("start", "Moves many devices at a pace, or takes their explicit routes back");
    auto* const which = command->add_option_group("which", "Which devices; both conditions must hold when both are given");
    which->add_option("--cluster", arguments->cluster, "Devices that this cluster serves now");
    which->add_option("--tag", arguments->tag, "Devices with this tag");
    which->require_option(1, 2);
    command->add_option("--percent", arguments->percent, "So many percent of them; 20 contains the same devices as 10")
        ->check(CLI::Range(0.0, 100.0));
    auto* const where = command->add_option_group("where", "Where to");
    where->add_option("--to", arguments->to, "A cluster or a node");
    where->add_flag("--release", arguments->release, "Take explicit routes back");
    where->require_option(1);
    command->add_option("--pace", arguments->pace,
                        "Connections a second; 0: all at once (default: the setting fleet.move_pace)");
    command->callback([&set, &call, arguments] { set.choose([&call, arguments] { return start(call, *arguments); }); });
}

}  // namespace

void add_move_commands(CLI::App& app, CommandSet& set) {
    CLI::App* const move = app.add_subcommand("move", "Moves of many devices, and drains");
    move->require_subcommand(1);
    const auto arguments = std::make_shared<MoveArguments>();
    Call& call = set.call;
    add_start(*move, set, arguments);

    move->add_subcommand("ls", "Lists running moves and drains, and those that ended lately")->callback([&set, &call] {
        set.choose(
            [&call] { return call.get("/api/v1/moves", [&call](const json::value& answer) { print_moves(call, answer); }); });
    });

    CLI::App* const show = move->add_subcommand("show", "Shows one move");
    show->add_option("ID", arguments->id, "The move's number")->required();
    show->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return call.get("/api/v1/moves/" + percent_encode(arguments->id),
                            [&call](const json::value& job) { print_move(call, job); });
        });
    });

    CLI::App* const change = move->add_subcommand("pace", "Changes a running move's pace");
    change->add_option("ID", arguments->id, "The move's number")->required();
    change->add_option("PACE", arguments->pace, "Connections a second; 0: all at once")->required();
    change->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return call.send(verb::patch, "/api/v1/moves/" + percent_encode(arguments->id),
                             {{"pace", arguments->pace.value_or(0)}},
                             [&call](const json::value& job) { print_move(call, job); });
        });
    });

    CLI::App* const cancel = move->add_subcommand("cancel", "Stops a move; what was moved stays moved");
    cancel->add_option("ID", arguments->id, "The move's number")->required();
    cancel->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return call.remove("/api/v1/moves/" + percent_encode(arguments->id),
                               [&call](const json::value& job) { print_move(call, job); });
        });
    });
}

}  // namespace holdfast::cli
