#pragma once
// Reading sentinel.conf as redis-sentinel 7.0 reads it: quoting, directives in any order (a group's options may stand before
// its `monitor` line), and the old forms. What Redis knows about servers and not about sentinels is skipped; names that Redis
// does not know are skipped with a warning, where Redis refuses them.
//
// Holdfast's own settings stand in comments, so that redis-sentinel can read the same file:
//
//     # holdfast: early-suspicion 100
//
// Names, all in milliseconds: early-suspicion, fast-info-period, retry-min, retry-max, redial-min, new-master-grace,
// own-pause. A comment that begins so and goes on otherwise is an error: it was meant.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sentinel/errors.h"
#include "sentinel/sentinel.h"
#include "sentinel/server_options.h"

namespace holdfast::sentinel {

struct ConfigFile {
    /// `options.port` is the one to be announced: tls-port where `tls.replication`, else port.
    SavedState saved = {};  ///< `my_id` is empty in a file that no sentinel has written yet: make one, and save
    ServerOptions server = {};
    std::vector<std::string> warnings = {};  ///< sentences, with the line
};

/// What reading has to ask of the outside world. Without a function the answer is taken for granted, or is nothing.
struct ConfigFileWorld {
    /// Is this a file that can be executed? Asked of scripts.
    std::function<bool(std::string_view path)> is_executable = {};
    /// The text behind `include path`; several files behind a pattern as one. Nothing: cannot be read.
    std::function<std::optional<std::string>(std::string_view path)> include = {};
};

constexpr std::size_t max_config_file_bytes = std::size_t{16} * 1024 * 1024;
constexpr unsigned max_include_depth = 8;

/// Errors: bad_file; the sentence is what redis-sentinel prints below its first line ("Reading the configuration file, at line
/// 3\n>>> 'sentinel monitor x'\n..."), to be printed behind config_error_headline. A line with a secret is shown without it.
[[nodiscard]] Result<ConfigFile> read_config_file(std::string_view text, const ConfigFileWorld& world = {});

/// The line above the sentence of a bad file, without line ends: "*** FATAL CONFIG FILE ERROR (Holdfast <version>) ***".
[[nodiscard]] std::string config_error_headline(std::string_view version);

/// Options of the command line as lines of a file, to be read behind it: `--port 5000 --sentinel monitor m 127.0.0.1 6379 2`.
/// A word that begins with "--" begins a line.
[[nodiscard]] std::string lines_of_arguments(std::span<const std::string> arguments);

}  // namespace holdfast::sentinel
