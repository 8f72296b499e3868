#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/sentinel_groups.h"
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

void print_groups(const Call& call, const json::value& answer, std::string_view when_none) {
    TextTable table({{"GROUP"}, {"POLICY"}, {"ACTIVE"}, {"EPOCH", Align::right}, {"MEMBERS"}});
    for (const json::value& group : list_at(answer, "items")) {
        table.add({{text_at(group, "name")},
                   {text_at(group, "policy")},
                   {shown_at(group, "active")},
                   {text_at(group, "epoch")},
                   {members_in_words(group)}});
    }
    if (table.empty()) {
        call.print(when_none);
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

/// The sentinel that is asked; empty: the API is.
std::string sentinel_of(const Call& call) {
    return find_sentinel_address(call.sentinel, call.place, call.surroundings().environment);
}

/// Asks the sentinel and prints what it answers.
template <class Question>
ExitCode ask(const Call& call, const std::string& sentinel, const Call::Printer& print, Question question) {
    const auto place = find_sentinel(sentinel, call.sentinel, call.surroundings().environment);
    if (!place) return call.fail(place.error());
    SentinelClient client(*place);
    return call.show(question(client), print);
}

ExitCode list(Call& call) {
    const std::string sentinel = sentinel_of(call);
    const std::string_view when_none = sentinel.empty()
                                           ? "No groups: there is no cluster yet. Add one with: holdfast cluster add NAME\n"
                                           : "No groups: this sentinel watches no group and no Redis master.\n";
    const auto print = [&call, when_none](const json::value& answer) { print_groups(call, answer, when_none); };
    return sentinel.empty() ? call.list("/api/v1/groups", 0, print) : ask(call, sentinel, print, list_groups);
}

ExitCode show(Call& call, const GroupArguments& arguments) {
    const auto print = [&call](const json::value& answer) { print_group(call, answer); };
    const std::string sentinel = sentinel_of(call);
    if (sentinel.empty()) return call.get(path_of(arguments.name), print);
    return ask(call, sentinel, print, [&](SentinelClient& client) { return show_group(client, arguments.name); });
}

ExitCode fail_over(Call& call, const GroupArguments& arguments) {
    const auto print = [&call](const json::value& answer) { print_group(call, answer); };
    if (const std::string sentinel = sentinel_of(call); !sentinel.empty()) {
        return ask(call, sentinel, print,
                   [&](SentinelClient& client) { return fail_over(client, arguments.name, arguments.to); });
    }
    json::object body;
    if (!arguments.to.empty()) body["to"] = arguments.to;
    return call.send(verb::post, path_of(arguments.name) + "/failover", body, print);
}

}  // namespace

void add_group_commands(CLI::App& app, CommandSet& set) {
    CLI::App* const group =
        app.add_subcommand("group", "Groups: clusters as what has an active member, and others that can take over");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<GroupArguments>();
    Call& call = set.call;
    add_sentinel_place_options(*group, call);
    group->add_subcommand("ls", "Lists groups")->callback([&set, &call] { set.choose([&call] { return list(call); }); });

    CLI::App* const show_one = group->add_subcommand("show", "Shows one group and its members");
    show_one->add_option("NAME", arguments->name, "The group's name: its cluster's, or as its sentinels call it")->required();
    show_one->callback([&set, &call, arguments] { set.choose([&call, arguments] { return show(call, *arguments); }); });

    CLI::App* const failover =
        group->add_subcommand("failover", "Makes another member the active one; devices follow at a pace");
    failover->add_option("NAME", arguments->name, "The group's name")->required();
    failover->add_option("--to", arguments->to, "The member that takes over (default: the best other one)");
    failover->callback([&set, &call, arguments] { set.choose([&call, arguments] { return fail_over(call, *arguments); }); });
}

void add_sentinel_place_options(CLI::App& app, Call& call) {
    SentinelPlaceOptions& sentinel = call.sentinel;
    app.add_option("--sentinel", sentinel.address, "Ask this sentinel, host:port, and not the API (also HOLDFAST_SENTINEL)");
    app.add_option("--sentinel-user", sentinel.user, "Its user (also HOLDFAST_SENTINEL_USER)");
    app.add_option("--sentinel-password-file", sentinel.password_file,
                   "A file with its password (or HOLDFAST_SENTINEL_PASSWORD, the password)");
    app.add_option("--sentinel-ca", sentinel.ca_file,
                   "It speaks TLS: a file with the authorities that sign for it (also HOLDFAST_SENTINEL_CA)");
    app.add_option("--sentinel-cert", sentinel.cert_file, "Our certificate for it (also HOLDFAST_SENTINEL_CERT)");
    app.add_option("--sentinel-key", sentinel.key_file, "The certificate's key (also HOLDFAST_SENTINEL_KEY)");
}

}  // namespace holdfast::cli
