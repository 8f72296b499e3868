#pragma once
// What hf_bench_commands is asked to do: its command line as a value.

#include <cstddef>
#include <cstdint>
#include <string>

namespace holdfast::bench {

struct DriveOptions {
    std::string mode;
    std::uint16_t port = 0;       ///< MQTT; HTTP or gRPC for those who call Holdfast
    std::string token_file = {};  ///< of the API
    std::string dir = {};         ///< floor: where its file is made
    std::size_t devices = 1000;   ///< they are called bench-0, bench-1, ...
    std::size_t callers = 1;      ///< requests under way at a time
    std::size_t batch = 1;        ///< submit: commands in one request; floor: rows in one transaction
    std::size_t count = 0;        ///< submit: commands in all; floor: rows in all
    double seconds = 5;           ///< bare, sync, grpc: how long new requests are made
    std::uint64_t seed = 1;
};

/// Reads the command line; ends the process with a sentence when it makes no sense.
[[nodiscard]] DriveOptions parse_drive_options(int argc, char** argv);

[[noreturn]] void give_up(const std::string& sentence);

/// "bench-<number>".
[[nodiscard]] std::string device_id(std::size_t number);

/// 64 bytes of JSON: what a command carries, with and without Holdfast.
constexpr const char* command_data = R"({"rate_hz":2,"sensor":"temperature","unit":"celsius","keep":true})";
/// What a device answers.
constexpr const char* reply_data = R"({"status":"succeeded","execution":1})";

}  // namespace holdfast::bench
