// hf_bench_commands: the devices and the callers of a measurement. See commands_bench.h for what it can do.

#include "commands_bench.h"

#include <sys/prctl.h>

#include <csignal>

int main(int argc, char** argv) {
    using namespace holdfast::bench;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const DriveOptions options = parse_drive_options(argc, argv);
    if (options.mode == "devices") {
        run_devices(options);
    } else if (options.mode == "bare") {
        run_bare(options);
    } else if (options.mode == "sync") {
        run_sync(options);
    } else if (options.mode == "grpc") {
        run_grpc(options);
    } else if (options.mode == "submit") {
        run_submit(options);
    } else if (options.mode == "floor") {
        run_floor(options);
    } else {
        give_up("unknown mode " + options.mode);
    }
}
