#pragma once
// From a settings file, `--set` options and the environment to `Settings`. What is named later wins: default, file,
// environment, command line. Nothing is guessed: an unknown name, a wrong kind, a value out of bounds or a contradiction is a
// problem with its place and a sentence, and all problems are told at once.

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "settings/settings.h"

namespace holdfast::settings {

/// Where an effective value comes from.
enum class Source : std::uint8_t { by_default, file, environment, command_line };
[[nodiscard]] std::string_view source_name(Source source) noexcept;

/// The value of an environment variable, or nothing. Hand in `process_environment` or a test's own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] std::optional<std::string> process_environment(const std::string& name);

struct Inputs {
    std::string file_name;  ///< for the places in sentences; empty: no file was given
    std::string file_text;
    std::vector<std::string> overrides;  ///< "section.name=value", as given to --set
    Environment environment;             ///< HOLDFAST_SECTION_NAME, XDG_STATE_HOME, HOME; may be empty
};

/// One thing that is wrong.
struct Problem {
    std::string place;     ///< "settings.toml:12:5", "--set gateway.threads", "HOLDFAST_LOG_LEVEL", "settings.toml"
    std::string sentence;  ///< what is wrong and what would be right
    [[nodiscard]] std::string text() const { return place.empty() ? sentence : place + ": " + sentence; }
    bool operator==(const Problem&) const = default;
};
/// At most this many problems are told; the last one then says how many more there are.
constexpr std::size_t max_problems = 25;
/// A larger settings file is refused before it is parsed.
constexpr std::size_t max_file_size = 4 * 1024 * 1024;

struct Loaded {
    Settings settings;
    std::map<std::string, Source, std::less<>> sources;  ///< of the settings that are not at their default, by dotted name
    std::string file_name;
};

/// Checks everything and fills in the paths that follow from others (data directory, store, token file).
[[nodiscard]] std::expected<Loaded, std::vector<Problem>> load(const Inputs& inputs);

/// Reads a settings file as a whole; the error says what to do. At most `max_file_size`.
[[nodiscard]] Result<std::string> read_settings_file(const std::string& path);

}  // namespace holdfast::settings
