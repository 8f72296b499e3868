// hf_bench_load: the clients of a measurement. See load_modes.h for what it can do.
#include <cstdio>

#include "load_modes.h"
#include "load_options.h"
#include "sockets.h"

int main(int argc, char** argv) {
    using namespace holdfast::bench;
    tie_to_parent();
    const LoadOptions options = parse_load_options(argc, argv);
    if (options.mode == "connect") {
        run_connect(options);
    } else if (options.mode == "hold") {
        run_hold(options);
    } else if (options.mode == "storm") {
        run_storm(options);
    } else if (options.mode == "relay") {
        run_relay(options);
    } else if (options.mode == "stream") {
        run_stream(options);
    } else if (options.mode == "paced") {
        run_paced(options);
    } else if (options.mode == "ping") {
        run_ping(options);
    } else if (options.mode == "sticky") {
        run_sticky(options);
    } else {
        fail_plain("unknown mode " + options.mode);
    }
}
