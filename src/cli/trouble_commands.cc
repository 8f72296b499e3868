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

void print_fights(const Call& call, const json::value& answer) {
    TextTable table({{"DEVICE"}, {"TAKEOVERS", TextTable::Align::right}, {"SINCE"}, {"LAST"}, {"BETWEEN"}});
    for (const json::value& fight : list_at(answer, "items")) {
        std::string sources;
        for (const json::value& source : list_at(fight, "sources")) {
            if (!sources.empty()) sources += " and ";
            if (source.is_string()) sources.append(source.get_string().data(), source.get_string().size());
        }
        table.add({{text_at(fight, "device")},
                   {text_at(fight, "takeovers")},
                   {ago_words(text_at(fight, "since"), call.now())},
                   {ago_words(text_at(fight, "last"), call.now())},
                   {sources}});
    }
    call.print(table.empty() ? "No device fights over an id.\n" : table.render(call.colour()));
}

void print_refusals(const Call& call, const json::value& answer) {
    TextTable table({{"WHEN"}, {"DEVICE"}, {"FROM"}, {"REASON"}, {"MEANING"}});
    for (const json::value& refusal : list_at(answer, "items")) {
        table.add({{ago_words(text_at(refusal, "time"), call.now())},
                   {shown_at(refusal, "device")},
                   {shown_at(refusal, "source")},
                   {text_at(refusal, "refused")},
                   {text_at(refusal, "sentence")}});
    }
    call.print(table.empty() ? "No CONNECT was refused.\n" : table.render(call.colour()));
}

/// Adds `<noun> ls`.
void add_list(CLI::App& app, CommandSet& set, const std::string& noun, const std::string& help, const std::string& path,
              void (*print)(const Call&, const json::value&)) {
    CLI::App* const group = app.add_subcommand(noun, help);
    group->require_subcommand(1);
    const auto limit = std::make_shared<std::size_t>(100);
    CLI::App* const ls = group->add_subcommand("ls", "Lists them");
    ls->add_option("--limit", *limit, "At most so many")->capture_default_str()->check(CLI::Range(1, 1000));
    Call& call = set.call;
    ls->callback([&set, &call, limit, path, print] {
        set.choose([&call, limit, path, print] {
            return call.get(Target(path).with("limit", std::to_string(*limit)).text(),
                            [&call, print](const json::value& answer) { print(call, answer); });
        });
    });
}

}  // namespace

void add_trouble_commands(CLI::App& app, CommandSet& set) {
    add_list(app, set, "fight", "Devices that throw each other out over one id", "/api/v1/fights", print_fights);
    add_list(app, set, "refusal", "The last CONNECTs that were refused, and why", "/api/v1/refusals", print_refusals);
}

}  // namespace holdfast::cli
