#include "cli/module_options.h"

#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace holdfast::cli {

namespace {

/// How many device connections the descriptors allow: two for each, and some for everything else.
std::size_t connections_for_descriptors(std::size_t reserve) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    const auto descriptors = static_cast<std::size_t>(limit.rlim_cur);
    return descriptors > reserve + 2 ? (descriptors - reserve) / 2 : 1;
}

fleet::IdentityPart identity_part(settings::IdentityPart part) {
    switch (part) {
        case settings::IdentityPart::client_id:
            return fleet::IdentityPart::client_id;
        case settings::IdentityPart::username:
            return fleet::IdentityPart::username;
        case settings::IdentityPart::common_name:
            return fleet::IdentityPart::common_name;
        case settings::IdentityPart::password:
            return fleet::IdentityPart::password;
    }
    return fleet::IdentityPart::client_id;
}

fleet::AllocationRule::Subject rule_subject(settings::RuleSubject subject) {
    switch (subject) {
        case settings::RuleSubject::device_id:
            return fleet::AllocationRule::Subject::device_id;
        case settings::RuleSubject::username:
            return fleet::AllocationRule::Subject::username;
        case settings::RuleSubject::common_name:
            return fleet::AllocationRule::Subject::common_name;
    }
    return fleet::AllocationRule::Subject::device_id;
}

}  // namespace

gateway::Options gateway_options(const settings::GatewaySettings& settings) {
    gateway::Options options;
    for (const settings::Address& address : settings.listen)
        options.listen.push_back(settings::format_address(address));
    options.threads = settings.threads != 0 ? settings.threads : std::max(1U, std::thread::hardware_concurrency());
    options.share_port = settings.share_port;
    options.tcp_keepalive = std::chrono::duration_cast<std::chrono::seconds>(settings.tcp_keepalive);
    return options;
}

gateway::Tuning gateway_tuning(const settings::GatewaySettings& settings) {
    gateway::Tuning tuning;
    tuning.limits.connect_max_size = settings.connect_max_size.bytes;
    tuning.limits.held_max = settings.early_max_size.bytes;
    tuning.limits.connect_deadline = settings.connect_deadline;
    tuning.limits.node_connect_timeout = settings.upstream_connect_timeout;
    tuning.limits.connack_timeout = settings.connack_timeout;
    tuning.limits.parting_deadline = settings.parting_deadline;
    tuning.limits.refusal_delay = settings.refusal_delay;
    tuning.limits.hold_connects = settings.hold_connects;
    tuning.waiting = {.max = settings.hold_max, .pace = settings.hold_pace};
    tuning.limits.idle_factor = settings.idle_grace;
    tuning.limits.max_candidates = settings.max_candidates;
    tuning.admission.max_connections =
        std::min<std::size_t>(settings.max_connections, connections_for_descriptors(settings.reserve_descriptors));
    tuning.admission.max_connections_per_source = settings.max_connections_per_source;
    tuning.admission.max_doomed = std::max<std::size_t>(1, settings.reserve_descriptors / 2);
    tuning.admission.connects_per_second = settings.connect_rate;
    tuning.admission.connect_burst = settings.connect_burst;
    tuning.high_watermark = settings.high_watermark.bytes;
    tuning.low_watermark = settings.low_watermark.bytes;
    return tuning;
}

fleet::FleetOptions fleet_options(const settings::Settings& settings, std::uint64_t table_seed) {
    fleet::FleetOptions options;
    options.health.failures_to_suspect = settings.probe.suspect_after;
    options.health.failures_to_down = settings.probe.down_after;
    options.health.time_to_down = settings.probe.down_time;
    options.health.successes_to_up = settings.probe.up_after;
    options.fights.takeovers = settings.fleet.fight_count;
    options.fights.window = settings.fleet.fight_window;
    options.history.entries = std::max<std::size_t>(1, settings.fleet.connect_history_total);
    options.history.per_device = settings.fleet.connect_history;
    options.events = settings.events.keep;
    options.node_lost_pace = settings.fleet.node_lost_pace;
    options.return_pace = settings.fleet.move_pace;
    options.table_seed = table_seed;
    return options;
}

fleet::Policy fleet_policy(const settings::Settings& settings, const std::array<std::uint8_t, 32>& password_key) {
    fleet::Policy policy;
    policy.identify.clear();
    for (const settings::IdentityPart part : settings.fleet.identify)
        policy.identify.push_back(identity_part(part));
    policy.password_key = password_key;
    policy.enrolment =
        settings.fleet.enrolment == settings::Enrolment::open ? fleet::Enrolment::open : fleet::Enrolment::closed;
    policy.sticky = settings.fleet.sticky;
    policy.max_devices = settings.fleet.max_devices;
    for (const settings::AllocationRuleSettings& rule : settings.allocation_rules) {
        policy.rules.push_back({.subject = rule_subject(rule.match),
                                .pattern = rule.pattern.empty() ? rule.prefix + "*" : rule.pattern,
                                .cluster = rule.cluster});
    }
    return policy;
}

discovery::ProbeOptions probe_options(const settings::ProbeSettings& settings) {
    return {.interval = settings.interval,
            .timeout = settings.timeout,
            .client_id_prefix = settings.client_id_prefix,
            .username = settings.username,
            .password = settings.password};
}

discovery::LocalClusterOptions local_cluster_options(const settings::Settings& settings,
                                                     const settings::ClusterSettings& cluster) {
    discovery::LocalClusterOptions options;
    options.cluster = cluster.name;
    options.nodes = cluster.nodes;
    options.base_port = cluster.base_port;
    options.data_dir = settings.paths.data_dir;
    // The default is a bare name, which is looked for where Debian puts the program too.
    options.mosquitto = settings.local.mosquitto == "mosquitto" ? std::string{} : settings.local.mosquitto;
    options.restart.first = settings.local.restart_backoff_min;
    options.restart.longest = settings.local.restart_backoff_max;
    options.log_max_size = settings.local.log_max_size.bytes;
    options.stop_timeout = settings.local.stop_timeout;
    return options;
}

storage::SqliteOptions store_options(const settings::StorageSettings& settings) {
    storage::SqliteOptions options;
    options.path = settings.path;
    options.commit_interval = settings.commit_interval;
    options.busy_timeout = settings.busy_timeout;
    options.retry_min = settings.retry_min;
    options.retry_max = settings.retry_max;
    return options;
}

admin::AdminOptions admin_options(const settings::AdminSettings& settings) {
    admin::AdminOptions options;
    options.address = settings.listen.host;
    options.port = settings.listen.port;
    options.allow_remote = settings.allow_remote;
    options.page_size = settings.page_size;
    options.max_page_size = settings.page_size_max;
    options.max_connections = settings.max_connections;
    options.max_import_bytes = settings.max_body_size.bytes;
    return options;
}

rpc::RpcOptions rpc_options(const settings::RpcSettings& settings) {
    rpc::RpcOptions options;
    options.address = settings.listen.front().host;
    options.port = settings.listen.front().port;
    options.allow_remote = settings.allow_remote;
    options.max_message_bytes = settings.max_message_size.bytes;
    options.max_calls = settings.max_calls;
    return options;
}

storage::SqliteCommandOptions command_store_options(const settings::Settings& settings) {
    storage::SqliteCommandOptions options;
    options.path = settings.commands.store;
    options.durability = settings.commands.durability == settings::CommandDurability::full ? storage::Durability::full
                                                                                           : storage::Durability::process;
    options.busy_timeout = settings.storage.busy_timeout;
    options.retry_min = settings.storage.retry_min;
    options.retry_max = settings.storage.retry_max;
    return options;
}

center::CenterOptions center_options(const settings::CommandsSettings& settings) {
    center::CenterOptions options;
    options.dispatcher.centre = settings.centre;
    options.dispatcher.max_open = settings.max_open;
    options.dispatcher.max_open_per_device = settings.max_open_per_device;
    options.dispatcher.window = settings.window;
    options.dispatcher.backlog_pace = settings.backlog_pace;
    options.dispatcher.channel_timeout = settings.channel_timeout;
    options.limits.default_deadline = settings.default_deadline;
    options.limits.longest_deadline = settings.longest_deadline;
    options.limits.max_payload = settings.max_payload.bytes;
    options.limits.retry.attempts = static_cast<std::uint16_t>(settings.attempts);
    options.limits.retry.answer_timeout = settings.answer_timeout;
    options.retention.age = settings.keep_age;
    options.retention.count = settings.keep_count;
    options.lease = settings.lease;
    options.webhooks.secret = settings.webhook_secret;
    return options;
}

channel::ChannelOptions channel_options(const settings::CommandsSettings& settings) {
    channel::ChannelOptions options;
    options.session.instance = settings.channel.empty() ? settings.centre : settings.channel;
    options.session.username = settings.channel_username;
    options.session.password = settings.channel_password;
    options.session.max_in_flight = static_cast<std::uint16_t>(settings.channel_window);
    options.window = std::size_t{settings.channel_window} * 4;
    return options;
}

std::vector<profile::ProfileText> profile_texts(const settings::Settings& settings) {
    const auto choose = [](std::string& to, const std::string& from) {
        if (!from.empty()) to = from;
    };
    std::vector<profile::ProfileText> texts;
    for (const settings::DeviceProfileSettings& from : settings.device_profiles) {
        profile::ProfileText& text = texts.emplace_back();
        text.name = from.name;
        for (std::size_t at = 0; at < from.devices.size();) {
            const std::size_t comma = std::min(from.devices.find(',', at), from.devices.size());
            std::string pattern = from.devices.substr(at, comma - at);
            pattern.erase(0, pattern.find_first_not_of(' '));
            pattern.erase(pattern.find_last_not_of(' ') + 1);
            if (!pattern.empty()) text.devices.push_back(std::move(pattern));
            at = comma + 1;
        }
        choose(text.topic, from.topic);
        choose(text.topic_v3, from.topic_v3.empty() ? from.topic : from.topic_v3);
        choose(text.reply_topic, from.reply_topic);
        choose(text.payload, from.payload);
        text.content_type = from.content_type;
        text.answers = from.answers;
        if (!from.answers && from.reply_topic.empty()) text.reply_topic.clear();
        text.reply.id = from.reply_id;
        text.reply.status = from.reply_status;
        text.reply.result = from.reply_result;
        text.reply.detail = from.reply_detail;
        text.reply.pattern = from.reply_pattern;
    }
    return texts;
}

fleet::ClusterPolicy cluster_policy(settings::ClusterPolicy policy) {
    return policy == settings::ClusterPolicy::active_standby ? fleet::ClusterPolicy::active_standby
                                                             : fleet::ClusterPolicy::sticky_hash;
}

control::ActiveKeeperOptions active_keeper_options(const settings::StandbySettings& settings) {
    control::ActiveKeeperOptions options;
    options.standby.down_after = settings.down_after;
    options.standby.early_suspicion = settings.early_suspicion;
    options.standby.switch_back_after = settings.switch_back_after;
    options.standby.settle = settings.settle;
    options.pace = settings.pace;
    switch (settings.switch_back) {
        case settings::SwitchBack::by_hand:
            options.standby.switch_back = sentinel::SwitchBack::by_hand;
            break;
        case settings::SwitchBack::automatic:
            options.standby.switch_back = sentinel::SwitchBack::automatic;
            break;
        case settings::SwitchBack::never:
            options.standby.switch_back = sentinel::SwitchBack::never;
            break;
    }
    return options;
}

void configure_log(const settings::LogSettings& settings) {
    log::configure(static_cast<log::Level>(settings.level),
                   settings.format == settings::LogFormat::json ? log::Format::json : log::Format::text);
}

}  // namespace holdfast::cli
