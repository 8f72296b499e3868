#include "discovery/mosquitto_program.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace holdfast::discovery {
namespace {

bool can_run(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::string> find_mosquitto(const std::string& configured) {
    const std::string name = configured.empty() ? "mosquitto" : configured;
    if (name.find('/') != std::string::npos) {
        if (can_run(name)) return name;
        return fail(LocalErrc::no_mosquitto,
                    fmt::format("the setting local.mosquitto says {}, which is not a program that can be run", name));
    }
    const char* const path_variable = std::getenv("PATH");
    std::string places = path_variable != nullptr ? path_variable : "";
    // Debian keeps it in sbin, which is not in the PATH of ordinary users.
    places += ":/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/bin";
    std::string_view rest = places;
    while (!rest.empty()) {
        const auto colon = rest.find(':');
        const std::string_view place = rest.substr(0, colon);
        rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
        if (!place.starts_with('/')) continue;
        std::string candidate = fmt::format("{}/{}", place, name);
        if (can_run(candidate)) return candidate;
    }
    return fail(LocalErrc::no_mosquitto,
                fmt::format("{} is not installed, and local clusters need it; install it with: apt install mosquitto", name));
}

}  // namespace holdfast::discovery
