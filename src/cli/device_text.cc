#include "cli/device_text.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/text_table.h"
#include "cli/time_text.h"

namespace holdfast::cli {

namespace json = boost::json;

namespace {

std::string tags_of(const json::value& device) {
    std::string tags;
    for (const json::value& tag : list_at(device, "tags")) {
        if (!tags.empty()) tags += ' ';
        if (tag.is_string()) tags.append(tag.get_string().data(), tag.get_string().size());
    }
    return tags.empty() ? "-" : tags;
}

std::string mqtt_version_of(const json::value& value) {
    switch (count_at(value, "mqtt_version")) {
        case 3:
            return "MQTT 3.1";
        case 4:
            return "MQTT 3.1.1";
        case 5:
            return "MQTT 5";
        default:
            return "MQTT";
    }
}

/// Why it is routed as it is, for people. An operator may have chosen the cluster and left the node to the rules.
std::string route_in_words(const json::value& device) {
    const std::string route = text_at(device, "route");
    const std::string_view where =
        text_at(device, "explicit_cluster").empty() ? std::string_view{} : ", in the cluster that an operator chose";
    if (route == "explicit") return "explicit (an operator said so)";
    if (route == "sticky") return fmt::format("sticky (where it was last){}", where);
    if (route == "hash") return fmt::format("hash (chosen by its id){}", where);
    return "none (it would be refused now)";
}

std::string explicit_of(const json::value& device) {
    const std::string cluster = text_at(device, "explicit_cluster");
    const std::string node = text_at(device, "explicit_node");
    if (!node.empty()) return cluster.empty() ? node : fmt::format("{} in {}", node, cluster);
    return cluster.empty() ? "-" : cluster;
}

TextTable::Cell connected_cell(const Call& call, const json::value& device) {
    const json::value& connection = member(device, "connection");
    if (!flag_at(device, "connected")) {
        const std::string last = text_at(device, "connected_last");
        return {last.empty() ? "no, never seen" : fmt::format("no, last seen {}", ago_words(last, call.now())), Tone::faint};
    }
    return {fmt::format("yes, {}, from {}, {}{}", since_words(text_at(connection, "since"), call.now()),
                        shown_at(connection, "source"), mqtt_version_of(connection),
                        flag_at(connection, "ending") ? ", ending" : ""),
            Tone::good};
}

void print_steps(const Call& call, const json::value& from) {
    for (const json::value& step : list_at(from, "steps")) {
        if (step.is_string())
            call.print(fmt::format("    {}\n", printable({step.get_string().data(), step.get_string().size()})));
    }
}

void print_connect(const Call& call, const json::value& connect) {
    const bool accepted = flag_at(connect, "accepted");
    const std::string result = accepted
                                   ? fmt::format("accepted by {} ({})", text_at(connect, "node"), text_at(connect, "route"))
                                   : fmt::format("refused: {}", text_at(connect, "sentence"));
    call.print(fmt::format("\n{}, {}, from {}: {}\n", ago_words(text_at(connect, "time"), call.now()), mqtt_version_of(connect),
                           printable(shown_at(connect, "source")),
                           painted(printable(result), accepted ? Tone::good : Tone::bad, call.colour())));
    print_steps(call, connect);
}

}  // namespace

void print_devices(const Call& call, const json::value& answer) {
    TextTable table({{"DEVICE"}, {"CLUSTER"}, {"NODE"}, {"ROUTE"}, {"CONNECTED"}, {"LAST CONNECT"}, {"TAGS"}});
    for (const json::value& device : list_at(answer, "items")) {
        table.add({{text_at(device, "id")},
                   {shown_at(device, "cluster")},
                   {shown_at(device, "node")},
                   {shown_at(device, "route")},
                   yes_no(flag_at(device, "connected")),
                   {ago_words(text_at(device, "connected_last"), call.now())},
                   {tags_of(device)}});
    }
    if (table.empty()) {
        call.print("No such devices.\n");
        return;
    }
    call.print(table.render(call.colour()));
    if (!member(answer, "next").is_null())
        call.print("... and more; see them with --limit 0, or name a --prefix, --cluster or --tag\n");
}

void print_device(const Call& call, const json::value& device) {
    std::vector<std::pair<std::string, TextTable::Cell>> fields = {
        {"device", {text_at(device, "id")}},  {"cluster", {shown_at(device, "cluster")}},
        {"node", {shown_at(device, "node")}}, {"route since", {ago_words(text_at(device, "routed_at"), call.now())}},
        {"route", {route_in_words(device)}},  {"connected", connected_cell(call, device)},
        {"home", {shown_at(device, "home")}}, {"explicit route", {explicit_of(device)}},
        {"tags", {tags_of(device)}},
    };
    if (flag_at(device, "disabled"))
        fields.emplace_back("disabled", TextTable::Cell{"yes, it is refused at CONNECT", Tone::bad});
    if (!text_at(device, "note").empty()) fields.emplace_back("note", TextTable::Cell{text_at(device, "note")});
    call.print(render_fields(fields, call.colour()));
}

void print_moved(const Call& call, const json::value& device) {
    const std::string place = text_at(device, "node").empty() ? shown_at(device, "cluster") : text_at(device, "node");
    std::string serving = text_at(device, "explicit_cluster");
    if (serving.empty()) serving = text_at(device, "home");
    if (serving.empty()) serving = shown_at(device, "cluster");
    std::string sentence;
    if (flag_at(device, "connected") && flag_at(member(device, "connection"), "ending")) {
        sentence =
            fmt::format("{} belongs to {} now; it is asked to come back, and lands there.", text_at(device, "id"), serving);
    } else if (flag_at(device, "connected")) {
        sentence = fmt::format("{} belongs to {} now; it is connected to {}.", text_at(device, "id"), serving, place);
    } else {
        sentence = fmt::format("{} belongs to {} now; it is not connected.", text_at(device, "id"), serving);
    }
    call.print(printable(sentence) + "\n");
}

void print_explanation(const Call& call, const json::value& explanation) {
    const json::value& now = member(explanation, "now");
    const std::string id = printable(text_at(explanation, "id"));
    if (!flag_at(explanation, "known")) call.print(fmt::format("{} is not enrolled.\n\n", id));
    const std::string result = flag_at(now, "routed")
                                   ? fmt::format("goes to {} in {}", text_at(now, "node"), text_at(now, "cluster"))
                                   : fmt::format("is refused: {}", text_at(now, "sentence"));
    call.print(fmt::format("If {} connects now, it {}:\n", id,
                           painted(printable(result), flag_at(now, "routed") ? Tone::good : Tone::bad, call.colour())));
    print_steps(call, now);
    const json::array& connects = list_at(explanation, "connects");
    call.print(connects.empty() ? "\nNo CONNECT of it is remembered.\n" : "\nIts last CONNECTs, newest first:\n");
    for (const json::value& connect : connects)
        print_connect(call, connect);
}

}  // namespace holdfast::cli
