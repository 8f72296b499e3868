#pragma once
// What a sentinel is told by its operator: per group of a master and its replicas, and for itself. The names are those of
// sentinel.conf, units and defaults too, where Redis Sentinel has them.

#include <chrono>
#include <map>
#include <string>

#include "base/time.h"
#include "sentinel/address.h"

namespace holdfast::sentinel {

/// Per group. Each can be changed while it runs (SENTINEL SET).
struct GroupOptions {
    unsigned quorum = 1;
    Duration down_after = std::chrono::seconds(30);
    Duration failover_timeout = std::chrono::seconds(180);
    unsigned parallel_syncs = 1;
    std::string auth_user = {};
    std::string auth_pass = {};                                ///< a secret: in no log, event or answer
    std::string notification_script = {};                      ///< a path; empty: none
    std::string reconfig_script = {};                          ///< client-reconfig-script
    Duration reboot_down_after{};                              ///< master-reboot-down-after-period; 0: off
    std::map<std::string, std::string> renamed_commands = {};  ///< upper-case name to what the servers call it

    friend bool operator==(const GroupOptions&, const GroupOptions&) = default;
};

/// For the sentinel itself.
struct SentinelOptions {
    std::uint16_t port = 26379;         ///< where it listens; announced unless `announce.port` is given
    Address announce = {};              ///< announce-ip and announce-port; empty parts: the link's own address, `port`
    bool resolve_hostnames = false;     ///< names are allowed as hosts
    bool announce_hostnames = false;    ///< names are shown to clients and peers
    std::string peer_user = {};         ///< sentinel-user
    std::string peer_pass = {};         ///< sentinel-pass; a secret
    std::string require_pass = {};      ///< requirepass: also said to peers when there is no `peer_pass`; a secret
    bool deny_scripts_reconfig = true;  ///< SENTINEL SET may not change scripts

    Duration ping_period = std::chrono::seconds(1);
    Duration hello_period = std::chrono::seconds(2);
    Duration info_period = std::chrono::seconds(10);
    /// INFO of replicas while their master is down or replaced; Redis Sentinel cannot go below a second.
    Duration fast_info_period = std::chrono::milliseconds(100);
    /// How often peers are asked again while the own view is down and there is no agreement.
    Duration ask_period = std::chrono::milliseconds(30);
    /// A lost election is tried again in a new epoch after a random time between these.
    Duration retry_min = std::chrono::milliseconds(50);
    Duration retry_max = std::chrono::milliseconds(300);
    /// How soon a link that broke is dialled again; doubled up to `ping_period` while it fails.
    Duration redial_min = std::chrono::milliseconds(50);
    /// A refused connection, or the end of a stream that is not accepted again, counts as down after this; 0: off, only
    /// `down_after` counts. The quorum is still needed.
    Duration early_suspicion{};
    /// A master that has just been switched to is not judged down before it was reached once, or this has passed beyond
    /// `down_after`.
    Duration new_master_grace = std::chrono::seconds(2);
    /// The process stood still for longer than this (its timer came so late): the time is taken off every clock that judges.
    Duration own_pause = std::chrono::milliseconds(300);

    // The other times that SENTINEL DEBUG changes. Not saved, as little as the periods above.
    Duration default_down_after = std::chrono::seconds(30);         ///< of groups that are monitored from now on
    Duration default_failover_timeout = std::chrono::seconds(180);  ///< the same
    Duration tilt_trigger = std::chrono::seconds(2);                ///< an own pause longer than this is told as +tilt
    Duration tilt_period = std::chrono::seconds(30);
    Duration repoint_timeout =
        std::chrono::seconds(10);  ///< a replica that does not name the new master by then counts as done
    Duration link_min_age =
        std::chrono::seconds(15);  ///< min-link-reconnect-period; for show, links that are silent are dialled anew
    Duration election_timeout = std::chrono::seconds(10);    ///< votes are not waited for longer
    Duration script_max_runtime = std::chrono::seconds(60);  ///< then it is killed
    Duration script_retry_delay = std::chrono::seconds(30);  ///< doubled with each try

    friend bool operator==(const SentinelOptions&, const SentinelOptions&) = default;
};

}  // namespace holdfast::sentinel
