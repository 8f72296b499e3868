#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"

namespace holdfast::cli {
namespace {

/// What may follow a chain of subcommands, e.g. "device ls".
struct Place {
    std::string path;  ///< words joined by spaces; empty at the top
    std::vector<std::string> words;
    std::vector<std::string> options;
};

void collect(const CLI::App& app, const std::string& path, std::vector<Place>& places) {
    Place place{path, {}, {}};
    for (const CLI::App* const sub : app.get_subcommands({})) {
        // Option groups are nameless subcommands to CLI11.
        if (!sub->get_name().empty()) place.words.push_back(sub->get_name());
    }
    std::vector<const CLI::App*> owners = {&app};
    for (const CLI::App* const sub : app.get_subcommands({})) {
        if (sub->get_name().empty()) owners.push_back(sub);
    }
    for (const CLI::App* const owner : owners) {
        for (const CLI::Option* const option : owner->get_options({})) {
            for (const std::string& name : option->get_lnames())
                place.options.push_back("--" + name);
        }
    }
    places.push_back(std::move(place));
    for (const CLI::App* const sub : app.get_subcommands({})) {
        if (!sub->get_name().empty()) collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), places);
    }
}

std::string bash(const std::vector<Place>& places) {
    std::string out =
        "# bash completion for holdfast; use: source <(holdfast completion bash)\n"
        "_holdfast() {\n"
        "    local current=\"${COMP_WORDS[COMP_CWORD]}\" path='' word i\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        word=\"${COMP_WORDS[i]}\"\n"
        "        case \"$path $word\" in\n";
    for (const Place& place : places) {
        if (place.path.empty()) continue;
        const std::size_t last = place.path.rfind(' ');
        const std::string before = last == std::string::npos ? "" : place.path.substr(0, last);
        const std::string word = last == std::string::npos ? place.path : place.path.substr(last + 1);
        out += fmt::format("            '{} {}') path='{}' ;;\n", before, word, place.path);
    }
    out +=
        "        esac\n"
        "    done\n"
        "    local words=''\n"
        "    case \"$path\" in\n";
    for (const Place& place : places) {
        out += fmt::format("        '{}') words='{} {}' ;;\n", place.path, fmt::join(place.words, " "),
                           fmt::join(place.options, " "));
    }
    out +=
        "    esac\n"
        "    words=\"$words --api --token --data-dir --json --no-color --help\"\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
        "}\n"
        "complete -o default -F _holdfast holdfast ./holdfast\n";
    return out;
}

std::string zsh(const std::vector<Place>& places) {
    return "#compdef holdfast\n# zsh completion for holdfast; use: source <(holdfast completion zsh)\n"
           "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n" +
           bash(places);
}

std::string fish(const std::vector<Place>& places) {
    std::string out =
        "# fish completion for holdfast; use: holdfast completion fish | source\n"
        "function __holdfast_at\n"
        "    set -l words (commandline -opc | string match -v -- '-*')\n"
        "    test (string join ' ' -- $words[2..-1] | string replace -r '^((?:\\S+ ?){'$argv[2]'}).*' '$1' | string trim) = "
        "\"$argv[1]\"\n"
        "end\n"
        "complete -c holdfast -f\n";
    for (const Place& place : places) {
        const std::size_t depth =
            place.path.empty() ? 0 : 1 + static_cast<std::size_t>(std::count(place.path.begin(), place.path.end(), ' '));
        const std::string condition =
            depth == 0 ? "test (count (commandline -opc)) -eq 1" : fmt::format("__holdfast_at \"{}\" {}", place.path, depth);
        for (const std::string& word : place.words)
            out += fmt::format("complete -c holdfast -n '{}' -a {}\n", condition, word);
        for (const std::string& option : place.options)
            out += fmt::format("complete -c holdfast -n '{}' -l {}\n", condition, option.substr(2));
    }
    return out;
}

}  // namespace

std::optional<std::string> completion_script(const CLI::App& app, std::string_view shell) {
    std::vector<Place> places;
    collect(app, "", places);
    if (shell == "bash") return bash(places);
    if (shell == "zsh") return zsh(places);
    if (shell == "fish") return fish(places);
    return std::nullopt;
}

void add_completion_command(CLI::App& app, CommandSet& set) {
    const auto shell = std::make_shared<std::string>();
    CLI::App* const command = app.add_subcommand("completion", "Prints a shell's completion script");
    command->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    Call& call = set.call;
    command->callback([&app, &set, &call, shell] {
        set.choose([&app, &call, shell] {
            call.print(completion_script(app, *shell).value_or(""));
            return ExitCode::ok;
        });
    });
}

}  // namespace holdfast::cli
