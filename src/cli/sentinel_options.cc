#include "cli/sentinel_options.h"

#include <algorithm>
#include <utility>

#include "net/address.h"
#include "sentinel/election.h"

namespace holdfast::cli {
namespace {

/// A setting of one group, or the one for all that it leaves out.
template <class Value>
Value own_or(Value own, Value common) {
    return own == Value{} ? common : own;
}

unsigned quorum_of(std::uint32_t own, const settings::SentinelSettings& settings) {
    const auto most = static_cast<std::uint32_t>(sentinel::majority(settings.peers.size() + 1));
    return own_or(own_or(own, settings.quorum), most);
}

sentinel::SwitchBack switch_back_of(settings::SwitchBack setting) {
    switch (setting) {
        case settings::SwitchBack::by_hand:
            break;
        case settings::SwitchBack::automatic:
            return sentinel::SwitchBack::automatic;
        case settings::SwitchBack::never:
            return sentinel::SwitchBack::never;
    }
    return sentinel::SwitchBack::by_hand;
}

watch::ProbeKind probe_of(settings::GroupProbe setting) {
    switch (setting) {
        case settings::GroupProbe::mqtt:
            break;
        case settings::GroupProbe::http:
            return watch::ProbeKind::http;
        case settings::GroupProbe::tcp:
            return watch::ProbeKind::tcp;
    }
    return watch::ProbeKind::mqtt;
}

sentinel::TlsOptions tls_of(const settings::SentinelSettings& settings) {
    sentinel::TlsOptions tls;
    tls.port = settings.listen.port;
    tls.replication = settings.tls_redis;
    tls.cert_file = settings.tls_cert_file;
    tls.key_file = settings.tls_key_file;
    tls.ca_cert_file = settings.tls_ca_file;
    tls.auth_clients = settings.tls_mutual ? "yes" : "no";
    return tls;
}

Result<sentinel::SentinelOptions> options_of(const settings::SentinelSettings& settings) {
    sentinel::SentinelOptions options;
    options.port = settings.listen.port;
    if (!settings.announce.empty()) {
        const auto announce = net::parse_host_port(settings.announce);
        if (!announce) return std::unexpected(Error(announce.error()).with_prefix("sentinel.announce: "));
        options.announce = {.host = announce->host, .port = announce->port};
    }
    options.resolve_hostnames = true;
    options.require_pass = settings.password;
    options.peer_pass = settings.password;
    options.peer_user = settings.username;
    options.early_suspicion = settings.early_suspicion;
    return options;
}

sentinel::SavedGroup master_of(const settings::RedisMasterSettings& master, const settings::SentinelSettings& common,
                               const sentinel::SavedState& known) {
    sentinel::SavedGroup group{.name = master.name, .master = {.host = master.address.host, .port = master.address.port}};
    const auto old = std::ranges::find(known.groups, master.name, &sentinel::SavedGroup::name);
    if (old != known.groups.end()) group = *old;
    group.options = {};
    group.options.quorum = quorum_of(master.quorum, common);
    group.options.down_after = own_or(master.down_after, common.down_after);
    group.options.failover_timeout = master.failover_timeout;
    group.options.parallel_syncs = master.parallel_syncs;
    group.options.auth_user = master.username;
    group.options.auth_pass = master.password;
    return group;
}

watch::WatchedGroup group_of(const settings::GroupSettings& group, const settings::SentinelSettings& common) {
    watch::WatchedGroup watched;
    watched.name = group.name;
    watched.options = {.quorum = quorum_of(group.quorum, common),
                       .down_after = own_or(group.down_after, common.down_after),
                       .early_suspicion = common.early_suspicion,
                       .switch_back = switch_back_of(group.switch_back),
                       .switch_back_after = group.switch_back_after,
                       .settle = group.settle};
    watched.probe = {.kind = probe_of(group.probe),
                     .http_path = group.http_path,
                     .interval = group.probe_interval,
                     .timeout = group.probe_timeout,
                     .username = group.username,
                     .password = group.password};
    for (const settings::GroupMemberSettings& member : group.member)
        watched.members.push_back(
            {.name = member.name, .address = {member.address.host, member.address.port}, .priority = member.priority});
    return watched;
}

}  // namespace

Result<watch::WatcherSetup> sentinel_setup(const settings::Settings& settings, std::string_view state) {
    const settings::SentinelSettings& common = settings.sentinel;
    auto known = sentinel::read_config_file(state);
    if (!known) return std::unexpected(std::move(known).error());
    auto options = options_of(common);
    if (!options) return std::unexpected(std::move(options).error());

    watch::WatcherSetup setup;
    setup.config.saved = {.my_id = known->saved.my_id, .current_epoch = known->saved.current_epoch, .options = *options};
    for (const settings::RedisMasterSettings& master : settings.redis_masters)
        setup.config.saved.groups.push_back(master_of(master, common, known->saved));
    setup.config.server.bind = {common.listen.host};
    if (common.tls_cert_file.empty()) {
        setup.config.server.port = common.listen.port;
    } else {
        setup.config.server.port = 0;
        setup.config.server.tls = tls_of(common);
        setup.tls_between_sentinels = true;
    }

    watch::GroupWatchSetup groups;
    for (const settings::Address& peer : common.peers)
        groups.peers.push_back(settings::format_address(peer));
    groups.links.user = common.username;
    groups.links.password = common.password;
    for (const settings::GroupSettings& group : settings.groups)
        groups.groups.push_back(group_of(group, common));
    setup.groups = std::move(groups);
    return setup;
}

}  // namespace holdfast::cli
