#pragma once
// `holdfast simulate`: a simulation with its progress on the terminal, until its end or Ctrl-C.

#include <cstdio>

#include "simulate/options.h"

namespace holdfast::simulate {

/// Runs on this thread; takes over SIGINT and SIGTERM while it does (the first ends in an orderly way, the second at once). On
/// a terminal the progress is one line that is written over, else a line each report interval. Returns the exit code: 0; 1 when
/// no device ever connected, or messages are known to be lost; 2 for unsound options.
[[nodiscard]] int run_simulation(const Options& options, std::FILE* out);

}  // namespace holdfast::simulate
