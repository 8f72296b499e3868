// The API's routes, each declared once. docs/openapi.json documents them; a test holds it against this table.

#include <array>

#include "admin/handlers.h"
#include "admin/problem.h"
#include "admin/router.h"

namespace holdfast::admin {
namespace {

using access::Scope;
using boost::beast::http::verb;

/// A route that a process without a fleet has too.
constexpr Route anywhere(Route route) noexcept {
    route.needs = Needs::nothing;
    return route;
}

constexpr std::array routes = {
    Route{verb::get, "/api/v1/clusters", list_clusters},
    Route{verb::post, "/api/v1/clusters", create_cluster},
    Route{verb::get, "/api/v1/clusters/{name}", show_cluster},
    Route{verb::patch, "/api/v1/clusters/{name}", change_cluster},
    Route{verb::delete_, "/api/v1/clusters/{name}", remove_cluster},
    Route{verb::post, "/api/v1/clusters/{name}/nodes", create_node},

    Route{verb::get, "/api/v1/nodes", list_nodes},
    Route{verb::get, "/api/v1/nodes/{name}", show_node},
    Route{verb::patch, "/api/v1/nodes/{name}", change_node},
    Route{verb::delete_, "/api/v1/nodes/{name}", remove_node},
    Route{verb::post, "/api/v1/nodes/{name}/drain", drain_node},
    Route{verb::post, "/api/v1/nodes/{name}/undrain", undrain_node},

    Route{verb::get, "/api/v1/groups", list_groups},
    Route{verb::get, "/api/v1/groups/{name}", show_group},
    Route{verb::post, "/api/v1/groups/{name}/failover", failover_group},

    Route{verb::get, "/api/v1/devices", list_devices},
    Route{verb::post, "/api/v1/devices", create_device},
    Route{verb::post, "/api/v1/devices/import", import_devices, Access::token, BodyUse::stream},
    Route{verb::get, "/api/v1/devices/{id}", show_device},
    Route{verb::patch, "/api/v1/devices/{id}", change_device},
    Route{verb::delete_, "/api/v1/devices/{id}", remove_device},
    Route{verb::post, "/api/v1/devices/{id}/move", move_device},
    Route{verb::post, "/api/v1/devices/{id}/release", release_device},
    Route{verb::get, "/api/v1/devices/{id}/explain", explain_device},

    Route{verb::get, "/api/v1/moves", list_moves},
    Route{verb::post, "/api/v1/moves", start_move},
    Route{verb::get, "/api/v1/moves/{id}", show_move},
    Route{verb::patch, "/api/v1/moves/{id}", change_move},
    Route{verb::delete_, "/api/v1/moves/{id}", cancel_move},

    anywhere({verb::get, "/api/v1/devices/{id}/commands", list_device_commands}),
    anywhere({verb::post, "/api/v1/devices/{id}/commands", submit_command, Access::token, BodyUse::whole, Scope::command}),
    anywhere({verb::get, "/api/v1/commands", list_commands}),
    anywhere({verb::post, "/api/v1/commands", submit_commands, Access::token, BodyUse::large, Scope::command}),
    anywhere({verb::get, "/api/v1/commands/summary", show_command_summary}),
    anywhere({verb::get, "/api/v1/commands/watch", watch_commands}),
    anywhere({verb::get, "/api/v1/commands/{id}", show_command}),
    anywhere({verb::delete_, "/api/v1/commands/{id}", cancel_command, Access::token, BodyUse::whole, Scope::command}),

    anywhere({verb::get, "/api/v1/jobs", list_jobs}),
    anywhere({verb::post, "/api/v1/jobs", create_job, Access::token, BodyUse::large, Scope::command}),
    anywhere({verb::get, "/api/v1/jobs/{id}", show_job}),
    anywhere({verb::delete_, "/api/v1/jobs/{id}", cancel_job, Access::token, BodyUse::whole, Scope::command}),
    anywhere({verb::get, "/api/v1/audit", show_audit}),
    anywhere({verb::get, "/api/v1/poison", list_poison}),

    Route{verb::get, "/api/v1/connections", list_connections},
    Route{verb::get, "/api/v1/connections/{id}", show_connection},
    Route{verb::delete_, "/api/v1/connections/{id}", end_connection},

    Route{verb::get, "/api/v1/routes", show_routes},
    Route{verb::get, "/api/v1/fights", list_fights},
    Route{verb::get, "/api/v1/refusals", list_refusals},
    Route{verb::get, "/api/v1/events", list_or_follow_events},

    Route{verb::get, "/api/v1/places", follow_places},

    anywhere({verb::get, "/api/v1/health", show_health, Access::anyone}),
    anywhere({verb::get, "/api/v1/settings", show_settings}),
    anywhere({verb::post, "/api/v1/settings/reload", reload_settings}),
    anywhere({verb::get, "/api/v1/openapi.json", show_openapi, Access::anyone}),
    anywhere({verb::get, "/metrics", show_metrics}),
};

Answer refuse_without_fleet(Api&, const Request&) {
    co_return unavailable("this process has no fleet; ask the one that has: the one that runs 'holdfast up'");
}

constexpr auto fleetless_routes = [] {
    auto all = routes;
    for (Route& route : all) {
        if (route.needs != Needs::fleet) continue;
        route.handler = refuse_without_fleet;
        route.body = BodyUse::whole;
    }
    return all;
}();

}  // namespace

std::span<const Route> route_table() {
    return routes;
}

std::span<const Route> fleetless_route_table() {
    return fleetless_routes;
}

}  // namespace holdfast::admin
