#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/text_table.h"
#include "cli/time_text.h"
#include "cli/version.h"

namespace holdfast::cli {

namespace json = boost::json;
using boost::beast::http::verb;

namespace {

TextTable::Cell store_cell(const json::value& store) {
    if (!flag_at(store, "kept")) return {"none, nothing is kept", Tone::warn};
    return flag_at(store, "ok") ? TextTable::Cell{"ok", Tone::good} : TextTable::Cell{"failing", Tone::bad};
}

void print_health(const Call& call, const json::value& health) {
    const json::value& fleet = member(health, "fleet");
    std::vector<std::pair<std::string, TextTable::Cell>> fields{
        {"status", state_cell(health, "status")},
        {"version", {text_at(health, "version")}},
        {"running", {since_words(text_at(health, "since"), call.now())}}};
    // A process without the fleet has no store of it either.
    if (fleet.is_object()) {
        fields.emplace_back("devices", TextTable::Cell{text_at(fleet, "devices")});
        fields.emplace_back("connected", TextTable::Cell{text_at(fleet, "connections")});
        fields.emplace_back("store", store_cell(member(health, "store")));
    }
    call.print(render_fields(fields, call.colour()));
    for (const json::value& problem : list_at(health, "problems")) {
        if (problem.is_string())
            call.print("- " + printable({problem.get_string().data(), problem.get_string().size()}) + "\n");
    }
}

ExitCode health(const Call& call) {
    auto api = call.client();
    if (!api) return call.fail(api.error());
    const auto health = api->get("/api/v1/health");
    if (!health) return call.fail(health.error());
    const std::string status = text_at(*health, "status");
    if (call.json) {
        call.print_json(*health);
    } else if (status == "live") {
        call.print("Holdfast is live; give a token to see more.\n");
    } else {
        print_health(call, *health);
    }
    return status == "degraded" ? ExitCode::failed : ExitCode::ok;
}

void print_settings(const Call& call, const json::value& answer) {
    TextTable table({{"SETTING"}, {"VALUE"}, {"FROM"}, {"AT RUN TIME"}});
    for (const json::value& setting : list_at(answer, "items")) {
        table.add({{text_at(setting, "name")},
                   {shown_at(setting, "value")},
                   {text_at(setting, "source")},
                   {flag_at(setting, "changeable") ? "may change" : "-"}});
    }
    call.print(table.empty() ? "No settings are known.\n" : table.render(call.colour()));
}

void print_reload(const Call& call, const json::value& answer) {
    for (const json::value& change : list_at(answer, "changed")) {
        call.print(fmt::format("{}: {} -> {}\n", text_at(change, "name"), text_at(change, "from"), text_at(change, "to")));
    }
    for (const json::value& change : list_at(answer, "need_restart")) {
        call.print(fmt::format("{}: stays {} until the next start, then {}\n", text_at(change, "name"), text_at(change, "from"),
                               text_at(change, "to")));
    }
    if (list_at(answer, "changed").empty() && list_at(answer, "need_restart").empty()) call.print("Nothing has changed.\n");
}

}  // namespace

void add_process_commands(CLI::App& app, CommandSet& set) {
    Call& call = set.call;
    app.add_subcommand("health", "How the running Holdfast is; exit code 1 when something needs a look")
        ->callback([&set, &call] { set.choose([&call] { return health(call); }); });

    CLI::App* const settings =
        app.add_subcommand("settings", "The running Holdfast's settings, and where each value comes from");
    settings->require_subcommand(0, 1);
    settings->add_subcommand("reload", "Reads the settings file again")->callback([&set, &call] {
        set.choose([&call] {
            return call.send(verb::post, "/api/v1/settings/reload", {},
                             [&call](const json::value& answer) { print_reload(call, answer); });
        });
    });
    settings->callback([&set, &call, settings] {
        if (!settings->get_subcommands().empty()) return;
        set.choose([&call] {
            return call.get("/api/v1/settings", [&call](const json::value& answer) { print_settings(call, answer); });
        });
    });

    app.add_subcommand("version", "This program's version")->callback([&set, &call] {
        set.choose([&call] {
            if (call.json) {
                call.print_json(json::object{{"version", json::string(version.data(), version.size())}});
            } else {
                call.print(fmt::format("holdfast {}\n", version));
            }
            return ExitCode::ok;
        });
    });
}

}  // namespace holdfast::cli
