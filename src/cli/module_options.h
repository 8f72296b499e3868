#pragma once
// From the settings, which are what an operator writes, to the options of each module, which are what its code understands.

#include <array>
#include <cstdint>
#include <vector>

#include "admin/admin_options.h"
#include "center/command_center.h"
#include "channel/channel_options.h"
#include "control/active_keeper.h"
#include "discovery/local_cluster.h"
#include "discovery/prober.h"
#include "fleet/fleet_options.h"
#include "fleet/policy.h"
#include "gateway/options.h"
#include "profile/profile.h"
#include "rpc/rpc_server.h"
#include "runtime/log.h"
#include "settings/settings.h"
#include "storage/sqlite_command_store.h"
#include "storage/sqlite_fleet_store.h"

namespace holdfast::cli {

[[nodiscard]] gateway::Options gateway_options(const settings::GatewaySettings& settings);
[[nodiscard]] gateway::Tuning gateway_tuning(const settings::GatewaySettings& settings);
[[nodiscard]] fleet::FleetOptions fleet_options(const settings::Settings& settings, std::uint64_t table_seed);
/// `password_key`: for devices that are identified by their password.
[[nodiscard]] fleet::Policy fleet_policy(const settings::Settings& settings, const std::array<std::uint8_t, 32>& password_key);
[[nodiscard]] discovery::ProbeOptions probe_options(const settings::ProbeSettings& settings);
[[nodiscard]] discovery::LocalClusterOptions local_cluster_options(const settings::Settings& settings,
                                                                   const settings::ClusterSettings& cluster);
[[nodiscard]] storage::SqliteOptions store_options(const settings::StorageSettings& settings);
[[nodiscard]] admin::AdminOptions admin_options(const settings::AdminSettings& settings);
/// `settings.listen` must not be empty.
[[nodiscard]] rpc::RpcOptions rpc_options(const settings::RpcSettings& settings);
[[nodiscard]] storage::SqliteCommandOptions command_store_options(const settings::Settings& settings);
/// Without the webhooks' body.
[[nodiscard]] center::CenterOptions center_options(const settings::CommandsSettings& settings);
/// Without the cluster.
[[nodiscard]] channel::ChannelOptions channel_options(const settings::CommandsSettings& settings);
[[nodiscard]] std::vector<profile::ProfileText> profile_texts(const settings::Settings& settings);
[[nodiscard]] fleet::ClusterPolicy cluster_policy(settings::ClusterPolicy policy);
[[nodiscard]] control::ActiveKeeperOptions active_keeper_options(const settings::StandbySettings& settings);
void configure_log(const settings::LogSettings& settings);

}  // namespace holdfast::cli
