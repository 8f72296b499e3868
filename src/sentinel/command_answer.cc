// COMMAND and its subcommands.

#include <algorithm>
#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "resp/glob.h"
#include "sentinel/config_words.h"
#include "sentinel/question.h"

namespace holdfast::sentinel {
namespace {

using resp::Reply;

bool is_subcommand(const CommandEntry& command) {
    return command.name.contains('|');
}

Reply statuses(const std::vector<std::string_view>& words) {
    std::vector<Reply> items;
    for (const std::string_view word : words)
        items.push_back(Reply::status(std::string(word)));
    return Reply::array(std::move(items));
}

/// Ten fields: name, arity, flags, first, last and step of keys (there are none), categories, tips, key specifications,
/// subcommands.
Reply details_of(const CommandEntry& command) {
    std::vector<Reply> tips;
    for (const std::string_view tip : command.tips)
        tips.push_back(Reply::bulk(std::string(tip)));
    std::vector<Reply> subcommands;
    for (const CommandEntry& other : command_table()) {
        if (other.name.starts_with(command.name) && other.name.substr(command.name.size()).starts_with('|')) {
            subcommands.push_back(details_of(other));
        }
    }
    return Reply::array({Reply::bulk(std::string(command.name)), Reply::number(command.arity), statuses(command.flags),
                         Reply::number(0), Reply::number(0), Reply::number(0), statuses(command.categories),
                         Reply::array(std::move(tips)), Reply::array({}), Reply::array(std::move(subcommands))});
}

/// `name` as COMMAND takes it: a command, or a subcommand behind '|'.
const CommandEntry* find_by_name(const std::string& name) {
    const auto table = command_table();
    const auto found = std::ranges::find(table, lower_case(name), &CommandEntry::name);
    return found == table.end() ? nullptr : &*found;
}

Reply details(std::span<const std::string> names) {
    std::vector<Reply> items;
    for (const std::string& name : names) {
        const CommandEntry* const command = find_by_name(name);
        items.push_back(command == nullptr ? Reply::null_bulk() : details_of(*command));
    }
    return Reply::array(std::move(items));
}

Reply all_details() {
    std::vector<Reply> items;
    for (const CommandEntry& command : command_table()) {
        if (!is_subcommand(command)) items.push_back(details_of(command));
    }
    return Reply::array(std::move(items));
}

Reply docs(std::span<const std::string> names) {
    std::vector<Reply> items;
    const auto show = [&](const CommandEntry& command) {
        const bool watches = command.name.starts_with("sentinel");
        items.push_back(Reply::bulk(std::string(command.name)));
        items.push_back(Reply::array({Reply::bulk("group"), Reply::bulk(watches ? "sentinel" : "server")}));
    };
    if (names.empty()) {
        for (const CommandEntry& command : command_table()) {
            if (!is_subcommand(command)) show(command);
        }
    }
    for (const std::string& name : names) {
        if (const CommandEntry* const command = find_by_name(name)) show(*command);
    }
    return Reply::array(std::move(items));
}

template <class Filter>
Reply names_of(Filter fits) {
    std::vector<Reply> items;
    for (const CommandEntry& command : command_table()) {
        if (fits(command)) items.push_back(Reply::bulk(std::string(command.name)));
    }
    return Reply::array(std::move(items));
}

Reply list(std::span<const std::string> words) {
    if (words.empty()) return names_of([](const CommandEntry&) { return true; });
    if (words.size() != 3 || !equal_ignoring_case(words[0], "filterby")) return Reply::error("ERR syntax error");
    const std::string value = lower_case(words[2]);
    if (equal_ignoring_case(words[1], "module")) return Reply::array({});
    if (equal_ignoring_case(words[1], "pattern")) {
        return names_of([&](const CommandEntry& command) { return resp::glob_matches(value, command.name); });
    }
    if (!equal_ignoring_case(words[1], "aclcat")) return Reply::error("ERR syntax error");
    return names_of([&](const CommandEntry& command) {
        return std::ranges::find(command.categories, "@" + value) != command.categories.end();
    });
}

Reply keys(std::span<const std::string> command) {
    const CommandEntry* const entry = find_command(command);
    if (entry == nullptr) return Reply::error("ERR Invalid command specified");
    return Reply::error("ERR The command has no key arguments");
}

Reply help() {
    constexpr std::array<std::string_view, 17> lines{
        "COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "(no subcommand)",
        "    Shows every command: how many words it takes, flags, categories.",
        "COUNT",
        "    Shows how many commands there are.",
        "LIST [FILTERBY (MODULE <name>|ACLCAT <category>|PATTERN <pattern>)]",
        "    Shows the names of commands and their subcommands.",
        "INFO [<command-name> ...]",
        "    Shows these commands.",
        "DOCS [<command-name> ...]",
        "    Shows to which group these commands belong.",
        "GETKEYS <full-command>",
        "    Shows the keys in a command. Here no command has any.",
        "GETKEYSANDFLAGS <full-command>",
        "    The same, with how they are used.",
        "HELP",
        "    Shows this.",
    };
    return statuses({lines.begin(), lines.end()});
}

}  // namespace

Reply answer_command(const Question& question) {
    const auto words = question.words;
    if (words.size() == 1) return all_details();
    const std::string what = lower_case(words[1]);
    const auto rest = words.subspan(2);
    if (what == "count") return Reply::number(std::ranges::count_if(command_table(), std::not_fn(is_subcommand)));
    if (what == "list") return list(rest);
    if (what == "info") return rest.empty() ? all_details() : details(rest);
    if (what == "docs") return docs(rest);
    if (what == "help") return help();
    return keys(rest);
}

}  // namespace holdfast::sentinel
