#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <memory>

#include "cli/commands.h"
#include "settings/load.h"
#include "settings/show.h"

namespace holdfast::cli {

namespace json = boost::json;

namespace {

struct ConfigArguments {
    std::string config;
    std::vector<std::string> sets;
};

std::expected<settings::Loaded, std::vector<settings::Problem>> load(const Call& call, const ConfigArguments& arguments) {
    settings::Inputs inputs;
    inputs.overrides = arguments.sets;
    if (const std::string data_dir = call.data_dir(); !data_dir.empty())
        inputs.overrides.push_back("paths.data_dir=" + data_dir);
    inputs.environment = call.surroundings().environment;
    inputs.file_name = arguments.config;
    if (!arguments.config.empty()) {
        auto text = settings::read_settings_file(arguments.config);
        if (!text) return std::unexpected(std::vector<settings::Problem>{{{}, text.error().message()}});
        inputs.file_text = std::move(*text);
    }
    return settings::load(inputs);
}

void print_problems(const Call& call, const std::vector<settings::Problem>& problems) {
    if (call.json) {
        json::array items;
        for (const settings::Problem& problem : problems)
            items.emplace_back(json::object{{"place", problem.place}, {"sentence", problem.sentence}});
        call.print_json(json::object{{"ok", false}, {"problems", std::move(items)}});
        return;
    }
    for (const settings::Problem& problem : problems)
        call.print(printable(problem.text()) + "\n");
}

ExitCode check(const Call& call, const ConfigArguments& arguments) {
    const auto loaded = load(call, arguments);
    if (!loaded) {
        print_problems(call, loaded.error());
        return ExitCode::failed;
    }
    if (call.json) {
        call.print_json(json::object{{"ok", true}, {"problems", json::array()}});
    } else {
        call.print(arguments.config.empty() ? "The settings are fine.\n" : fmt::format("{} is fine.\n", arguments.config));
    }
    return ExitCode::ok;
}

ExitCode show(const Call& call, const ConfigArguments& arguments) {
    const auto loaded = load(call, arguments);
    if (!loaded) {
        print_problems(call, loaded.error());
        return ExitCode::failed;
    }
    if (!call.json) {
        call.print(settings::show(*loaded));
        return ExitCode::ok;
    }
    json::array items;
    for (const settings::ShownSetting& setting : settings::shown_settings(*loaded)) {
        items.emplace_back(json::object{
            {"name", setting.name}, {"value", setting.value}, {"source", setting.source}, {"changeable", setting.changeable}});
    }
    call.print_json(json::object{{"items", std::move(items)}});
    return ExitCode::ok;
}

CLI::App* add(CLI::App& config, const std::string& name, const std::string& help,
              const std::shared_ptr<ConfigArguments>& arguments) {
    CLI::App* const command = config.add_subcommand(name, help);
    command->add_option("--config,FILE", arguments->config, "The settings file (TOML)");
    command->add_option("--set", arguments->sets, "One setting, as section.name=value; may be repeated")
        ->allow_extra_args(false);
    return command;
}

}  // namespace

void add_config_commands(CLI::App& app, CommandSet& set) {
    CLI::App* const config =
        app.add_subcommand("config", "The settings file: check it, show what it comes to, look settings up");
    config->require_subcommand(1);
    const auto arguments = std::make_shared<ConfigArguments>();
    Call& call = set.call;
    add(*config, "check", "Tells every mistake in a settings file", arguments)->callback([&set, &call, arguments] {
        set.choose([&call, arguments] { return check(call, *arguments); });
    });
    add(*config, "show", "Shows every setting's effective value and where it comes from", arguments)
        ->callback([&set, &call, arguments] { set.choose([&call, arguments] { return show(call, *arguments); }); });
    config->add_subcommand("reference", "Prints the reference page of all settings, in Markdown")->callback([&set, &call] {
        set.choose([&call] {
            call.print(settings::reference_markdown());
            return ExitCode::ok;
        });
    });
}

}  // namespace holdfast::cli
