#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/device_text.h"
#include "cli/text_table.h"

namespace holdfast::cli {

namespace json = boost::json;
using boost::beast::http::verb;

namespace {

struct DeviceArguments {
    std::string id;
    std::vector<std::string> ids;
    std::string cluster;
    std::string node;
    std::string tag;
    std::string prefix;
    std::string home;
    std::string to;
    std::vector<std::string> tags;
    std::optional<std::string> note;
    bool connected = false;
    bool disconnected = false;
    bool enable = false;
    bool disable = false;
    bool no_tags = false;
    std::size_t limit = 100;
};
using Arguments = std::shared_ptr<DeviceArguments>;

std::string path_of(std::string_view id) {
    return "/api/v1/devices/" + percent_encode(id);
}

json::array as_array(const std::vector<std::string>& texts) {
    json::array array;
    for (const std::string& text : texts)
        array.emplace_back(json::string(text));
    return array;
}

/// Does the same for each id; the worst end counts.
template <class Each>
ExitCode for_each_id(const Arguments& arguments, const Each& each) {
    ExitCode worst = ExitCode::ok;
    for (const std::string& id : arguments->ids) {
        const ExitCode code = each(id);
        if (code == ExitCode::unreachable || code == ExitCode::refused) return code;
        if (worst == ExitCode::ok) worst = code;
    }
    return worst;
}

void add_reading(CLI::App& device, CommandSet& set, const Arguments& arguments) {
    Call& call = set.call;
    CLI::App* const ls = device.add_subcommand("ls", "Lists devices");
    ls->add_option("--cluster", arguments->cluster, "Served by this cluster");
    ls->add_option("--node", arguments->node, "Connected to this node, or would go there");
    ls->add_option("--tag", arguments->tag, "With this tag");
    ls->add_option("--prefix", arguments->prefix, "Ids that begin so");
    auto* const connected = ls->add_flag("--connected", arguments->connected, "Only connected devices");
    ls->add_flag("--disconnected", arguments->disconnected, "Only devices that are not connected")->excludes(connected);
    ls->add_option("--limit", arguments->limit, "At most so many; 0: all")->capture_default_str();
    ls->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            Target target("/api/v1/devices");
            target.with("cluster", arguments->cluster).with("node", arguments->node).with("tag", arguments->tag);
            target.with("prefix", arguments->prefix);
            if (arguments->connected || arguments->disconnected)
                target.with("connected", arguments->connected ? "true" : "false");
            return call.list(target.text(), arguments->limit,
                             [&call](const json::value& answer) { print_devices(call, answer); });
        });
    });

    CLI::App* const show = device.add_subcommand("show", "Shows one device: cluster, node, since when, route, connected");
    show->add_option("ID", arguments->id, "The device's id")->required();
    show->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return call.get(path_of(arguments->id), [&call](const json::value& answer) { print_device(call, answer); });
        });
    });

    CLI::App* const explain =
        device.add_subcommand("explain", "Tells where a device would go now, and how its last CONNECTs were routed");
    explain->add_option("ID", arguments->id, "The device's id")->required();
    explain->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return call.get(path_of(arguments->id) + "/explain",
                            [&call](const json::value& answer) { print_explanation(call, answer); });
        });
    });
}

void add_changing(CLI::App& device, CommandSet& set, const Arguments& arguments) {
    Call& call = set.call;
    CLI::App* const add = device.add_subcommand("add", "Enrols a device");
    add->add_option("ID", arguments->id, "The device's id")->required();
    add->add_option("--home", arguments->home, "Its home cluster; without it one is allocated at its first CONNECT");
    add->add_option("--tag", arguments->tags, "A tag; may be repeated");
    add->add_option("--note", arguments->note, "A note for people");
    add->add_flag("--disable", arguments->disable, "Refuse it at CONNECT");
    add->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            json::object body{{"id", arguments->id}};
            if (!arguments->home.empty()) body["home"] = arguments->home;
            if (!arguments->tags.empty()) body["tags"] = as_array(arguments->tags);
            if (arguments->note) body["note"] = *arguments->note;
            if (arguments->disable) body["disabled"] = true;
            return call.send(verb::post, "/api/v1/devices", body,
                             [&call](const json::value& answer) { print_device(call, answer); });
        });
    });

    CLI::App* const change = device.add_subcommand("set", "Changes a device");
    change->add_option("ID", arguments->id, "The device's id")->required();
    change->add_option("--home", arguments->home, "Its home cluster");
    auto* const tags = change->add_option("--tag", arguments->tags, "Its tags from now on; may be repeated");
    change->add_flag("--no-tags", arguments->no_tags, "It has no tags from now on")->excludes(tags);
    change->add_option("--note", arguments->note, "A note for people");
    auto* const enable = change->add_flag("--enable", arguments->enable, "Let it in again");
    change->add_flag("--disable", arguments->disable, "Refuse it at CONNECT, and disconnect it")->excludes(enable);
    change->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            json::object body;
            if (!arguments->home.empty()) body["home"] = arguments->home;
            if (!arguments->tags.empty() || arguments->no_tags) body["tags"] = as_array(arguments->tags);
            if (arguments->note) body["note"] = *arguments->note;
            if (arguments->enable || arguments->disable) body["disabled"] = arguments->disable;
            return call.send(verb::patch, path_of(arguments->id), body,
                             [&call](const json::value& answer) { print_device(call, answer); });
        });
    });

    CLI::App* const remove = device.add_subcommand("rm", "Forgets devices and disconnects them");
    remove->add_option("ID", arguments->ids, "The devices' ids")->required();
    remove->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return for_each_id(arguments, [&call](const std::string& id) {
                return call.remove(path_of(id), [&call, &id](const json::value&) {
                    call.print(fmt::format("Device {} is forgotten.\n", printable(id)));
                });
            });
        });
    });
}

void add_moving(CLI::App& device, CommandSet& set, const Arguments& arguments) {
    Call& call = set.call;
    CLI::App* const move =
        device.add_subcommand("move", "Gives devices an explicit route; connected ones are asked to come back, and land there");
    move->add_option("ID", arguments->ids, "The devices' ids")->required();
    move->add_option("--to", arguments->to, "A cluster or a node")->required();
    move->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return for_each_id(arguments, [&call, arguments](const std::string& id) {
                return call.send(verb::post, path_of(id) + "/move", {{"to", arguments->to}},
                                 [&call](const json::value& answer) { print_moved(call, answer); });
            });
        });
    });

    CLI::App* const release = device.add_subcommand("release", "Takes devices' explicit routes back");
    release->add_option("ID", arguments->ids, "The devices' ids")->required();
    release->callback([&set, &call, arguments] {
        set.choose([&call, arguments] {
            return for_each_id(arguments, [&call](const std::string& id) {
                return call.send(verb::post, path_of(id) + "/release", {},
                                 [&call](const json::value& answer) { print_moved(call, answer); });
            });
        });
    });
}

}  // namespace

void add_device_commands(CLI::App& app, CommandSet& set) {
    CLI::App* const device = app.add_subcommand("device", "Devices: what connects, and where it goes");
    device->require_subcommand(1);
    const auto arguments = std::make_shared<DeviceArguments>();
    add_reading(*device, set, arguments);
    add_changing(*device, set, arguments);
    add_moving(*device, set, arguments);
    add_device_import_command(*device, set);
}

}  // namespace holdfast::cli
