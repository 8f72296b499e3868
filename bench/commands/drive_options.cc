#include "drive_options.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace holdfast::bench {
namespace {

template <class Number>
void read_number(std::string_view name, std::string_view text, Number& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        give_up(std::string(name) + " needs a number, not " + std::string(text));
}

void read_option(DriveOptions& options, std::string_view name, std::string_view value) {
    if (name == "--port") return read_number(name, value, options.port);
    if (name == "--devices") return read_number(name, value, options.devices);
    if (name == "--callers") return read_number(name, value, options.callers);
    if (name == "--batch") return read_number(name, value, options.batch);
    if (name == "--count") return read_number(name, value, options.count);
    if (name == "--seconds") return read_number(name, value, options.seconds);
    if (name == "--seed") return read_number(name, value, options.seed);
    if (name == "--token-file") {
        options.token_file = value;
    } else if (name == "--dir") {
        options.dir = value;
    } else {
        give_up("unknown option " + std::string(name));
    }
}

}  // namespace

void give_up(const std::string& sentence) {
    std::fprintf(stderr, "hf_bench_commands: %s\n", sentence.c_str());
    std::exit(1);
}

DriveOptions parse_drive_options(int argc, char** argv) {
    DriveOptions options;
    if (argc < 2 || argc % 2 != 0) give_up("usage: hf_bench_commands devices|bare|sync|grpc|submit|floor [--option value]...");
    options.mode = argv[1];
    for (int i = 2; i + 1 < argc; i += 2)
        read_option(options, argv[i], argv[i + 1]);
    if (options.devices == 0 || options.callers == 0 || options.batch == 0) give_up("counts are at least 1");
    return options;
}

std::string device_id(std::size_t number) {
    return "bench-" + std::to_string(number);
}

}  // namespace holdfast::bench
