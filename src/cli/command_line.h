#pragma once
// The whole command line of `holdfast`: what it accepts, and what it does then.

#include <string>
#include <vector>

#include "cli/call.h"
#include "cli/commands.h"

namespace holdfast::cli {

/// Runs one command line (without the program's name) to its end and gives the exit code (exit_code.h).
[[nodiscard]] int run_command_line(std::vector<std::string> arguments, const Surroundings& surroundings,
                                   const Programs& programs);

}  // namespace holdfast::cli
