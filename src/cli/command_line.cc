#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <sstream>
#include <utility>

#include "cli/sentinel_arguments.h"
#include "settings/values.h"

namespace holdfast::cli {
namespace {

constexpr std::string_view footer =
    "Where Holdfast is: --api, HOLDFAST_API, or what a Holdfast on this machine left in its data directory.\n"
    "Exit codes: 0 ok; 1 the answer is no, or it did not work; 2 the command line or the settings are wrong;\n"
    "3 no Holdfast answers; 4 what was named does not exist; 5 the token is missing, wrong, or allows too little;\n"
    "6 a command that was waited for did not succeed; 7 it has not ended yet.\n";

void add_common_options(CLI::App& app, Call& call) {
    app.add_option("--api", call.place.api, "Holdfast's API, host:port (also HOLDFAST_API)");
    app.add_option("--token", call.place.token, "The admin token (better: HOLDFAST_TOKEN, or the data directory's file)");
    app.add_option("--data-dir", call.place.data_dir, "Holdfast's data directory (also HOLDFAST_DATA_DIR)");
    app.add_flag("--json", call.json, "Print the API's JSON, for programs");
    app.add_flag("--no-color,--no-colour", call.no_colour, "No colours on a terminal");
}

/// Options of the program are accepted behind subcommands too.
void let_options_fall_through(CLI::App& app) {
    app.fallthrough();
    for (CLI::App* const sub : app.get_subcommands({}))
        let_options_fall_through(*sub);
}

/// The subcommand that `words` reach, for the usage of the right place.
const CLI::App& deepest(const CLI::App& app) {
    const auto parsed = app.get_subcommands();
    return parsed.empty() ? app : deepest(*parsed.front());
}

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

/// "did you mean": the subcommand that is spelt almost like `word`.
std::string nearest(const CLI::App& app, std::string_view word) {
    std::string best;
    std::size_t best_distance = 3;
    for (const CLI::App* const sub : app.get_subcommands({})) {
        const std::size_t far = distance(word, sub->get_name());
        if (!sub->get_name().empty() && far < best_distance) {
            best = sub->get_name();
            best_distance = far;
        }
    }
    return best;
}

bool has_subcommand(const CLI::App& app, const std::string& word) {
    const auto subs = app.get_subcommands({});
    return std::ranges::any_of(subs, [&word](const CLI::App* sub) { return sub->get_name() == word; });
}

/// Options may stand behind subcommands of where they belong.
bool takes_value(const CLI::App& place, const std::string& word) {
    if (!word.starts_with('-')) return false;
    for (const CLI::App* app = &place; app != nullptr; app = app->get_parent()) {
        if (const CLI::Option* const option = app->get_option_no_throw(word)) return option->get_items_expected_max() > 0;
    }
    return false;
}

/// The first word that is no command where it stands, and where that is.
struct Stray {
    const CLI::App* place = nullptr;
    std::string word;  ///< empty: all commands are known
};

Stray find_stray(const CLI::App& app, const std::vector<std::string>& words) {
    const CLI::App* place = &app;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (takes_value(*place, word)) {
            ++i;
        } else if (!word.starts_with('-')) {
            if (place->get_require_subcommand_min() == 0) break;
            if (!has_subcommand(*place, word)) return {place, word};
            place = place->get_subcommand(word);
        }
    }
    return {place, {}};
}

std::string path_of(const CLI::App& app) {
    return app.get_parent() == nullptr ? app.get_name() : path_of(*app.get_parent()) + " " + app.get_name();
}

int refuse_usage(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words, std::ostream& err) {
    const Stray stray = find_stray(app, words);
    if (stray.word.empty()) {
        err << "holdfast: " << error.what() << "\nSee: " << path_of(deepest(app)) << " --help\n";
        return static_cast<int>(ExitCode::usage);
    }
    err << "holdfast: there is no '" << printable(stray.word) << "' in '" << path_of(*stray.place) << "'\n";
    const std::string meant = nearest(*stray.place, stray.word);
    if (!meant.empty()) err << "Did you mean '" << meant << "'?\n";
    err << "See: " << path_of(*stray.place) << " --help\n";
    return static_cast<int>(ExitCode::usage);
}

/// `--wait` may stand alone or before a length, which a flag takes only behind '='.
void join_wait(std::vector<std::string>& words) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        const std::string& next = words[i + 1];
        if (words[i] != "--wait" || next.find_first_of("0123456789") != 0 || !settings::parse_duration(next)) continue;
        words[i] += "=" + next;
        words.erase(words.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    }
}

}  // namespace

int run_command_line(std::vector<std::string> arguments, const Surroundings& surroundings, const Programs& programs) {
    Call call(surroundings);
    CommandSet set{call, programs, take_sentinel_overrides(arguments)};
    CLI::App app("Holdfast: one address for a fleet of MQTT devices.", "holdfast");
    app.get_formatter()->column_width(34);
    app.footer(std::string(footer));
    app.require_subcommand(1);
    add_common_options(app, call);
    add_run_commands(app, set);
    add_config_commands(app, set);
    add_cluster_commands(app, set);
    add_node_commands(app, set);
    add_group_commands(app, set);
    add_device_commands(app, set);
    add_command_commands(app, set);
    add_job_commands(app, set);
    add_connection_commands(app, set);
    add_move_commands(app, set);
    add_trouble_commands(app, set);
    add_event_command(app, set);
    add_process_commands(app, set);
    add_token_commands(app, set);
    add_completion_command(app, set);
    let_options_fall_through(app);

    join_wait(arguments);
    const std::vector<std::string> words = arguments;
    // CLI11 takes them from the back.
    std::ranges::reverse(arguments);
    try {
        app.parse(arguments);
    } catch (const CLI::CallForHelp&) {
        surroundings.out << deepest(app).help();
        return static_cast<int>(ExitCode::ok);
    } catch (const CLI::CallForAllHelp&) {
        surroundings.out << app.help("", CLI::AppFormatMode::All);
        return static_cast<int>(ExitCode::ok);
    } catch (const CLI::ParseError& error) {
        if (words.empty()) {
            surroundings.out << app.help();
            return static_cast<int>(ExitCode::usage);
        }
        return refuse_usage(app, error, words, surroundings.err);
    }
    return set.chosen();
}

}  // namespace holdfast::cli
