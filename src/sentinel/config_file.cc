#include "sentinel/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <utility>

#include "resp/quoted_words.h"
#include "sentinel/config_words.h"
#include "sentinel/own_settings.h"
#include "sentinel/saved_lines.h"
#include "sentinel/server_directives.h"

namespace holdfast::sentinel {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// The line for an error message, without what may be a secret behind its first words.
std::string shown(std::string_view line) {
    constexpr std::array<std::string_view, 6> secrets{"auth-pass",  "sentinel-pass", "requirepass",
                                                      "masterauth", "file-pass",     "user"};
    const std::string lower = lower_case(line);
    for (const std::string_view secret : secrets) {
        const std::size_t at = lower.find(secret);
        if (at != std::string::npos && at + secret.size() < line.size()) {
            return std::string(line.substr(0, at + secret.size())) + " (hidden)";
        }
    }
    return std::string(line);
}

class Reader {
public:
    explicit Reader(const ConfigFileWorld& world) : world_(world), saved_lines_(world) {}

    Result<> read(std::string_view text, unsigned depth);
    Result<ConfigFile> finish();

private:
    struct Statement {
        std::size_t number;
        std::string line;
        std::vector<std::string> words;
    };

    static std::unexpected<Error> bad_line(std::size_t number, std::string_view line, std::string_view why) {
        return fail(SentinelErrc::bad_file,
                    fmt::format("Reading the configuration file, at line {}\n>>> '{}'\n{}", number, shown(line), why));
    }

    Result<> read_line(std::size_t number, std::string_view line, unsigned depth);
    Result<> read_own_setting(std::size_t number, std::string_view line);
    Result<> read_directive(std::size_t number, std::string_view line, const std::vector<std::string>& words, unsigned depth);
    Result<> take_statements(StatementOrder order);
    void warn_of_open_door();

    const ConfigFileWorld& world_;
    ConfigFile file_;
    SavedLines saved_lines_;
    std::vector<Statement> statements_;
};

Result<> Reader::read(std::string_view text, unsigned depth) {
    if (text.size() > max_config_file_bytes)
        return fail(SentinelErrc::bad_file, "the configuration file is larger than 16 MiB");
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        auto done = read_line(number, trimmed(text.substr(0, end)), depth);
        if (!done) return done;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return {};
}

Result<> Reader::read_line(std::size_t number, std::string_view line, unsigned depth) {
    if (line.contains('\0')) return bad_line(number, "", "A line with a zero byte");
    if (line.starts_with('#')) return read_own_setting(number, line);
    const auto words = resp::split_words(line);
    if (!words) return bad_line(number, line, "Unbalanced quotes in configuration line");
    if (words->empty()) return {};
    if (!equal_ignoring_case(words->front(), "sentinel")) return read_directive(number, line, *words, depth);
    if (words->size() > 1) {
        statements_.push_back({.number = number, .line = std::string(line), .words = {words->begin() + 1, words->end()}});
    }
    return {};
}

Result<> Reader::read_own_setting(std::size_t number, std::string_view line) {
    const std::string_view comment = trimmed(line.substr(1));
    if (!comment.starts_with(own_setting_mark)) return {};
    const auto words = resp::split_words(comment.substr(own_setting_mark.size()));
    if (!words || words->size() != 2) {
        return bad_line(number, line, "A setting of Holdfast is a name and a number of milliseconds");
    }
    const OwnSetting* const setting = find_own_setting((*words)[0]);
    if (setting == nullptr) return bad_line(number, line, "Holdfast has no such setting");
    const auto value = whole_integer((*words)[1]);
    const auto in_milliseconds = [](Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); };
    if (!value || *value < in_milliseconds(setting->min) || *value > in_milliseconds(setting->max)) {
        return bad_line(number, line,
                        fmt::format("It must be between {} and {} milliseconds", in_milliseconds(setting->min),
                                    in_milliseconds(setting->max)));
    }
    file_.saved.options.*(setting->value) = std::chrono::milliseconds(*value);
    return {};
}

Result<> Reader::read_directive(std::size_t number, std::string_view line, const std::vector<std::string>& words,
                                unsigned depth) {
    std::vector<std::string> lowered = words;
    lowered[0] = lower_case(words[0]);
    if (lowered[0] == "include" && words.size() == 2) {
        const auto text = world_.include && depth < max_include_depth ? world_.include(words[1]) : std::nullopt;
        if (!text) return bad_line(number, line, "The included file cannot be read");
        return read(*text, depth + 1);
    }
    switch (kind_of_directive(lowered[0])) {
        case DirectiveKind::meaningless:
            return {};
        case DirectiveKind::unknown:
            file_.warnings.push_back(
                fmt::format("line {}: '{}' means nothing to a sentinel and is skipped", number, lowered[0]));
            return {};
        case DirectiveKind::taken:
            break;
    }
    const auto problem = take_directive(lowered, file_.server, file_.saved.options);
    if (problem) return bad_line(number, line, *problem);
    return {};
}

Result<> Reader::take_statements(StatementOrder order) {
    for (const Statement& statement : statements_) {
        if (order_of_statement(statement.words[0]) != order) continue;
        const auto problem = saved_lines_.take(statement.words, file_.saved);
        if (problem) return bad_line(statement.number, statement.line, *problem);
        for (const std::string& warning : saved_lines_.take_warnings()) {
            file_.warnings.push_back(fmt::format("line {}: {}", statement.number, warning));
        }
    }
    return {};
}

/// A password that is never asked for: redis-sentinel writes a line for the user "default" by itself, and a `requirepass` that
/// comes later changes nothing about it.
void Reader::warn_of_open_door() {
    if (file_.saved.options.require_pass.empty()) return;
    for (const auto& user : file_.server.users) {
        if (user[0] != "default" || std::ranges::find(user, "nopass") == user.end()) continue;
        file_.warnings.emplace_back(
            "requirepass has no effect, because a line lets the user default in without a password (nopass): remove that line");
    }
}

Result<ConfigFile> Reader::finish() {
    for (const StatementOrder order : {StatementOrder::first, StatementOrder::monitor, StatementOrder::last}) {
        const auto done = take_statements(order);
        if (!done) return std::unexpected(done.error());
    }
    const ServerOptions& server = file_.server;
    file_.saved.options.port = server.tls.replication && server.tls.port != 0 ? server.tls.port : server.port;
    warn_of_open_door();
    if (file_.saved.options.retry_max < file_.saved.options.retry_min) {
        return fail(SentinelErrc::bad_file, "Holdfast's setting retry-max is less than retry-min");
    }
    return std::move(file_);
}

}  // namespace

Result<ConfigFile> read_config_file(std::string_view text, const ConfigFileWorld& world) {
    Reader reader(world);
    const auto done = reader.read(text, 0);
    if (!done) return std::unexpected(done.error());
    return reader.finish();
}

std::string config_error_headline(std::string_view version) {
    return fmt::format("*** FATAL CONFIG FILE ERROR (Holdfast {}) ***", version);
}

std::string lines_of_arguments(std::span<const std::string> arguments) {
    std::string lines;
    for (const std::string& argument : arguments) {
        if (argument.starts_with("--") && argument.size() > 2) {
            if (!lines.empty()) lines += '\n';
            lines += argument.substr(2);
        } else {
            if (!lines.empty()) lines += ' ';
            lines += config_word(argument);
        }
    }
    if (!lines.empty()) lines += '\n';
    return lines;
}

}  // namespace holdfast::sentinel
