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

struct ClusterArguments {
    std::string name;
    std::optional<std::uint32_t> weight;
    std::string policy;
    bool force = false;
    bool disable = false;
    bool enable = false;
};

std::string nodes_in_words(const json::value& cluster) {
    const json::value& nodes = member(cluster, "nodes");
    std::string words = fmt::format("{}/{} up", count_at(nodes, "up"), count_at(nodes, "total"));
    for (const std::string_view state : {"suspect", "down", "draining", "left"}) {
        if (const auto count = count_at(nodes, state); count > 0) words += fmt::format(", {} {}", count, state);
    }
    return words;
}

Tone nodes_tone(const json::value& cluster) {
    const json::value& nodes = member(cluster, "nodes");
    if (count_at(nodes, "up") == count_at(nodes, "total")) return Tone::good;
    return count_at(nodes, "up") == 0 ? Tone::bad : Tone::warn;
}

void print_clusters(const Call& call, const json::value& answer) {
    TextTable table({{"CLUSTER"},
                     {"NODES"},
                     {"DEVICES", Align::right},
                     {"CONNECTED", Align::right},
                     {"WEIGHT", Align::right},
                     {"SOURCE"},
                     {"NEW DEVICES"}});
    for (const json::value& cluster : list_at(answer, "items")) {
        table.add({{text_at(cluster, "name")},
                   {nodes_in_words(cluster), nodes_tone(cluster)},
                   {text_at(cluster, "devices")},
                   {text_at(cluster, "connections")},
                   {text_at(cluster, "weight")},
                   {text_at(cluster, "source")},
                   yes_no(flag_at(cluster, "enabled"))});
    }
    if (table.empty()) {
        call.print("No clusters. Add one with: holdfast cluster add NAME\n");
        return;
    }
    call.print(table.render(call.colour()));
}

void print_cluster(const Call& call, const json::value& cluster) {
    call.print(render_fields({{"cluster", {text_at(cluster, "name")}},
                              {"nodes", {nodes_in_words(cluster), nodes_tone(cluster)}},
                              {"devices", {text_at(cluster, "devices")}},
                              {"connected", {text_at(cluster, "connections")}},
                              {"policy", {text_at(cluster, "policy")}},
                              {"active", {shown_at(cluster, "active")}},
                              {"weight", {text_at(cluster, "weight")}},
                              {"source", {text_at(cluster, "source")}},
                              {"takes new devices", yes_no(flag_at(cluster, "enabled"))}},
                             call.colour()));
}

std::string path_of(std::string_view name) {
    return "/api/v1/clusters/" + percent_encode(name);
}

void add_reading(CLI::App& cluster, CommandSet& set, const std::shared_ptr<ClusterArguments>& arguments) {
    Call& call = set.call;
    cluster.add_subcommand("ls", "Lists clusters")->callback([&set, &call] {
        set.choose([&call] {
            return call.list("/api/v1/clusters", 0, [&call](const json::value& answer) { print_clusters(call, answer); });
        });
    });

    CLI::App* const show = cluster.add_subcommand("show", "Shows one cluster");
    show->add_option("NAME", arguments->name, "The cluster's name")->required();
    show->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return call.get(path_of(arguments->name), [&call](const json::value& answer) { print_cluster(call, answer); });
        });
    });
}

void add_changing(CLI::App& cluster, CommandSet& set, const std::shared_ptr<ClusterArguments>& arguments) {
    Call& call = set.call;
    CLI::App* const add = cluster.add_subcommand("add", "Declares a cluster; add nodes to it with: holdfast node add");
    add->add_option("NAME", arguments->name, "The cluster's name")->required();
    add->add_option("--weight", arguments->weight, "Its share of new devices (default 100)");
    add->add_option("--policy", arguments->policy, "How its nodes share devices: sticky-hash (default) or active-standby");
    add->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            json::object body{{"name", arguments->name}};
            if (arguments->weight) body["weight"] = *arguments->weight;
            if (!arguments->policy.empty()) body["policy"] = arguments->policy;
            return call.send(verb::post, "/api/v1/clusters", body, [&call, arguments](const json::value&) {
                call.print(
                    fmt::format("Cluster {0} is there. Add nodes with: holdfast node add NAME --cluster {0} --host HOST\n",
                                arguments->name));
            });
        });
    });

    CLI::App* const change = cluster.add_subcommand("set", "Changes a cluster");
    change->add_option("NAME", arguments->name, "The cluster's name")->required();
    change->add_option("--weight", arguments->weight, "Its share of new devices");
    change->add_option("--policy", arguments->policy, "How its nodes share devices: sticky-hash or active-standby");
    auto* const enable = change->add_flag("--enable", arguments->enable, "It takes new devices");
    change->add_flag("--disable", arguments->disable, "It takes no new devices")->excludes(enable);
    change->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            json::object body;
            if (arguments->weight) body["weight"] = *arguments->weight;
            if (!arguments->policy.empty()) body["policy"] = arguments->policy;
            if (arguments->enable || arguments->disable) body["enabled"] = arguments->enable;
            return call.send(verb::patch, path_of(arguments->name), body,
                             [&call](const json::value& answer) { print_cluster(call, answer); });
        });
    });

    CLI::App* const remove = cluster.add_subcommand("rm", "Removes a cluster and its nodes");
    remove->add_option("NAME", arguments->name, "The cluster's name")->required();
    remove->add_flag("--force", arguments->force, "Also while devices are at home there; they are then allocated anew");
    remove->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            Target target(path_of(arguments->name));
            target.with("force", arguments->force ? "true" : "");
            return call.remove(target.text(), [&call, arguments](const json::value&) {
                call.print(fmt::format("Cluster {} is removed.\n", arguments->name));
            });
        });
    });
}

}  // namespace

void add_cluster_commands(CLI::App& app, CommandSet& set) {
    CLI::App* const cluster = app.add_subcommand("cluster", "Clusters: sets of broker nodes");
    cluster->require_subcommand(1);
    const auto arguments = std::make_shared<ClusterArguments>();
    add_reading(*cluster, set, arguments);
    add_changing(*cluster, set, arguments);
}

}  // namespace holdfast::cli
