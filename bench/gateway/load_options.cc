#include "load_options.h"

#include <charconv>
#include <cstdlib>

#include "sockets.h"

namespace holdfast::bench {
namespace {

template <class Number>
void read_number(std::string_view name, std::string_view text, Number& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        fail_plain(std::string(name) + " needs a number, not " + std::string(text));
    }
}

Version read_version(std::string_view text) {
    if (text == "3.1") return Version::v3_1;
    if (text == "3.1.1") return Version::v3_1_1;
    if (text == "5") return Version::v5;
    fail_plain("--version is 3.1, 3.1.1 or 5");
}

void read_option(LoadOptions& options, std::string_view name, std::string_view value) {
    if (name == "--port") return read_number(name, value, options.port);
    if (name == "--first-id") return read_number(name, value, options.first_id);
    if (name == "--ids") return read_number(name, value, options.ids);
    if (name == "--connections") return read_number(name, value, options.connections);
    if (name == "--count") return read_number(name, value, options.count);
    if (name == "--size") return read_number(name, value, options.size);
    if (name == "--rate") return read_number(name, value, options.rate);
    if (name == "--seconds") return read_number(name, value, options.seconds);
    if (name == "--timeout") return read_number(name, value, options.timeout);
    if (name == "--sources") return read_number(name, value, options.sources);
    if (name == "--version") {
        options.version = read_version(value);
    } else if (name == "--id-prefix") {
        options.id_prefix = value;
    } else if (name == "--echo") {
        options.echo = value == "yes";
    } else {
        fail_plain("unknown option " + std::string(name));
    }
}

}  // namespace

LoadOptions parse_load_options(int argc, char** argv) {
    LoadOptions options;
    if (argc < 2 || argc % 2 != 0) {
        fail_plain("usage: hf_bench_load connect|hold|relay|stream|paced|ping|sticky --port P [--option value]...");
    }
    options.mode = argv[1];
    for (int i = 2; i + 1 < argc; i += 2)
        read_option(options, argv[i], argv[i + 1]);
    if (options.port == 0) fail_plain("--port is needed");
    if (options.connections == 0) fail_plain("--connections is at least 1");
    if (options.sources > 250) fail_plain("--sources is at most 250");
    return options;
}

}  // namespace holdfast::bench
