// What the load generator is asked to do: its command line as a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "packets.h"

namespace holdfast::bench {

struct LoadOptions {
    std::string mode;
    std::uint16_t port = 0;
    Version version = Version::v3_1_1;
    std::string id_prefix = "bench-";
    std::size_t first_id = 0;     // client ids are the prefix and first_id, first_id + 1, ...
    std::size_t ids = 0;          // connect: how many different ids take turns; 0 for as many as `count`
    std::size_t connections = 1;  // sessions that exist at once
    std::size_t count = 0;        // operations: cycles, messages, pings; its meaning is the mode's
    std::size_t size = 64;        // payload of a message, bytes
    double rate = 0;              // paced: messages a second over all connections
    double seconds = 0;           // paced: how long
    double timeout = 60;          // seconds after which a phase is given up and reported as failed
    unsigned sources = 8;         // source addresses 127.0.1.1 and up; 0 for the kernel's choice
    bool echo = false;            // paced: messages come back
};

/// Reads the command line; ends the process with a sentence when it makes no sense.
LoadOptions parse_load_options(int argc, char** argv);

}  // namespace holdfast::bench
