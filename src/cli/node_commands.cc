#include <fmt/format.h>

#include <CLI/CLI.hpp>
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

struct NodeArguments {
    std::string name;
    std::string cluster;
    std::string state;
    std::string host;
    std::optional<std::uint16_t> port;
    std::optional<std::uint32_t> weight;
    std::optional<double> pace;
    bool force = false;
};

std::string address_of(const json::value& node) {
    const std::string host = text_at(node, "host");
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, text_at(node, "port"))
                                               : fmt::format("[{}]:{}", host, text_at(node, "port"));
}

void print_nodes(const Call& call, const json::value& answer) {
    TextTable table({{"NODE"},
                     {"CLUSTER"},
                     {"ADDRESS"},
                     {"STATE"},
                     {"SINCE"},
                     {"CONNECTED", Align::right},
                     {"WEIGHT", Align::right},
                     {"PID", Align::right}});
    for (const json::value& node : list_at(answer, "items")) {
        table.add({{text_at(node, "name")},
                   {text_at(node, "cluster")},
                   {address_of(node)},
                   state_cell(node, "state"),
                   {ago_words(text_at(node, "since"), call.now())},
                   {text_at(node, "connections")},
                   {text_at(node, "weight")},
                   {shown_at(node, "pid")}});
    }
    if (table.empty()) {
        call.print("No nodes.\n");
        return;
    }
    call.print(table.render(call.colour()));
}

void print_node(const Call& call, const json::value& node) {
    call.print(render_fields({{"node", {text_at(node, "name")}},
                              {"cluster", {text_at(node, "cluster")}},
                              {"address", {address_of(node)}},
                              {"state",
                               {fmt::format("{}, {}", text_at(node, "state"), since_words(text_at(node, "since"), call.now())),
                                tone_of(text_at(node, "state"))}},
                              {"last failure", {shown_at(node, "detail")}},
                              {"connected", {text_at(node, "connections")}},
                              {"weight", {text_at(node, "weight")}},
                              {"listed by", {text_at(node, "origin")}},
                              {"pid", {shown_at(node, "pid")}}},
                             call.colour()));
}

std::string path_of(std::string_view name) {
    return "/api/v1/nodes/" + percent_encode(name);
}

void add_reading(CLI::App& node, CommandSet& set, const std::shared_ptr<NodeArguments>& arguments) {
    Call& call = set.call;
    CLI::App* const ls = node.add_subcommand("ls", "Lists nodes");
    ls->add_option("--cluster", arguments->cluster, "Only its nodes");
    ls->add_option("--state", arguments->state, "Only nodes in this state")
        ->check(CLI::IsMember({"up", "suspect", "down", "draining", "left"}));
    ls->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            Target target("/api/v1/nodes");
            target.with("cluster", arguments->cluster).with("state", arguments->state);
            return call.list(target.text(), 0, [&call](const json::value& answer) { print_nodes(call, answer); });
        });
    });

    CLI::App* const show = node.add_subcommand("show", "Shows one node");
    show->add_option("NAME", arguments->name, "The node's name")->required();
    show->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return call.get(path_of(arguments->name), [&call](const json::value& answer) { print_node(call, answer); });
        });
    });
}

void add_changing(CLI::App& node, CommandSet& set, const std::shared_ptr<NodeArguments>& arguments) {
    Call& call = set.call;
    CLI::App* const add = node.add_subcommand("add", "Adds a node to a cluster");
    add->add_option("NAME", arguments->name, "The node's name, unique in the whole fleet")->required();
    add->add_option("--cluster", arguments->cluster, "The cluster")->required();
    add->add_option("--host", arguments->host, "A name or a numeric address")->required();
    add->add_option("--port", arguments->port, "Its MQTT port (default 1883)");
    add->add_option("--weight", arguments->weight, "Its share of its cluster (default 100)");
    add->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            json::object body{{"name", arguments->name}, {"host", arguments->host}};
            if (arguments->port) body["port"] = *arguments->port;
            if (arguments->weight) body["weight"] = *arguments->weight;
            return call.send(verb::post, fmt::format("/api/v1/clusters/{}/nodes", percent_encode(arguments->cluster)), body,
                             [&call](const json::value& answer) { print_node(call, answer); });
        });
    });

    CLI::App* const change = node.add_subcommand("set", "Changes a node that was added by the API");
    change->add_option("NAME", arguments->name, "The node's name")->required();
    change->add_option("--host", arguments->host, "A name or a numeric address");
    change->add_option("--port", arguments->port, "Its MQTT port");
    change->add_option("--weight", arguments->weight, "Its share of its cluster");
    change->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            json::object body;
            if (!arguments->host.empty()) body["host"] = arguments->host;
            if (arguments->port) body["port"] = *arguments->port;
            if (arguments->weight) body["weight"] = *arguments->weight;
            return call.send(verb::patch, path_of(arguments->name), body,
                             [&call](const json::value& answer) { print_node(call, answer); });
        });
    });

    CLI::App* const remove = node.add_subcommand("rm", "Removes a node for good");
    remove->add_option("NAME", arguments->name, "The node's name")->required();
    remove->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return call.remove(path_of(arguments->name), [&call, arguments](const json::value&) {
                call.print(fmt::format("Node {} is removed.\n", arguments->name));
            });
        });
    });
}

void add_draining(CLI::App& node, CommandSet& set, const std::shared_ptr<NodeArguments>& arguments) {
    Call& call = set.call;
    CLI::App* const drain = node.add_subcommand("drain", "Leads no more devices to a node and ends those on it at a pace");
    drain->add_option("NAME", arguments->name, "The node's name")->required();
    drain->add_option("--pace", arguments->pace,
                      "Connections a second; 0: all at once (default: the setting fleet.drain_pace)");
    drain->add_flag("--force", arguments->force, "Also when no other node of its cluster could take devices");
    drain->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            json::object body;
            if (arguments->pace) body["pace"] = *arguments->pace;
            if (arguments->force) body["force"] = true;
            return call.send(verb::post, path_of(arguments->name) + "/drain", body, [&call](const json::value& answer) {
                call.print(fmt::format("Node {} drains: {} connected. Watch it with: holdfast move show {}\n",
                                       text_at(answer, "name"), text_at(answer, "connections"), text_at(answer, "job")));
            });
        });
    });

    CLI::App* const undrain = node.add_subcommand("undrain", "Leads devices to a node again");
    undrain->add_option("NAME", arguments->name, "The node's name")->required();
    undrain->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return call.send(verb::post, path_of(arguments->name) + "/undrain", {}, [&call](const json::value& answer) {
                call.print(
                    fmt::format("Node {} takes devices again; it is {}.\n", text_at(answer, "name"), text_at(answer, "state")));
            });
        });
    });
}

}  // namespace

void add_node_commands(CLI::App& app, CommandSet& set) {
    CLI::App* const node = app.add_subcommand("node", "Nodes: the brokers that serve devices");
    node->require_subcommand(1);
    const auto arguments = std::make_shared<NodeArguments>();
    add_reading(*node, set, arguments);
    add_changing(*node, set, arguments);
    add_draining(*node, set, arguments);
}

}  // namespace holdfast::cli
