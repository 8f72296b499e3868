#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/text_table.h"
#include "cli/time_text.h"

namespace holdfast::cli {

namespace json = boost::json;

namespace {

struct ConnectionArguments {
    std::string id;
    std::string cluster;
    std::string node;
    std::string device;
    std::string source;
    std::size_t limit = 100;
};

void print_connections(const Call& call, const json::value& answer) {
    TextTable table({{"CONNECTION"}, {"DEVICE"}, {"NODE"}, {"ROUTE"}, {"FROM"}, {"MQTT"}, {"OPENED"}, {"STATE"}});
    for (const json::value& connection : list_at(answer, "items")) {
        const bool ending = flag_at(connection, "ending");
        table.add({{text_at(connection, "id")},
                   {text_at(connection, "device").empty() ? "(anonymous)" : text_at(connection, "device")},
                   {shown_at(connection, "node")},
                   {shown_at(connection, "route")},
                   {shown_at(connection, "source")},
                   {shown_at(connection, "mqtt_version")},
                   {ago_words(text_at(connection, "since"), call.now())},
                   {ending                           ? "ending"
                    : flag_at(connection, "current") ? "open"
                                                     : "older",
                    ending ? Tone::warn : Tone::plain}});
    }
    if (table.empty()) {
        call.print("No such connections.\n");
        return;
    }
    call.print(table.render(call.colour()));
    if (!member(answer, "next").is_null()) call.print("... and more; see them with --limit 0, or name a --node or --device\n");
}

}  // namespace

void add_connection_commands(CLI::App& app, CommandSet& set) {
    CLI::App* const connection = app.add_subcommand("connection", "Open connections of devices");
    connection->require_subcommand(1);
    const auto arguments = std::make_shared<ConnectionArguments>();
    Call& call = set.call;

    CLI::App* const ls = connection->add_subcommand("ls", "Lists open connections");
    ls->add_option("--cluster", arguments->cluster, "To this cluster's nodes");
    ls->add_option("--node", arguments->node, "To this node");
    ls->add_option("--device", arguments->device, "Of this device");
    ls->add_option("--source", arguments->source, "From addresses that begin so");
    ls->add_option("--limit", arguments->limit, "At most so many; 0: all")->capture_default_str();
    ls->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            Target target("/api/v1/connections");
            target.with("cluster", arguments->cluster).with("node", arguments->node);
            target.with("device", arguments->device).with("source", arguments->source);
            return call.list(target.text(), arguments->limit,
                             [&call](const json::value& answer) { print_connections(call, answer); });
        });
    });

    CLI::App* const end = connection->add_subcommand("end", "Ends one connection; the device may connect again at once");
    end->add_option("ID", arguments->id, "The connection's id, as 'connection ls' shows it")->required();
    end->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return call.remove("/api/v1/connections/" + percent_encode(arguments->id), [&call, arguments](const json::value&) {
                call.print(fmt::format("Connection {} is being ended.\n", arguments->id));
            });
        });
    });
}

}  // namespace holdfast::cli
