#pragma once
// The words behind `holdfast sentinel`, which are those behind redis-sentinel.

#include <string>
#include <vector>

#include "cli/run_options.h"

namespace holdfast::cli {

struct SentinelRunOptions : RunOptions {
    std::string config_file;             ///< sentinel.conf; it is written to. Empty: RunOptions say what is watched
    std::vector<std::string> overrides;  ///< what stands behind it: --port 26380 --sentinel monitor ...
};

/// Takes the words behind `sentinel <file>` away from a command line: they are directives of the file and no options of ours.
[[nodiscard]] std::vector<std::string> take_sentinel_overrides(std::vector<std::string>& words);

}  // namespace holdfast::cli
