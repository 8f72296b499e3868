#pragma once
// `holdfast sentinel`: a Redis Sentinel that is started, and configured, as redis-sentinel is.

#include "cli/sentinel_arguments.h"

namespace holdfast::cli {

/// Runs until SIGINT, SIGTERM or SHUTDOWN. Returns the program's exit code.
[[nodiscard]] int run_sentinel(const SentinelRunOptions& options);

}  // namespace holdfast::cli
