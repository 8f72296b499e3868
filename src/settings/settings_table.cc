#include "settings/settings_table.h"

#include <array>

#include "base/assert.h"
#include "settings/accessor.h"
#include "settings/list_of.h"
#include "settings/sentinel_table.h"

namespace holdfast::settings {
namespace {

constexpr Change now = Change::at_run_time;
constexpr Change restart = Change::at_restart;

template <auto Member>
consteval Accessor paths() {
    return at<&Settings::paths, Member>();
}
template <auto Member>
consteval Accessor logging() {
    return at<&Settings::log, Member>();
}
template <auto Member>
consteval Accessor gateway() {
    return at<&Settings::gateway, Member>();
}
template <auto Member>
consteval Accessor fleet() {
    return at<&Settings::fleet, Member>();
}
template <auto Member>
consteval Accessor probe() {
    return at<&Settings::probe, Member>();
}
template <auto Member>
consteval Accessor standby() {
    return at<&Settings::standby, Member>();
}
template <auto Member>
consteval Accessor local() {
    return at<&Settings::local, Member>();
}
template <auto Member>
consteval Accessor storage() {
    return at<&Settings::storage, Member>();
}
template <auto Member>
consteval Accessor admin() {
    return at<&Settings::admin, Member>();
}
template <auto Member>
consteval Accessor rpc() {
    return at<&Settings::rpc, Member>();
}
template <auto Member>
consteval Accessor events() {
    return at<&Settings::events, Member>();
}

template <auto Member>
consteval Accessor commands() {
    return at<&Settings::commands, Member>();
}

using G = GatewaySettings;
using F = FleetSettings;
using P = ProbeSettings;
using B = StandbySettings;
using L = LocalSettings;
using S = StorageSettings;
using A = AdminSettings;
using C = ClusterSettings;
using N = NodeSettings;
using R = AllocationRuleSettings;
using K = CommandsSettings;
using D = DeviceProfileSettings;

constexpr std::array section_table{
    Section{"paths", "Where files are kept."},
    Section{"log", "The log, written to standard error."},
    Section{"gateway", "The one address that devices connect to, and the limits that guard it and the nodes behind it."},
    Section{"fleet", "Devices and their routes."},
    Section{"probe", "How nodes are watched: each is asked by MQTT itself, CONNECT and then PINGREQ."},
    Section{"standby", "How the active node of a cluster with policy \"active-standby\" is watched and replaced."},
    Section{"local", "The Mosquitto processes that Holdfast starts for clusters with source \"local\"."},
    Section{"storage", "The file in which devices, clusters and routes survive the process."},
    Section{"admin", "The HTTP API, metrics and events."},
    Section{"rpc", "gRPC: commands to devices, and the health service."},
    Section{"events", "The list of recent events."},
    Section{"commands", "Commands to devices: the command centre, its channels, and how long everything is kept."},
    Section{"sentinel", "The sentinel that `holdfast sentinel --config` runs: Redis masters and groups with an active member."},
};

// clang-format off
// name, member, default, min, max, unit, change, help[, shown default][, secret][, required]
constexpr std::array setting_table{
    Row{"paths.data_dir", paths<&PathsSettings::data_dir>(), "", "0", "4096", "", restart,
        "The directory of the store, the admin token and the local nodes' files. Made at the first start.",
        "$XDG_STATE_HOME/holdfast, else ~/.local/state/holdfast"},

    Row{"log.level", logging<&LogSettings::level>(), "info", "", "", "", now,
        "What is worth a line: this level and above.", {}},
    Row{"log.format", logging<&LogSettings::format>(), "text", "", "", "", now,
        "\"text\" is for people, \"json\" writes one JSON object a line.", {}},

    Row{"gateway.listen", gateway<&G::listen>(), "0.0.0.0:1883", "1", "64", "", restart,
        "The addresses on which devices connect.", {}},
    Row{"gateway.share_port", gateway<&G::share_port>(), "false", "", "", "", restart,
        "Whether other Holdfast processes may listen on the same addresses, so that the kernel spreads the devices over them.", {}},
    Row{"gateway.threads", gateway<&G::threads>(), "0", "0", "256", "threads", restart,
        "Data-plane threads, each with its own listener. 0 means one per core.", {}},
    Row{"gateway.max_connections", gateway<&G::max_connections>(), "100000", "1", "10000000", "connections", now,
        "Device connections at a time. The process' descriptor limit may allow fewer; each device takes two.", {}},
    Row{"gateway.max_connections_per_source", gateway<&G::max_connections_per_source>(), "0", "0", "10000000", "connections", now,
        "Device connections at a time from one source address. 0 means no limit: whole fleets can sit behind one address.", {}},
    Row{"gateway.connect_rate", gateway<&G::connect_rate>(), "0", "0", "1000000", "per second", now,
        "New connections a second on average, over all sources; those above it are refused before any work. 0 means no limit.", {}},
    Row{"gateway.connect_burst", gateway<&G::connect_burst>(), "1000", "1", "10000000", "connections", now,
        "How many new connections may come at once before connect_rate holds.", {}},
    Row{"gateway.connect_deadline", gateway<&G::connect_deadline>(), "10s", "100ms", "10m", "", now,
        "A device's whole CONNECT must be there this long after the connection was accepted, however slowly its bytes arrive.", {}},
    Row{"gateway.connect_max_size", gateway<&G::connect_max_size>(), "256KiB", "64", "16MiB", "", now,
        "The largest CONNECT taken. The protocol allows somewhat more than 320KiB.", {}},
    Row{"gateway.early_max_size", gateway<&G::early_max_size>(), "64KiB", "0", "16MiB", "", now,
        "How much a device may send after its CONNECT before its node has answered. Reading stops there; nothing is lost.", {}},
    Row{"gateway.upstream_connect_timeout", gateway<&G::upstream_connect_timeout>(), "3s", "10ms", "5m", "", now,
        "How long one node may take to accept the connection, before the next candidate is tried.", {}},
    Row{"gateway.connack_timeout", gateway<&G::connack_timeout>(), "10s", "10ms", "5m", "", now,
        "How long a node may take to answer a CONNECT.", {}},
    Row{"gateway.max_candidates", gateway<&G::max_candidates>(), "3", "1", "16", "nodes", now,
        "How many nodes are tried for one CONNECT before the device is refused.", {}},
    Row{"gateway.high_watermark", gateway<&G::high_watermark>(), "256KiB", "4KiB", "64MiB", "", now,
        "When this much waits for one side of a connection, reading from the other side stops.", {}},
    Row{"gateway.low_watermark", gateway<&G::low_watermark>(), "64KiB", "0", "64MiB", "", now,
        "When no more than this waits, reading goes on. Less than high_watermark.", {}},
    Row{"gateway.idle_grace", gateway<&G::idle_grace>(), "1.5", "1", "10", "times the keep alive", now,
        "A silent device is disconnected after its effective keep alive times this. MQTT says 1.5.", {}},
    Row{"gateway.tcp_keepalive", gateway<&G::tcp_keepalive>(), "5m", "0s", "24h", "", restart,
        "For devices whose keep alive is 0: TCP keepalive probes after this much silence. 0s means none.", {}},
    Row{"gateway.refusal_delay", gateway<&G::refusal_delay>(), "1s", "0s", "1m", "", now,
        "Refused devices are answered after a random time up to this, so that they do not all come back at once.", {}},
    Row{"gateway.hold_connects", gateway<&G::hold_connects>(), "10s", "0s", "1m", "", now,
        "How long a CONNECT waits while the active node of its cluster (policy \"active-standby\") is missing, before it is refused. 0s: not at all.", {}},
    Row{"gateway.hold_max", gateway<&G::hold_max>(), "10000", "0", "10000000", "CONNECTs", now,
        "How many CONNECTs may wait so at a time; those beyond it are refused.", {}},
    Row{"gateway.hold_pace", gateway<&G::hold_pace>(), "2000", "0", "1000000", "per second", now,
        "How fast those that wait are led to the new active node, in random order. 0: all at once.", {}},
    Row{"gateway.parting_deadline", gateway<&G::parting_deadline>(), "5s", "10ms", "5m", "", now,
        "How long a connection that ends may take to reach a packet boundary and to send what waits, before it is cut.", {}},
    Row{"gateway.reserve_descriptors", gateway<&G::reserve_descriptors>(), "64", "8", "10000", "descriptors", restart,
        "Descriptors kept free of devices, for the store, the API, probes and for refusing in an orderly way.", {}},

    Row{"fleet.identify", fleet<&F::identify>(), "client_id", "1", "4", "different parts", restart,
        "Which parts of a CONNECT make a device's id, in this order; several are joined by \"/\". A password counts by its keyed hash only.", {}},
    Row{"fleet.enrolment", fleet<&F::enrolment>(), "open", "", "", "", now,
        "\"open\": an unknown device is enrolled at its first CONNECT. \"closed\": it is refused.", {}},
    Row{"fleet.max_devices", fleet<&F::max_devices>(), "2000000", "1", "50000000", "devices", now,
        "Devices that can be enrolled. Beyond, unknown devices are refused.", {}},
    Row{"fleet.sticky", fleet<&F::sticky>(), "true", "", "", "", now,
        "Whether a device goes back to the node where it was last, while that node is up.", {}},
    Row{"fleet.connect_history", fleet<&F::connect_history>(), "10", "1", "100", "CONNECTs", restart,
        "How many of a device's last CONNECTs are kept in memory for \"explain\".", {}},
    Row{"fleet.connect_history_total", fleet<&F::connect_history_total>(), "20000", "1", "10000000", "CONNECTs", restart,
        "How many CONNECTs of all devices are kept in memory for \"explain\", the last ones; some hundred bytes each.", {}},
    Row{"fleet.fight_count", fleet<&F::fight_count>(), "4", "2", "1000", "takeovers", restart,
        "Two devices fight over one id when it changes hands this often within fight_window.", {}},
    Row{"fleet.fight_window", fleet<&F::fight_window>(), "1m", "1s", "24h", "", restart,
        "See fight_count.", {}},
    Row{"fleet.move_pace", fleet<&F::move_pace>(), "100", "0.1", "1000000", "per second", now,
        "Connected devices a second that are asked to come back when many are moved, unless the move names its own pace.", {}},
    Row{"fleet.drain_pace", fleet<&F::drain_pace>(), "100", "0.1", "1000000", "per second", now,
        "Connected devices a second that leave a node being drained, unless the drain names its own pace.", {}},

    Row{"fleet.node_lost_pace", fleet<&F::node_lost_pace>(), "0", "0", "1000000", "per second", restart,
        "Connected devices a second that are ended when their node is down or has left, so that they come back elsewhere. 0: all at once.", {}},

    Row{"probe.interval", probe<&P::interval>(), "1s", "50ms", "1h", "", now,
        "How often each node is probed.", {}},
    Row{"probe.timeout", probe<&P::timeout>(), "1s", "10ms", "5m", "", now,
        "How long a node may take to answer a probe.", {}},
    Row{"probe.suspect_after", probe<&P::suspect_after>(), "1", "1", "1000", "failed probes", restart,
        "Failed probes in a row until a node is suspect.", {}},
    Row{"probe.down_after", probe<&P::down_after>(), "3", "1", "1000", "failed probes", restart,
        "Failed probes in a row until a node is down and gets no devices. At least suspect_after.", {}},
    Row{"probe.down_time", probe<&P::down_time>(), "2s", "0s", "1h", "", restart,
        "And the first of these failed at least this long ago, until a node is down.", {}},
    Row{"probe.up_after", probe<&P::up_after>(), "1", "1", "1000", "answered probes", restart,
        "Answered probes in a row until a node is up again.", {}},
    Row{"probe.client_id_prefix", probe<&P::client_id_prefix>(), "holdfast-probe-", "1", "64", "characters", restart,
        "Probes connect under this followed by the node's name.", {}},
    Row{"probe.username", probe<&P::username>(), "", "0", "65535", "characters", restart,
        "The user name that probes present. Empty means none.", {}},
    Row{"probe.password", probe<&P::password>(), "", "0", "65535", "characters", restart,
        "The password that probes present. Empty means none.", {}, true},

    Row{"standby.down_after", standby<&B::down_after>(), "3s", "100ms", "1h", "", now,
        "How long the active node may not answer its probes until another one becomes active.", {}},
    Row{"standby.early_suspicion", standby<&B::early_suspicion>(), "0s", "0s", "1h", "", now,
        "A refused connection, or one that ended, counts as down after this already. 0s: it does not.", {}},
    Row{"standby.switch_back", standby<&B::switch_back>(), "by-hand", "", "", "", now,
        "When a node of better priority is up again: \"by-hand\" waits for an operator (holdfast group failover), \"automatic\" gives the place back after switch_back_after, \"never\" also passes a replaced node over in need, until an operator names it.", {}},
    Row{"standby.switch_back_after", standby<&B::switch_back_after>(), "5m", "0s", "7d", "", now,
        "How long the better node must have been up without a break before it is given its place back.", {}},
    Row{"standby.settle", standby<&B::settle>(), "10s", "0s", "1h", "", now,
        "How long after a switch the next one that nobody ordered waits, so that nothing flaps.", {}},
    Row{"standby.pace", standby<&B::pace>(), "1000", "0", "1000000", "per second", now,
        "Devices that are sent from the old active node to the new one. 0: all at once.", {}},

    Row{"local.mosquitto", local<&L::mosquitto>(), "mosquitto", "1", "4096", "characters", restart,
        "The program: a path, or a name that is looked for in PATH, /usr/sbin and /usr/local/sbin.", {}},
    Row{"local.restart_backoff_min", local<&L::restart_backoff_min>(), "200ms", "10ms", "1h", "", restart,
        "The pause before a node that ended is started again; it doubles with each end soon after.", {}},
    Row{"local.restart_backoff_max", local<&L::restart_backoff_max>(), "30s", "10ms", "1h", "", restart,
        "The longest such pause.", {}},
    Row{"local.log_max_size", local<&L::log_max_size>(), "1MiB", "4KiB", "1GiB", "", restart,
        "The size of each node's log at which it starts anew; one old file is kept.", {}},
    Row{"local.stop_timeout", local<&L::stop_timeout>(), "5s", "10ms", "5m", "", restart,
        "How long a node may take to end when asked, before it is killed.", {}},

    Row{"storage.path", storage<&S::path>(), "", "0", "4096", "", restart,
        "The store's file.", "fleet.db in paths.data_dir"},
    Row{"storage.commit_interval", storage<&S::commit_interval>(), "250ms", "0s", "1m", "", restart,
        "The longest a change that nobody waits for waits for others to be made durable with it. An operator's change is stored at once.", {}},
    Row{"storage.busy_timeout", storage<&S::busy_timeout>(), "2s", "0s", "1m", "", restart,
        "How long one try waits while another program holds the file.", {}},
    Row{"storage.retry_min", storage<&S::retry_min>(), "200ms", "10ms", "10m", "", restart,
        "The pause before a failed commit is tried again; it doubles with each failure.", {}},
    Row{"storage.retry_max", storage<&S::retry_max>(), "10s", "10ms", "10m", "", restart,
        "The longest such pause.", {}},

    Row{"admin.listen", admin<&A::listen>(), "127.0.0.1:8080", "", "", "", restart,
        "The address of the HTTP API. An address that others can reach needs allow_remote.", {}},
    Row{"admin.allow_remote", admin<&A::allow_remote>(), "false", "", "", "", restart,
        "Whether listen may be an address that other machines can reach. The token then crosses the network in clear.", {}},
    Row{"admin.token_file", admin<&A::token_file>(), "", "0", "4096", "", restart,
        "The file with the token that requests must carry. Made at the first start, readable by its owner only.",
        "admin.token in paths.data_dir"},
    Row{"admin.page_size", admin<&A::page_size>(), "100", "1", "10000", "entries", now,
        "Entries of a page when a request does not say.", {}},
    Row{"admin.page_size_max", admin<&A::page_size_max>(), "1000", "1", "10000", "entries", now,
        "Entries of a page at most.", {}},
    Row{"admin.max_connections", admin<&A::max_connections>(), "1024", "1", "10000", "connections", restart,
        "Connections to the API at a time, event streams included.", {}},
    Row{"admin.max_body_size", admin<&A::max_body_size>(), "32MiB", "1KiB", "1GiB", "", restart,
        "The largest request body taken; imports are the large ones.", {}},

    Row{"rpc.listen", rpc<&RpcSettings::listen>(), "127.0.0.1:9090", "0", "1", "", restart,
        "The address of the gRPC service; none turns it off. An address that others can reach needs allow_remote.", {}},
    Row{"rpc.allow_remote", rpc<&RpcSettings::allow_remote>(), "false", "", "", "", restart,
        "Whether listen may be an address that other machines can reach. Tokens then cross the network in clear.", {}},
    Row{"rpc.max_message_size", rpc<&RpcSettings::max_message_size>(), "32MiB", "64KiB", "1GiB", "", restart,
        "The largest request taken; batches and lists of devices are the large ones.", {}},
    Row{"rpc.max_calls", rpc<&RpcSettings::max_calls>(), "20000", "1", "1000000", "calls", restart,
        "Calls that are being answered at a time, those that wait for a command's end included.", {}},

    Row{"events.keep", events<&EventsSettings::keep>(), "10000", "1", "1000000", "events", restart,
        "How many of the last events are kept in memory.", {}},

    Row{"commands.enabled", commands<&K::enabled>(), "true", "", "", "", restart,
        "Whether this process has a command centre, and a channel to each cluster.", {}},
    Row{"commands.centre", commands<&K::centre>(), "centre", "1", "64", "characters", restart,
        "This centre's name: letters, digits, '-' and '_'. Several centres on one store need different ones.", {}},
    Row{"commands.store", commands<&K::store>(), "", "0", "4096", "", restart,
        "The SQLite file with all commands.", "commands.db in paths.data_dir"},
    Row{"commands.durability", commands<&K::durability>(), "full", "", "", "", restart,
        "What a recorded command survives. \"full\": also a power failure. \"process\": the end of any process, not of the machine; faster.", {}},
    Row{"commands.queue", commands<&K::queue>(), "memory", "", "", "", restart,
        "\"memory\": centre and channels are this process. \"file\": centres and channels of other processes on this machine share queue_file.", {}},
    Row{"commands.queue_file", commands<&K::queue_file>(), "", "0", "4096", "", restart,
        "The file of the queue \"file\".", "queue.db in paths.data_dir"},
    Row{"commands.window", commands<&K::window>(), "1", "1", "1000", "commands", now,
        "Commands of one device that may be under way at a time.", {}},
    Row{"commands.backlog_pace", commands<&K::backlog_pace>(), "1000", "0", "1000000", "per second", now,
        "How fast commands go out that waited for their devices, over all devices. 0: no pace.", {}},
    Row{"commands.max_open", commands<&K::max_open>(), "500000", "1", "10000000", "commands", now,
        "Commands that have not ended and are due soon; further ones are refused.", {}},
    Row{"commands.max_open_per_device", commands<&K::max_open_per_device>(), "10000", "1", "1000000", "commands", now,
        "Of them those of one device.", {}},
    Row{"commands.max_payload", commands<&K::max_payload>(), "64KiB", "0", "256KiB", "", now,
        "The largest payload of a command.", {}},
    Row{"commands.default_deadline", commands<&K::default_deadline>(), "30s", "10ms", "168h", "", now,
        "How long a command has, when its sender does not say.", {}},
    Row{"commands.longest_deadline", commands<&K::longest_deadline>(), "168h", "1s", "8784h", "", now,
        "The longest that a sender may ask for.", {}},
    Row{"commands.attempts", commands<&K::attempts>(), "5", "1", "100", "attempts", now,
        "How often a command is tried within its deadline, when its sender does not say.", {}},
    Row{"commands.answer_timeout", commands<&K::answer_timeout>(), "5s", "10ms", "1h", "", now,
        "How long one attempt waits for the device's last word before the next one, when the sender does not say.", {}},
    Row{"commands.channel_timeout", commands<&K::channel_timeout>(), "3s", "100ms", "1h", "", now,
        "How long a channel may say nothing about a request before it is asked again.", {}},
    Row{"commands.channel_window", commands<&K::channel_window>(), "512", "1", "10000", "messages", restart,
        "Messages that a channel may have unacknowledged at one node.", {}},
    Row{"commands.channel", commands<&K::channel>(), "", "0", "64", "characters", restart,
        "What the channels of this process are called at nodes, for people who look there.", "the centre's name; channel-<pid> in `holdfast channel`"},
    Row{"commands.channel_username", commands<&K::channel_username>(), "", "0", "65535", "characters", restart,
        "The user name that channels present to nodes. Empty means none.", {}},
    Row{"commands.channel_password", commands<&K::channel_password>(), "", "0", "65535", "characters", restart,
        "The password that channels present to nodes. Empty means none.", {}, true},
    Row{"commands.fleet_api", commands<&K::fleet_api>(), "", "0", "300", "characters", restart,
        "Where `holdfast center` and `holdfast channel` ask where devices are: the API of the process with the fleet, as host:port.", "as the file endpoint in paths.data_dir says"},
    Row{"commands.lease", commands<&K::lease>(), "10s", "1s", "10m", "", restart,
        "How long a centre may be silent before another one on the same store takes its commands over.", {}},
    Row{"commands.keep_age", commands<&K::keep_age>(), "720h", "1m", "87840h", "", now,
        "How long ended commands are kept.", {}},
    Row{"commands.keep_count", commands<&K::keep_count>(), "1000000", "1000", "100000000", "commands", now,
        "How many ended commands are kept.", {}},
    Row{"commands.webhook_secret", commands<&K::webhook_secret>(), "", "0", "1024", "characters", restart,
        "The secret under which webhook calls are signed. Empty: they are not.", {}, true},
};

constexpr std::array node_rows{
    Row{"name", at<&N::name>(), "", "1", "128", "characters", now,
        "The node's name: unlike any other node's, and stable, since routes refer to it.", {}, false, true},
    Row{"address", at<&N::address>(), "", "", "", "", now, "Where the node listens for MQTT.", {}, false, true},
    Row{"weight", at<&N::weight>(), "100", "0", "10000", "", now,
        "The node's share of its cluster's devices, against the other nodes' weights. 0: none by hash.", {}},
    Row{"priority", at<&N::priority>(), "100", "0", "10000", "", now,
        "With policy \"active-standby\": the node with the lowest number becomes active first. 0: never by itself.", {}},
};

constexpr std::array cluster_rows{
    Row{"name", at<&C::name>(), "", "1", "128", "characters", now, "The cluster's name.", {}, false, true},
    Row{"source", at<&C::source>(), "static", "", "", "", now,
        "\"static\": the nodes are listed here. \"local\": Holdfast starts them as Mosquitto processes on this machine.", {}},
    Row{"policy", at<&C::policy>(), "sticky-hash", "", "", "", now,
        "\"sticky-hash\": the nodes share the devices. \"active-standby\": all devices are on one node, and another takes over when it dies.", {}},
    Row{"weight", at<&C::weight>(), "100", "0", "10000", "", now,
        "The cluster's share of newly allocated devices, against the other clusters' weights. 0: only those that a rule or an operator sends.", {}},
    Row{"nodes", at<&C::nodes>(), "2", "1", "64", "nodes", restart,
        "How many processes a local cluster has. They are named after the cluster: east-1, east-2.", {}},
    Row{"base_port", at<&C::base_port>(), "0", "0", "65535", "", restart,
        "The port of a local cluster's first node on 127.0.0.1; the next ones follow. 0 lets Holdfast choose.", {}},
};

constexpr std::array rule_rows{
    Row{"match", at<&R::match>(), "device_id", "", "", "", now, "What of a device the rule looks at.", {}},
    Row{"prefix", at<&R::prefix>(), "", "0", "1024", "characters", now,
        "Devices for which that begins with this. A rule has either a prefix or a pattern.", {}},
    Row{"pattern", at<&R::pattern>(), "", "0", "1024", "characters", now,
        "Devices for which that fits this as a whole; * stands for any bytes, ? for one.", {}},
    Row{"cluster", at<&R::cluster>(), "", "1", "128", "characters", now, "The home cluster of these devices.", {}, false, true},
};

constexpr std::array profile_rows{
    Row{"name", at<&D::name>(), "", "1", "128", "characters", restart, "The profile's name, for people.", {}, false, true},
    Row{"devices", at<&D::devices>(), "", "0", "4096", "characters", restart,
        "Ids of its devices, separated by commas; * stands for any text, ? for one byte. Empty: all.", {}},
    Row{"topic", at<&D::topic>(), "", "0", "1024", "characters", restart,
        "The topic of a command for MQTT 5 devices, with {device}, {id}, {attempt}, {command}.", "holdfast/{device}/command/{id}"},
    Row{"topic_v3", at<&D::topic_v3>(), "", "0", "1024", "characters", restart,
        "The same for MQTT 3 devices.", "holdfast/{device}/command/{id}/{attempt}"},
    Row{"reply_topic", at<&D::reply_topic>(), "", "0", "1024", "characters", restart,
        "The topic of a reply; \"/{attempt}\" may follow.", "holdfast/{device}/reply/{id}"},
    Row{"payload", at<&D::payload>(), "", "0", "65536", "characters", restart,
        "The payload, with the same placeholders and {data}; {data} alone is the sender's bytes as they are.", "a JSON object of all of them"},
    Row{"content_type", at<&D::content_type>(), "", "0", "128", "characters", restart,
        "The content type told to MQTT 5 devices.", "application/json for JSON, else the sender's"},
    Row{"answers", at<&D::answers>(), "true", "", "", "", restart,
        "false: these devices never reply; that they have a command is the last word.", {}},
    Row{"reply_id", at<&D::reply_id>(), "/id", "0", "256", "characters", restart,
        "JSON pointer to the command's id in a reply, where the topic does not have it.", {}},
    Row{"reply_status", at<&D::reply_status>(), "/status", "0", "256", "characters", restart,
        "JSON pointer to the word that says succeeded, failed, rejected or received. Absent: succeeded.", {}},
    Row{"reply_result", at<&D::reply_result>(), "", "0", "256", "characters", restart,
        "JSON pointer to the result. Empty: the whole reply.", {}},
    Row{"reply_detail", at<&D::reply_detail>(), "/message", "0", "256", "characters", restart,
        "JSON pointer to the device's sentence about a failure.", {}},
    Row{"reply_pattern", at<&D::reply_pattern>(), "", "0", "1024", "characters", restart,
        "For replies that are not JSON: a regular expression (RE2) with the groups id, attempt, status, result, detail.", {}},
};
// clang-format on

constexpr std::array inner_of_cluster{
    list_of<C, &C::node>("cluster.node", "The nodes of a static cluster.", 1000, node_rows, {}),
};

constexpr std::array list_table{
    list_of<Settings, &Settings::clusters>("cluster",
                                           "The clusters that devices are spread over. More can be made through the API.", 1000,
                                           cluster_rows, inner_of_cluster),
    list_of<Settings, &Settings::allocation_rules>(
        "allocation.rule",
        "Which home cluster a new device gets; the first rule that matches decides. Without one, the weights do.", 1000,
        rule_rows, {}),
    list_of<Settings, &Settings::device_profiles>(
        "device_profile",
        "How devices want their commands, where that is not the default way; the first profile that fits is a device's.", 63,
        profile_rows, {}),
};

template <std::size_t Size>
using Names = std::array<std::string_view, Size>;

}  // namespace

std::span<const std::string_view> choice_names(LogLevel) noexcept {
    static constexpr Names<4> names{"debug", "info", "warning", "error"};
    return names;
}
std::span<const std::string_view> choice_names(LogFormat) noexcept {
    static constexpr Names<2> names{"text", "json"};
    return names;
}
std::span<const std::string_view> choice_names(Enrolment) noexcept {
    static constexpr Names<2> names{"open", "closed"};
    return names;
}
std::span<const std::string_view> choice_names(IdentityPart) noexcept {
    static constexpr Names<4> names{"client_id", "username", "common_name", "password"};
    return names;
}
std::span<const std::string_view> choice_names(RuleSubject) noexcept {
    static constexpr Names<3> names{"device_id", "username", "common_name"};
    return names;
}
std::span<const std::string_view> choice_names(ClusterPolicy) noexcept {
    static constexpr Names<2> names{"sticky-hash", "active-standby"};
    return names;
}
std::span<const std::string_view> choice_names(SwitchBack) noexcept {
    static constexpr Names<3> names{"by-hand", "automatic", "never"};
    return names;
}
std::span<const std::string_view> choice_names(GroupPolicy) noexcept {
    static constexpr Names<1> names{"active-standby"};
    return names;
}
std::span<const std::string_view> choice_names(GroupProbe) noexcept {
    static constexpr Names<3> names{"mqtt", "http", "tcp"};
    return names;
}
std::span<const std::string_view> choice_names(ClusterSource) noexcept {
    static constexpr Names<2> names{"static", "local"};
    return names;
}

std::span<const std::string_view> choice_names(CommandQueue) noexcept {
    static constexpr Names<2> names{"memory", "file"};
    return names;
}
std::span<const std::string_view> choice_names(CommandDurability) noexcept {
    static constexpr Names<2> names{"full", "process"};
    return names;
}

std::span<const Section> sections() noexcept {
    return section_table;
}
std::span<const Row> rows() noexcept {
    static constexpr auto all = sentinel_table::joined(setting_table, sentinel_table::rows);
    return all;
}
std::span<const ListTable> list_tables() noexcept {
    static constexpr auto all = sentinel_table::joined(list_table, sentinel_table::lists);
    return all;
}

void apply_defaults(std::span<const Row> table, void* owner) {
    for (const Row& row : table) {
        if (row.required) continue;
        const Result<Value> value = parse_value(row, row.default_text);
        HF_ASSERT(value.has_value(), "a setting's default is not within its own bounds");
        row.member.set(owner, *value);
    }
}

Settings::Settings() {
    apply_defaults(rows(), this);
}

}  // namespace holdfast::settings
