#pragma once
// Every handler of the API, by the file that holds it. Each is called by the router only (router.h); see docs/openapi.json for
// what it does.

#include <boost/asio/awaitable.hpp>

#include "admin/api.h"
#include "admin/http_message.h"

namespace holdfast::admin {

using Answer = boost::asio::awaitable<Response>;

// clusters.cc
Answer list_clusters(Api& api, const Request& request);
Answer create_cluster(Api& api, const Request& request);
Answer show_cluster(Api& api, const Request& request);
Answer change_cluster(Api& api, const Request& request);
Answer remove_cluster(Api& api, const Request& request);

// nodes.cc
Answer list_nodes(Api& api, const Request& request);
Answer create_node(Api& api, const Request& request);
Answer show_node(Api& api, const Request& request);
Answer change_node(Api& api, const Request& request);
Answer remove_node(Api& api, const Request& request);
Answer drain_node(Api& api, const Request& request);
Answer undrain_node(Api& api, const Request& request);

// groups.cc
Answer list_groups(Api& api, const Request& request);
Answer show_group(Api& api, const Request& request);
Answer failover_group(Api& api, const Request& request);

// devices.cc
Answer create_device(Api& api, const Request& request);
Answer show_device(Api& api, const Request& request);
Answer change_device(Api& api, const Request& request);
Answer remove_device(Api& api, const Request& request);
Answer move_device(Api& api, const Request& request);
Answer release_device(Api& api, const Request& request);
Answer explain_device(Api& api, const Request& request);

// device_list.cc
Answer list_devices(Api& api, const Request& request);

// device_import.cc
Answer import_devices(Api& api, const Request& request);

// moves.cc
Answer list_moves(Api& api, const Request& request);
Answer start_move(Api& api, const Request& request);
Answer show_move(Api& api, const Request& request);
Answer change_move(Api& api, const Request& request);
Answer cancel_move(Api& api, const Request& request);

// commands.cc
Answer submit_command(Api& api, const Request& request);
Answer submit_commands(Api& api, const Request& request);
Answer list_commands(Api& api, const Request& request);
Answer list_device_commands(Api& api, const Request& request);
Answer show_command(Api& api, const Request& request);
Answer cancel_command(Api& api, const Request& request);
Answer show_command_summary(Api& api, const Request& request);

// command_watch.cc
Answer watch_commands(Api& api, const Request& request);

// jobs.cc
Answer create_job(Api& api, const Request& request);
Answer list_jobs(Api& api, const Request& request);
Answer show_job(Api& api, const Request& request);
Answer cancel_job(Api& api, const Request& request);

// audit.cc
Answer show_audit(Api& api, const Request& request);
Answer list_poison(Api& api, const Request& request);

// connections.cc
Answer list_connections(Api& api, const Request& request);
Answer show_connection(Api& api, const Request& request);
Answer end_connection(Api& api, const Request& request);

// routes.cc
Answer show_routes(Api& api, const Request& request);

// troubles.cc
Answer list_fights(Api& api, const Request& request);
Answer list_refusals(Api& api, const Request& request);

// events.cc
Answer list_or_follow_events(Api& api, const Request& request);

// places.cc
Answer follow_places(Api& api, const Request& request);

// health.cc
Answer show_health(Api& api, const Request& request);

// settings.cc
Answer show_settings(Api& api, const Request& request);
Answer reload_settings(Api& api, const Request& request);

// metrics.cc
Answer show_metrics(Api& api, const Request& request);

// openapi.cc
Answer show_openapi(Api& api, const Request& request);

}  // namespace holdfast::admin
