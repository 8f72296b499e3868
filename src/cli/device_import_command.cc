#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fstream>
#include <iostream>
#include <memory>

#include "cli/commands.h"

namespace holdfast::cli {

namespace json = boost::json;

namespace {

struct ImportArguments {
    std::string file;
    std::string format;
    std::string existing = "fail";
    bool dry_run = false;
};

void print_result(const Call& call, const json::value& result) {
    const bool dry = flag_at(result, "dry_run");
    for (const json::value& error : list_at(result, "errors")) {
        const std::string id = text_at(error, "id");
        call.print(printable(fmt::format("line {}{}: {}", text_at(error, "line"), id.empty() ? "" : fmt::format(" ({})", id),
                                         text_at(error, "detail"))) +
                   "\n");
    }
    if (const auto more = count_at(result, "errors_not_shown"); more > 0)
        call.print(fmt::format("... and {} more errors\n", more));
    call.print(fmt::format("{}{} records: {} created, {} updated, {} skipped, {} failed\n", dry ? "Checked only: " : "",
                           text_at(result, "records"), text_at(result, "created"), text_at(result, "updated"),
                           text_at(result, "skipped"), text_at(result, "failed")));
}

/// By the file's name, unless the format was named.
std::string content_type(const ImportArguments& arguments) {
    const bool by_name = arguments.format.empty();
    if (arguments.format == "csv" || (by_name && arguments.file.ends_with(".csv"))) return "text/csv";
    if (arguments.format == "ndjson" ||
        (by_name && (arguments.file.ends_with(".ndjson") || arguments.file.ends_with(".jsonl")))) {
        return "application/x-ndjson";
    }
    return {};
}

ExitCode import(Call& call, const ImportArguments& arguments) {
    const std::string type = content_type(arguments);
    if (type.empty()) return call.fail(ExitCode::usage, "say what the file holds: --format csv or --format ndjson");
    std::ifstream file;
    if (arguments.file != "-") {
        file.open(arguments.file, std::ios::binary);
        if (!file) return call.fail(ExitCode::failed, fmt::format("cannot read {}", arguments.file));
    }
    auto api = call.client();
    if (!api) return call.fail(api.error());
    Target target("/api/v1/devices/import");
    target.with("existing", arguments.existing).with("dry_run", arguments.dry_run ? "true" : "");
    const auto result = api->upload(target.text(), type, arguments.file == "-" ? call.surroundings().in : file);
    if (!result) return call.fail(result.error());
    if (call.json) {
        call.print_json(*result);
    } else {
        print_result(call, *result);
    }
    call.note_durability(*result);
    return count_at(*result, "failed") == 0 ? ExitCode::ok : ExitCode::failed;
}

}  // namespace

void add_device_import_command(CLI::App& device, CommandSet& set) {
    const auto arguments = std::make_shared<ImportArguments>();
    Call& call = set.call;
    CLI::App* const command = device.add_subcommand("import", "Enrols many devices from a CSV or NDJSON file");
    command->add_option("FILE", arguments->file, "The file; - for standard input")->required();
    command->add_option("--format", arguments->format, "csv or ndjson (default: by the file's name)")
        ->check(CLI::IsMember({"csv", "ndjson"}));
    command
        ->add_option("--existing", arguments->existing, "What to do with ids that are enrolled already: fail, skip or update")
        ->check(CLI::IsMember({"fail", "skip", "update"}))
        ->capture_default_str();
    command->add_flag("--dry-run", arguments->dry_run, "Only check");
    command->footer(
        "CSV begins with a line of column names: id, home, explicit_cluster, explicit_node, tags (separated by ;), note, "
        "disabled");
    command->callback([&set, &call, arguments] { set.choose([&call, arguments] { return import(call, *arguments); }); });
}

}  // namespace holdfast::cli
