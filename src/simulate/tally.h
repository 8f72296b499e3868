#pragma once
// What a simulation has counted so far.

#include <cstdint>
#include <map>
#include <string>

#include "simulate/latency_histogram.h"

namespace holdfast::simulate {

struct Tally {
    std::uint32_t devices = 0;
    // Now.
    std::uint32_t connected = 0;
    std::uint32_t aside = 0;  ///< leave their id to somebody else
    std::string last_aside;   ///< the id that was taken over last
    // Since the start.
    std::uint64_t connects = 0;          ///< CONNACKs that accepted
    std::uint64_t reconnects = 0;        ///< those of them that were not a device's first
    std::uint64_t lost_connections = 0;  ///< ended without either side's goodbye
    std::uint64_t told_to_go = 0;        ///< ended by the server's DISCONNECT
    std::uint64_t taken_over = 0;
    std::map<std::string, std::uint64_t> refused;      ///< by the server's reason
    std::map<std::string, std::uint64_t> unreachable;  ///< no TCP connection, by reason
    std::uint64_t published = 0;
    std::uint64_t held_back = 0;  ///< not published, as too much was unacknowledged
    std::uint64_t acknowledged = 0;
    std::uint64_t received = 0;        ///< with echo: own messages that came back
    std::uint64_t duplicates = 0;      ///< with echo: came back more than once
    std::uint64_t commands = 0;        ///< messages to a device from others
    std::uint64_t executed = 0;        ///< commands; the same one again counts again
    std::uint64_t failed = 0;          ///< of them, in failure
    std::uint64_t answered = 0;        ///< answers sent
    std::uint64_t answered_again = 0;  ///< commands that came again and were known
    std::uint64_t silent = 0;          ///< executed without an answer
    std::uint64_t crashed = 0;         ///< executed, and the connection broken off before the answer
    std::uint64_t lost = 0;            ///< known not to have arrived; complete only after the end
    LatencyHistogram connect_latency;  ///< from the first SYN to CONNACK
    LatencyHistogram latency;          ///< with echo: until it came back; else, with QoS 1 and 2: until acknowledged
};

}  // namespace holdfast::simulate
