#pragma once
// What a sentinel knows right after it has read its file, without the machine: for tests of what only reads a State.

#include <string>

#include "sentinel/sentinel.h"

namespace holdfast::sentinel {

inline State state_of(const SavedState& saved) {
    State state;
    state.my_id = saved.my_id;
    state.current_epoch = saved.current_epoch;
    state.options = saved.options;
    for (const SavedGroup& from : saved.groups) {
        Group& group = state.groups[from.name];
        group.name = from.name;
        group.options = from.options;
        group.config_epoch = from.config_epoch;
        group.leader_epoch = from.leader_epoch;
        group.master.name = from.name;
        group.master.address = from.master;
        for (const SavedInstance& replica : from.replicas) {
            const std::string key = replica.address.host + ":" + std::to_string(replica.address.port);
            group.replicas[key] = {.role = Role::replica, .name = key, .address = replica.address};
        }
        for (const SavedInstance& peer : from.peers) {
            group.peers[peer.run_id] = {
                .role = Role::peer, .name = peer.run_id, .address = peer.address, .run_id = peer.run_id};
        }
    }
    return state;
}

}  // namespace holdfast::sentinel
