#include "sentinel/instance_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::sentinel {
namespace {

using resp::Reply;

std::int64_t milliseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::int64_t age(std::optional<Time> since, Time now) {
    return since ? std::max<std::int64_t>(milliseconds(now - *since), 0) : 0;
}

/// Names and values by turns.
class Fields {
public:
    void add(std::string_view name, std::string value) {
        items_.push_back(Reply::bulk(std::string(name)));
        items_.push_back(Reply::bulk(std::move(value)));
    }
    void add(std::string_view name, std::integral auto value) { add(name, fmt::to_string(value)); }

    [[nodiscard]] Reply reply() && { return Reply::array(std::move(items_)); }

private:
    std::vector<Reply> items_;
};

/// Both ways are open: commands, and of a server also the subscription.
bool is_connected(const Instance& instance) {
    return instance.link.command_up && (instance.role == Role::peer || instance.link.subscription_up);
}

std::string_view name_of_step(FailoverStep step) {
    switch (step) {
        case FailoverStep::none:
            return "none";
        case FailoverStep::wait_start:
            return "wait_start";
        case FailoverStep::select_replica:
            return "select_slave";
        case FailoverStep::pause_writes:
        case FailoverStep::send_promotion:
            return "send_slaveof_noone";
        case FailoverStep::wait_promotion:
            return "wait_promotion";
        case FailoverStep::repoint_replicas:
            return "reconf_slaves";
    }
    return "unknown";
}

std::string flags_of(const Group& group, const Instance& instance) {
    const bool is_master = instance.role == Role::master;
    const std::pair<bool, std::string_view> flags[] = {
        {instance.subjectively_down_since.has_value(), "s_down"},
        {instance.objectively_down_since.has_value(), "o_down"},
        {is_master, "master"},
        {instance.role == Role::replica, "slave"},
        {instance.role == Role::peer, "sentinel"},
        {!is_connected(instance), "disconnected"},
        {instance.says_down, "master_down"},
        {is_master && group.step != FailoverStep::none, "failover_in_progress"},
        {instance.promoted, "promoted"},
        {instance.repoint == Repoint::sent, "reconf_sent"},
        {instance.repoint == Repoint::in_progress, "reconf_inprog"},
        {instance.repoint == Repoint::done, "reconf_done"},
        {is_master && group.forced, "force_failover"},
        {instance.script_kill_sent, "script_kill_sent"},
        {instance.rebooted, "master_reboot"},
    };
    std::string text;
    for (const auto& [is_set, name] : flags) {
        if (!is_set) continue;
        if (!text.empty()) text += ',';
        text += name;
    }
    return text;
}

void add_common(Fields& fields, const Group& group, const Instance& instance, Time now) {
    const LinkState& link = instance.link;
    fields.add("name", instance.name);
    fields.add("ip", instance.address.host);
    fields.add("port", instance.address.port);
    fields.add("runid", instance.run_id);
    fields.add("flags", flags_of(group, instance));
    fields.add("link-pending-commands", link.pending);
    fields.add("link-refcount", 1);
    if (instance.role == Role::master && group.step != FailoverStep::none) {
        fields.add("failover-state", std::string(name_of_step(group.step)));
    }
    fields.add("last-ping-sent", age(link.unanswered_since, now));
    fields.add("last-ok-ping-reply", age(link.last_accepted, now));
    fields.add("last-ping-reply", age(link.last_reply, now));
    if (instance.subjectively_down_since) fields.add("s-down-time", age(instance.subjectively_down_since, now));
    if (instance.objectively_down_since) fields.add("o-down-time", age(instance.objectively_down_since, now));
    fields.add("down-after-milliseconds", milliseconds(group.options.down_after));
    if (instance.role == Role::peer) return;
    fields.add("info-refresh", age(instance.info_at, now));
    fields.add("role-reported", instance.reported_role == Role::master ? "master" : "slave");
    fields.add("role-reported-time", age(instance.reported_role_since, now));
}

}  // namespace

Address current_master(const Group& group) {
    const auto chosen = group.replicas.find(group.chosen);
    const bool promoted = group.step == FailoverStep::repoint_replicas && chosen != group.replicas.end();
    return promoted ? chosen->second.address : group.master.address;
}

Reply fields_of_master(const Group& group, Time now) {
    Fields fields;
    add_common(fields, group, group.master, now);
    const GroupOptions& options = group.options;
    fields.add("config-epoch", group.config_epoch);
    fields.add("num-slaves", group.replicas.size());
    fields.add("num-other-sentinels", group.peers.size());
    fields.add("quorum", options.quorum);
    fields.add("failover-timeout", milliseconds(options.failover_timeout));
    fields.add("parallel-syncs", options.parallel_syncs);
    if (!options.notification_script.empty()) fields.add("notification-script", options.notification_script);
    if (!options.reconfig_script.empty()) fields.add("client-reconfig-script", options.reconfig_script);
    // Behind all that redis-sentinel shows, because there are readers that count.
    if (!group.loss_report.empty()) fields.add("loss-report", group.loss_report);
    return std::move(fields).reply();
}

Reply fields_of_replica(const Group& group, const Instance& replica, Time now) {
    Fields fields;
    add_common(fields, group, replica, now);
    fields.add("master-link-down-time", milliseconds(replica.follows_link_down_for));
    fields.add("master-link-status", replica.follows_link_up ? "ok" : "err");
    fields.add("master-host", replica.follows.host.empty() ? "?" : replica.follows.host);
    fields.add("master-port", replica.follows.port);
    fields.add("slave-priority", replica.priority);
    fields.add("slave-repl-offset", replica.replication_offset);
    fields.add("replica-announced", replica.announced ? 1 : 0);
    return std::move(fields).reply();
}

Reply fields_of_peer(const Group& group, const Instance& peer, Time now) {
    Fields fields;
    add_common(fields, group, peer, now);
    fields.add("last-hello-message", age(peer.hello_at, now));
    fields.add("voted-leader", peer.voted_leader.empty() ? "?" : peer.voted_leader);
    fields.add("voted-leader-epoch", peer.voted_epoch);
    return std::move(fields).reply();
}

}  // namespace holdfast::sentinel
