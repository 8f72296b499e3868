#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/text_table.h"

namespace holdfast::cli {

namespace json = boost::json;
using boost::beast::http::verb;

namespace {

using Align = TextTable::Align;

struct GroupArguments {
    std::string name;
    std::string to;
};

Tone tone_of(std::string_view state) {
    if (state == "up") return Tone::good;
    return state == "down" || state == "left" ? Tone::bad : Tone::warn;
}

std::string members_in_words(const json::value& group) {
    std::size_t up = 0;
    const auto& members = list_at(group, "members");
    for (const json::value& member : members)
        if (text_at(member, "state") == "up") ++up;
    return fmt::format("{}/{} up", up, members.size());
}

void print_groups(const Call& call, const json::value& answer) {
    TextTable table({{"GROUP"}, {"POLICY"}, {"ACTIVE"}, {"EPOCH", Align::right}, {"MEMBERS"}});
    for (const json::value& group : list_at(answer, "items")) {
        table.add({{text_at(group, "name")},
                   {text_at(group, "policy")},
                   {shown_at(group, "active")},
                   {text_at(group, "epoch")},
                   {members_in_words(group)}});
    }
    if (table.empty()) {
        call.print("No groups: there is no cluster yet. Add one with: holdfast cluster add NAME\n");
        return;
    }
    call.print(table.render(call.colour()));
}

void print_group(const Call& call, const json::value& group) {
    call.print(render_fields({{"group", {text_at(group, "name")}},
                              {"policy", {text_at(group, "policy")}},
                              {"active", {shown_at(group, "active")}},
                              {"epoch", {text_at(group, "epoch")}},
                              {"doing", {text_at(group, "doing")}}},
                             call.colour()));
    TextTable table({{"MEMBER"}, {"STATE"}, {"ACTIVE"}, {"PRIORITY", Align::right}, {"CONNECTED", Align::right}, {"DETAIL"}});
    for (const json::value& member : list_at(group, "members")) {
        table.add({{text_at(member, "name")},
                   {text_at(member, "state"), tone_of(text_at(member, "state"))},
                   {flag_at(member, "active") ? "active" : ""},
                   {text_at(member, "priority")},
                   {text_at(member, "connections")},
                   {text_at(member, "detail")}});
    }
    call.print("\n" + table.render(call.colour()));
}

std::string path_of(std::string_view name) {
    return "/api/v1/groups/" + percent_encode(name);
}

}  // namespace

void add_group_commands(CLI::App& app, CommandSet& set) {
    CLI::App* const group =
        app.add_subcommand("group", "Groups: clusters as what has an active member, and others that can take over");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<GroupArguments>();
    Call& call = set.call;
    group->add_subcommand("ls", "Lists groups")->callback([&set, &call] {
        set.choose([&call] {
            return call.list("/api/v1/groups", 0, [&call](const json::value& answer) { print_groups(call, answer); });
        });
    });

    CLI::App* const show = group->add_subcommand("show", "Shows one group and its members");
    show->add_option("NAME", arguments->name, "The group's name: its cluster's")->required();
    show->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return call.get(path_of(arguments->name), [&call](const json::value& answer) { print_group(call, answer); });
        });
    });

    CLI::App* const failover =
        group->add_subcommand("failover", "Makes another member the active one; devices follow at a pace");
    failover->add_option("NAME", arguments->name, "The group's name")->required();
    failover->add_option("--to", arguments->to, "The member that takes over (default: the best other one)");
    failover->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            json::object body;
            if (!arguments->to.empty()) body["to"] = arguments->to;
            return call.send(verb::post, path_of(arguments->name) + "/failover", body,
                             [&call](const json::value& answer) { print_group(call, answer); });
        });
    });
}

}  // namespace holdfast::cli
