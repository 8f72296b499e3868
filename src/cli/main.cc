#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "cli/center_run.h"
#include "cli/channel_run.h"
#include "cli/command_line.h"
#include "cli/up.h"
#include "runtime/system_clock.h"
#include "settings/load.h"
#include "simulate/run_simulation.h"

int main(int argc, char** argv) {
    using namespace holdfast;
    const runtime::SystemClock clock;
    const char* const terminal = std::getenv("TERM");
    const bool colour = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr && terminal != nullptr &&
                        std::string_view(terminal) != "dumb";
    const cli::Surroundings surroundings{.out = std::cout,
                                         .err = std::cerr,
                                         .in = std::cin,
                                         .colour = colour,
                                         .environment = settings::process_environment,
                                         .now = [&clock] { return clock.wall(); }};
    const cli::Programs programs{
        .up = cli::run_up,
        .center = cli::run_center,
        .channel = cli::run_channel,
        .simulate = [](const simulate::Options& options) { return simulate::run_simulation(options, stdout); }};
    return cli::run_command_line(std::vector<std::string>(argv + 1, argv + argc), surroundings, programs);
}
