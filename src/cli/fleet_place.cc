#include "cli/fleet_place.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "admin/admin_token.h"
#include "cli/api_place.h"

namespace holdfast::cli {

directory::RemoteDirectory::FindFleet fleet_place_finder(const settings::Settings& settings) {
    return [data_dir = settings.paths.data_dir, token_file = settings.admin.token_file,
            configured = settings.commands.fleet_api]() -> Result<directory::FleetPlace> {
        const std::string address = configured.empty() ? read_endpoint_file(data_dir) : configured;
        if (address.empty()) {
            return fail(directory::StreamErrc::unreachable,
                        fmt::format("no process with the fleet has left its address in {}/endpoint; start one with 'holdfast "
                                    "up', or name it in commands.fleet_api",
                                    data_dir));
        }
        auto place = parse_api_address(address);
        if (!place) return std::unexpected(std::move(place).error());
        auto token = admin::load_token(token_file);
        if (!token) return std::unexpected(std::move(token).error());
        return directory::FleetPlace{.host = place->host, .port = place->port, .token = token->reveal()};
    };
}

}  // namespace holdfast::cli
