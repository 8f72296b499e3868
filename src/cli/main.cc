#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "cli/center_run.h"
#include "cli/channel_run.h"
#include "cli/command_line.h"
#include "cli/sentinel_run.h"
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
        .sentinel = cli::run_sentinel,
        .simulate = [](const simulate::Options& options) { return simulate::run_simulation(options, stdout); }};
    std::vector<std::string> words(argc > 0 ? argv + 1 : argv, argv + argc);
    // Under the name of redis-sentinel it is one.
    if (argc > 0 && std::string_view(argv[0]).ends_with("redis-sentinel")) words.insert(words.begin(), "sentinel");
    return cli::run_command_line(std::move(words), surroundings, programs);
}
