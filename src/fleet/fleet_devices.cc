// Devices of the fleet machine: created, changed, moved, removed, shown.

#include <fmt/format.h>

#include <algorithm>

#include "fleet/fleet_state.h"

namespace holdfast::fleet {

namespace {

Error unknown_device(std::string_view id) {
    return {FleetErrc::unknown_device,
            fmt::format("no device with the id \"{}\"; it is enrolled at its first CONNECT, or create it", id)};
}

/// Sorts, removes doubles, checks.
Result<std::vector<std::string>> clean_tags(std::vector<std::string> tags) {
    for (const std::string& tag : tags)
        if (!valid_tag(tag))
            return fail(FleetErrc::invalid,
                        fmt::format("\"{}\" is no tag; use 1 to {} bytes without spaces", tag, max_tag_length));
    std::ranges::sort(tags);
    const auto doubles = std::ranges::unique(tags);
    tags.erase(doubles.begin(), doubles.end());
    if (tags.size() > max_tags)
        return fail(FleetErrc::invalid, fmt::format("{} tags are too many; at most {} are allowed", tags.size(), max_tags));
    return tags;
}

Result<> check_note(std::string_view note) {
    if (note.size() > max_note_length)
        return fail(FleetErrc::invalid,
                    fmt::format("the note has {} bytes; at most {} are allowed", note.size(), max_note_length));
    return {};
}

std::vector<std::string> owned_tags(const DeviceView& device) {
    std::vector<std::string> tags;
    for (const std::string_view tag : device.tags())
        tags.emplace_back(tag);
    return tags;
}

}  // namespace

DeviceRecord Fleet::State::record_of(const DeviceView& device) const {
    const auto cluster_name = [&](ClusterIndex c) { return topology.exists(c) ? topology.cluster(c).name : std::string{}; };
    const auto node_name = [&](NodeIndex n) { return topology.exists(n) ? topology.node(n).name : std::string{}; };
    return {.id = std::string(device.id),
            .home = cluster_name(device.home),
            .explicit_cluster = cluster_name(device.explicit_cluster),
            .explicit_node = node_name(device.explicit_node),
            .sticky_node = node_name(device.sticky_node),
            .enrolled_at = to_wall(device.enrolled_at),
            .routed_at = to_wall(device.routed_at),
            .connected_last = to_wall(device.connected_last),
            .disabled = device.disabled,
            .tags = owned_tags(device),
            .note = std::string(device.note())};
}

void Fleet::State::count(const DeviceState& state, bool in) {
    const auto adjust = [&](std::vector<std::uint64_t>& counts_by_cluster, ClusterIndex cluster) {
        if (!cluster.valid()) return;
        std::uint64_t& n = counts_by_cluster[cluster.value()];
        in ? ++n : --n;
    };
    adjust(at_home, state.home);
    adjust(served, state.cluster());
}

bool Fleet::State::write(std::string_view id, const DeviceState& state) {
    const auto before = table.find(id);
    if (before && static_cast<const DeviceState&>(*before) == state) return true;
    const std::optional<DeviceState> old = before ? std::optional<DeviceState>(*before) : std::nullopt;
    if (!table.put(id, state)) return false;
    if (old) count(*old, false);
    count(state, true);
    persist_device(id);
    return true;
}

void Fleet::State::persist_device(std::string_view id) {
    devices_changed = snapshot_changed = true;
    if (const auto device = table.find(id)) changes.emplace_back(record_of(*device));
}

RouteWord Fleet::State::route_of(const DeviceState& state) const {
    RouteWord word;
    if (topology.exists(state.explicit_cluster)) {
        word.cluster = state.explicit_cluster;
    } else if (topology.exists(state.home)) {
        word.cluster = state.home;
    }
    const NodeIndex node = state.explicit_node;
    if (word.cluster.valid() && can_lead_explicitly(node) && topology.node(node).cluster == word.cluster) word.node = node;
    return word;
}

bool Fleet::State::misplaced(const DeviceState& state, ClusterIndex cluster, NodeIndex node) const {
    const RouteWord word = route_of(state);
    // Devices may stay on a draining node only while an operator ties them to it.
    if (topology.node(node).state() == NodeState::draining && state.explicit_node != node) return true;
    // Where nodes stand by, so for those that are not the active one.
    if (const NodeIndex active = active_of(cluster); active.valid() && node != active && state.explicit_node != node)
        return true;
    return (word.cluster.valid() && word.cluster != cluster) || (word.node.valid() && word.node != node);
}

void Fleet::State::note_if_away(const DeviceState& state, ClusterIndex cluster, NodeIndex node, ConnectionId connection,
                                Time now) {
    const NodeIndex wanted = state.explicit_node;
    if (!topology.exists(wanted) || wanted == node || topology.node(wanted).cluster != cluster) return;
    remember_away(wanted, connection, now);
}

void Fleet::State::follow_route(std::string_view id, EndCause cause, Time now) {
    const auto present = presence.find(id);
    const auto device = table.find(id);
    if (!present || !device) return;
    if (misplaced(*device, present->cluster, present->node)) {
        order_end(present->connection, cause);
    } else {
        note_if_away(*device, present->cluster, present->node, present->connection, now);
    }
}

Result<> Fleet::State::set_target(DeviceState& state, std::string_view to) const {
    const ClusterIndex cluster = topology.find_cluster(to);
    if (cluster.valid()) {
        state.explicit_cluster = cluster;
        state.explicit_node = NodeIndex::none();
        return {};
    }
    const NodeIndex node = topology.find_node(to);
    if (!node.valid()) {
        const Error error = cluster_named(to).error();
        return fail(FleetErrc::unknown_cluster,
                    fmt::format("no cluster or node named \"{}\"{}", to,
                                error.message().substr(
                                    std::min(error.message().size(), fmt::formatted_size("no cluster named \"{}\"", to)))));
    }
    state.explicit_cluster = topology.node(node).cluster;
    state.explicit_node = node;
    return {};
}

Result<> Fleet::create_device(const DeviceSpec& spec, Moment moment) {
    State& s = *state_;
    if (!valid_device_id(spec.id))
        return fail(FleetErrc::invalid, fmt::format("a device id has 1 to {} bytes", max_device_id_length));
    if (s.table.find(spec.id)) return fail(FleetErrc::already_exists, fmt::format("there is a device \"{}\" already", spec.id));
    if (s.table.size() >= s.policy->max_devices)
        return fail(FleetErrc::full, fmt::format("the fleet has {} devices, as many as it may", s.table.size()));
    const auto tags = clean_tags(spec.tags);
    if (!tags) return std::unexpected(tags.error());
    if (const Result<> note = check_note(spec.note); !note) return note;
    DeviceState state;
    state.enrolled_at = state.routed_at = to_seconds(moment.wall);
    state.disabled = spec.disabled;
    if (!spec.home.empty()) {
        const auto home = s.cluster_named(spec.home);
        if (!home) return std::unexpected(home.error());
        state.home = *home;
    }
    if (!spec.explicit_cluster.empty()) {
        const auto cluster = s.cluster_named(spec.explicit_cluster);
        if (!cluster) return std::unexpected(cluster.error());
        state.explicit_cluster = *cluster;
    }
    if (!spec.explicit_node.empty()) {
        const auto node = s.node_named(spec.explicit_node);
        if (!node) return std::unexpected(node.error());
        const ClusterIndex cluster = s.topology.node(*node).cluster;
        if (state.explicit_cluster.valid() && state.explicit_cluster != cluster)
            return fail(FleetErrc::conflict,
                        fmt::format("the node \"{}\" is in cluster \"{}\", not in \"{}\"", spec.explicit_node,
                                    s.topology.cluster_name(cluster), spec.explicit_cluster));
        state.explicit_cluster = cluster;
        state.explicit_node = *node;
    }
    if (!s.table.put(spec.id, state)) return fail(FleetErrc::full, "the device table refuses this id");
    s.count(state, true);
    s.table.set_tags(spec.id, *tags, spec.note);
    s.persist_device(spec.id);
    if (s.narrator.may_tell(moment, EventKind::device_created))
        s.tell(moment, EventKind::device_created, Severity::info, spec.id, fmt::format("{} was created", spec.id));
    return {};
}

Result<> Fleet::patch_device(std::string_view id, const DevicePatch& patch, Moment moment) {
    State& s = *state_;
    const auto device = s.table.find(id);
    if (!device) return std::unexpected(unknown_device(id));
    DeviceState state = *device;
    if (patch.disabled) state.disabled = *patch.disabled;
    if (patch.home) {
        const auto home = s.cluster_named(*patch.home);
        if (!home) return std::unexpected(home.error());
        if (state.home != *home) state.routed_at = to_seconds(moment.wall);
        state.home = *home;
    }
    auto tags = clean_tags(patch.tags ? *patch.tags : owned_tags(*device));
    if (!tags) return std::unexpected(tags.error());
    const std::string note = patch.note ? *patch.note : std::string(device->note());
    if (const Result<> checked = check_note(note); !checked) return checked;
    const bool text_differs = *tags != owned_tags(*device) || note != device->note();
    const bool state_differs = static_cast<const DeviceState&>(*device) != state;
    if (!text_differs && !state_differs) return {};
    if (text_differs) s.table.set_tags(id, *tags, note);
    if (state_differs) s.write(id, state);
    if (!state_differs) s.persist_device(id);
    if (s.narrator.may_tell(moment, EventKind::device_changed))
        s.tell(
            moment, EventKind::device_changed, Severity::info, id,
            fmt::format("{} was changed{}", id, state.disabled && state_differs && patch.disabled ? ": it is disabled" : ""));
    const auto present = s.presence.find(id);
    if (present && state.disabled) {
        s.order_end(present->connection, EndCause::device_disabled);
    } else if (patch.home) {
        s.follow_route(id, EndCause::moved, moment.now);
    }
    return {};
}

Result<> Fleet::remove_device(std::string_view id, Moment moment) {
    State& s = *state_;
    const auto device = s.table.find(id);
    if (!device) return std::unexpected(unknown_device(id));
    const std::string kept(id);
    s.count(*device, false);
    s.table.erase(kept);
    s.devices_changed = s.snapshot_changed = true;
    s.changes.emplace_back(DeviceErased{kept});
    s.takeovers.forget(kept);
    if (const auto present = s.presence.find(kept)) s.order_end(present->connection, EndCause::device_removed);
    if (s.narrator.may_tell(moment, EventKind::device_removed))
        s.tell(moment, EventKind::device_removed, Severity::info, kept, fmt::format("{} was removed", kept));
    return {};
}

Result<> Fleet::move_device(std::string_view id, std::string_view to, Moment moment) {
    State& s = *state_;
    const auto device = s.table.find(id);
    if (!device) return std::unexpected(unknown_device(id));
    DeviceState state = *device;
    if (const Result<> target = s.set_target(state, to); !target) return target;
    if (state != static_cast<const DeviceState&>(*device)) {
        state.routed_at = to_seconds(moment.wall);
        s.write(id, state);
        if (s.narrator.may_tell(moment, EventKind::device_moved))
            s.tell(moment, EventKind::device_moved, Severity::notice, id,
                   fmt::format("{} was moved to {} by an operator", id, to));
    }
    s.follow_route(id, EndCause::moved, moment.now);
    return {};
}

Result<> Fleet::release_device(std::string_view id, Moment moment) {
    State& s = *state_;
    const auto device = s.table.find(id);
    if (!device) return std::unexpected(unknown_device(id));
    DeviceState state = *device;
    if (!state.explicit_cluster.valid() && !state.explicit_node.valid()) return {};
    state.explicit_cluster = ClusterIndex::none();
    state.explicit_node = NodeIndex::none();
    state.routed_at = to_seconds(moment.wall);
    s.write(id, state);
    if (s.narrator.may_tell(moment, EventKind::device_moved))
        s.tell(moment, EventKind::device_moved, Severity::notice, id,
               fmt::format("{} was released: its explicit route was taken back", id));
    s.follow_route(id, EndCause::moved, moment.now);
    return {};
}

Result<DeviceStatus> Fleet::device(std::string_view id) {
    State& s = *state_;
    const auto device = s.table.find(id);
    if (!device) return std::unexpected(unknown_device(id));
    DeviceStatus status;
    status.record = s.record_of(*device);
    status.connection = s.presence.find(id);
    status.connected = status.connection.has_value();
    if (status.connected) {
        status.cluster = s.topology.cluster_name(status.connection->cluster);
        status.node = s.topology.node_name(status.connection->node);
        status.route = status.connection->kind;
        return status;
    }
    const ClusterIndex word = s.route_of(*device).cluster;
    if (word.valid()) status.cluster = s.topology.cluster_name(word);
    const SnapshotPtr snapshot = s.publish();
    const Plan plan = plan_device(*snapshot, id);
    if (plan.outcome != PlanOutcome::route) return status;
    status.cluster = s.topology.cluster_name(plan.cluster);
    status.node = s.topology.node_name(plan.candidates[0].node);
    status.route = plan.candidates[0].kind;
    return status;
}

DeviceRecord Fleet::record_of(const DeviceView& device) const {
    return state_->record_of(device);
}

}  // namespace holdfast::fleet
