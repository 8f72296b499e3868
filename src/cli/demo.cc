#include "cli/demo.h"

#include <fmt/format.h>

#include "cli/version.h"
#include "net/address.h"

namespace holdfast::cli {

namespace {

/// Where a client on this machine connects to reach what listens on `address`.
net::HostPort reachable(const std::string& address) {
    net::HostPort place = net::parse_host_port(address).value_or(net::HostPort{"127.0.0.1", 1883});
    if (place.host == "0.0.0.0") place.host = "127.0.0.1";
    if (place.host == "::") place.host = "::1";
    return place;
}

}  // namespace

std::string_view demo_settings() noexcept {
    return R"(# Two clusters of two Mosquitto nodes each, on this machine.
[[cluster]]
name = "east"
source = "local"
nodes = 2

[[cluster]]
name = "west"
source = "local"
nodes = 2

# New devices are spread over the clusters by hash; those that a rule fits are at home where it says.
[[allocation.rule]]
pattern = "meter-7"
cluster = "east"
)";
}

simulate::Options demo_fleet(const std::string& address) {
    simulate::Options options;
    options.to = reachable(address);
    options.devices = 100;
    options.rate = 0.5;
    options.yield_ids = true;
    options.commands = true;
    return options;
}

std::string screen(const Screen& what, bool demo) {
    const net::HostPort place = reachable(what.devices);
    std::string text = fmt::format("\nHoldfast {} is up. Ctrl-C ends it.\n\n", version);
    text += fmt::format("  devices connect to   {}\n", what.devices);
    text += fmt::format("  HTTP API             http://{}/api/v1\n", what.api);
    if (!what.rpc.empty()) text += fmt::format("  gRPC                 {}\n", what.rpc);
    text += fmt::format("  admin token          {}\n", what.token_file);
    text += fmt::format("  data and node logs   {}\n", what.data_dir);
    if (!demo) return text + "\n";
    text += "  clusters             east (east-1, east-2) and west (west-1, west-2), real Mosquitto processes\n";
    text += "  simulated fleet      100 devices, meter-1 to meter-100, each publishing to <id>/telemetry\n";
    text += "                       and answering commands\n";
    text += "\nFour things to try in another terminal:\n\n";
    text += fmt::format("  mosquitto_sub -h {} -p {} -i meter-7 -t 'meter-7/#' &    # be a device: any MQTT client will do\n",
                        place.host, place.port);
    text += "  ./holdfast device move meter-7 --to west               # it comes back there; then: device explain meter-7\n";
    text += "  ./holdfast command send meter-8 reboot --wait          # its result; then: command ls\n";
    text += "  ./holdfast node ls                                     # then kill -9 one of the pids, and: events --follow\n\n";
    return text;
}

}  // namespace holdfast::cli
