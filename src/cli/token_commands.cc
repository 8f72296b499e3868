#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <ostream>

#include "access/errors.h"
#include "access/token_file.h"
#include "cli/commands.h"
#include "cli/text_table.h"

namespace holdfast::cli {

namespace json = boost::json;

namespace {

struct TokenArguments {
    std::string name;
    std::string scope = "command";
};

/// The file is Holdfast's own, which reads it again when it changes; so this works without a Holdfast that runs.
std::optional<std::filesystem::path> token_file(const Call& call) {
    const std::string given = call.data_dir();
    const std::filesystem::path directory =
        given.empty() ? default_data_dir(call.surroundings().environment) : std::filesystem::path(given);
    std::error_code ignored;
    if (directory.empty() || !std::filesystem::is_directory(directory, ignored)) return std::nullopt;
    return directory / access::token_file_name;
}

ExitCode no_directory(const Call& call) {
    return call.fail(ExitCode::usage, "point --data-dir at Holdfast's data directory; tokens are kept there");
}

ExitCode fail_token(const Call& call, const Error& error) {
    if (error.is(access::AccessErrc::not_found)) return call.fail(ExitCode::not_found, error.message());
    if (error.is(access::AccessErrc::malformed)) return call.fail(ExitCode::usage, error.message());
    return call.fail(ExitCode::failed, error.message());
}

ExitCode create(const Call& call, const TokenArguments& arguments) {
    const auto file = token_file(call);
    if (!file) return no_directory(call);
    const auto scope = access::scope_from(arguments.scope).value_or(access::Scope::command);
    const auto secret = access::create_token(*file, arguments.name, scope);
    if (!secret) return fail_token(call, secret.error());
    if (call.json) {
        call.print_json(json::object{{"name", arguments.name}, {"scope", arguments.scope}, {"token", *secret}});
    } else {
        call.print(*secret + "\n");
        call.surroundings().err << "This is shown once; Holdfast keeps only its hash.\n";
    }
    return ExitCode::ok;
}

ExitCode list(const Call& call) {
    const auto file = token_file(call);
    if (!file) return no_directory(call);
    const auto tokens = access::read_tokens(*file);
    if (!tokens) return fail_token(call, tokens.error());
    json::array items;
    TextTable table({{"TOKEN"}, {"SCOPE"}});
    table.add({{"admin"}, {"admin"}});
    items.emplace_back(json::object{{"name", "admin"}, {"scope", "admin"}});
    for (const access::StoredToken& token : *tokens) {
        table.add({{token.name}, {std::string(to_string(token.scope))}});
        items.emplace_back(json::object{{"name", token.name}, {"scope", std::string(to_string(token.scope))}});
    }
    if (call.json) {
        call.print_json(json::object{{"items", std::move(items)}, {"next", nullptr}});
    } else {
        call.print(table.render(call.colour()));
    }
    return ExitCode::ok;
}

ExitCode remove(const Call& call, const TokenArguments& arguments) {
    const auto file = token_file(call);
    if (!file) return no_directory(call);
    if (const auto removed = access::remove_token(*file, arguments.name); !removed) return fail_token(call, removed.error());
    if (call.json) {
        call.print_json(json::object{{"name", arguments.name}, {"removed", true}});
    } else {
        call.print(fmt::format("Token {} counts no more.\n", arguments.name));
    }
    return ExitCode::ok;
}

}  // namespace

void add_token_commands(CLI::App& app, CommandSet& set) {
    CLI::App* const group = app.add_subcommand("token", "Tokens for programs and people, each with a scope");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<TokenArguments>();
    Call& call = set.call;

    CLI::App* const make = group->add_subcommand("create", "Makes a token and prints its secret, once");
    make->add_option("NAME", arguments->name, "Who or what it is for; stands in the audit record")->required();
    make->add_option("--scope", arguments->scope, "read: look; command: and send commands; admin: everything")
        ->check(CLI::IsMember({"read", "command", "admin"}))
        ->capture_default_str();
    make->callback([&set, &call, arguments] { set.choose([&call, arguments] { return create(call, *arguments); }); });

    group->add_subcommand("ls", "Lists tokens")->callback([&set, &call] { set.choose([&call] { return list(call); }); });

    CLI::App* const rm = group->add_subcommand("rm", "Takes a token away; it counts no more at once");
    rm->add_option("NAME", arguments->name, "The token's name")->required();
    rm->callback([&set, &call, arguments] { set.choose([&call, arguments] { return remove(call, *arguments); }); });
}

}  // namespace holdfast::cli
