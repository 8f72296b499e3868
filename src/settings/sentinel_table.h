#pragma once
// The rows of the settings table that `holdfast sentinel` is made from. Part of settings_table.cc.

#include <array>

#include "settings/accessor.h"
#include "settings/list_of.h"
#include "settings/settings.h"
#include "settings/settings_table.h"

namespace holdfast::settings::sentinel_table {

template <auto Member>
consteval Accessor in_sentinel() {
    return at<&Settings::sentinel, Member>();
}

inline constexpr Change restart = Change::at_restart;
inline constexpr Change now = Change::at_run_time;
using W = SentinelSettings;
using M = RedisMasterSettings;
using O = GroupSettings;
using E = GroupMemberSettings;

// clang-format off
// name, member, default, min, max, unit, change, help[, shown default][, secret][, required]
inline constexpr std::array rows{
    Row{"sentinel.listen", in_sentinel<&W::listen>(), "127.0.0.1:26379", "", "", "", restart,
        "Where clients and other sentinels connect, by the Redis protocol. Other machines need an address that they can reach, and then a password is wanted.", {}},
    Row{"sentinel.announce", in_sentinel<&W::announce>(), "", "0", "255", "characters", restart,
        "The address, \"host:port\", that other sentinels of Redis masters are told. Empty: the one that they see.", {}},
    Row{"sentinel.username", in_sentinel<&W::username>(), "", "0", "1024", "characters", restart,
        "The user name that is said to other sentinels with the password. Empty: only the password is said.", {}},
    Row{"sentinel.password", in_sentinel<&W::password>(), "", "0", "1024", "characters", restart,
        "What clients and other sentinels must say, and what is said to other sentinels. Empty: nothing.", {}, true},
    Row{"sentinel.peers", in_sentinel<&W::peers>(), "", "0", "32", "", restart,
        "The other sentinels that watch the same [[group]] tables, all of them. Empty: this one decides alone. For [[sentinel.redis]] they find each other.", {}},
    Row{"sentinel.tls_cert_file", in_sentinel<&W::tls_cert_file>(), "", "0", "4096", "characters", restart,
        "A certificate in PEM form, with those between it and its authority. With one, sentinel.listen speaks TLS and nothing else, and so do connections to other sentinels, which are shown it. Empty: in the clear.", {}},
    Row{"sentinel.tls_key_file", in_sentinel<&W::tls_key_file>(), "", "0", "4096", "characters", restart,
        "The certificate's key, in PEM form.", {}},
    Row{"sentinel.tls_ca_file", in_sentinel<&W::tls_ca_file>(), "", "0", "4096", "characters", restart,
        "The authorities, in PEM form, one of which must have signed what other sentinels show. Names in certificates are not looked at.", {}},
    Row{"sentinel.tls_mutual", in_sentinel<&W::tls_mutual>(), "true", "", "", "", restart,
        "Whether who connects must show a certificate of these authorities too, clients included.", {}},
    Row{"sentinel.tls_redis", in_sentinel<&W::tls_redis>(), "false", "", "", "", restart,
        "Whether Redis masters and their replicas are spoken to by TLS too, by the same files.", {}},
    Row{"sentinel.quorum", in_sentinel<&W::quorum>(), "0", "0", "33", "sentinels", now,
        "How many sentinels must see a master or an active member down before it is replaced. 0: a majority of this one and its peers. A majority must agree in any case.", {}},
    Row{"sentinel.down_after", in_sentinel<&W::down_after>(), "5s", "100ms", "1h", "", now,
        "How long a master or a member may not answer until it counts as down.", {}},
    Row{"sentinel.early_suspicion", in_sentinel<&W::early_suspicion>(), "0s", "0s", "1h", "", now,
        "A refused connection, or one that ended, counts as down after this already. 0s: it does not.", {}},
};

inline constexpr std::array redis_rows{
    Row{"name", at<&M::name>(), "", "1", "128", "characters", now,
        "The master's name, by which clients ask for it.", {}, false, true},
    Row{"address", at<&M::address>(), "", "", "", "", now,
        "Where the master is the first time. Later failovers are remembered.", {}, false, true},
    Row{"quorum", at<&M::quorum>(), "0", "0", "1000", "sentinels", now,
        "As sentinel.quorum, which 0 stands for.", {}},
    Row{"down_after", at<&M::down_after>(), "0s", "0s", "1h", "", now,
        "As sentinel.down_after, which 0s stands for.", {}},
    Row{"failover_timeout", at<&M::failover_timeout>(), "3m", "1s", "1h", "", now,
        "How long the steps of a failover are waited for.", {}},
    Row{"parallel_syncs", at<&M::parallel_syncs>(), "1", "1", "1000", "replicas", now,
        "How many replicas follow the new master at the same time.", {}},
    Row{"username", at<&M::username>(), "", "0", "1024", "characters", now,
        "The user name that is said to the master and its replicas.", {}},
    Row{"password", at<&M::password>(), "", "0", "1024", "characters", now,
        "The password that is said to the master and its replicas.", {}, true},
};

inline constexpr std::array group_rows{
    Row{"name", at<&O::name>(), "", "1", "128", "characters", now, "The group's name.", {}, false, true},
    Row{"policy", at<&O::policy>(), "active-standby", "", "", "", now,
        "\"active-standby\": one member is active, another takes its place when it is down.", {}},
    Row{"probe", at<&O::probe>(), "mqtt", "", "", "", now,
        "How members are asked whether they live. \"mqtt\": CONNECT and PINGREQ. \"http\": GET, answered with 2xx or 3xx. \"tcp\": a connection, which a frozen process accepts too.", {}},
    Row{"http_path", at<&O::http_path>(), "/", "1", "1024", "characters", now, "What GET asks for.", {}},
    Row{"username", at<&O::username>(), "", "0", "65535", "characters", now,
        "The user name that MQTT probes present. Members that refuse it are alive all the same.", {}},
    Row{"password", at<&O::password>(), "", "0", "65535", "characters", now,
        "The password that MQTT probes present.", {}, true},
    Row{"probe_interval", at<&O::probe_interval>(), "1s", "50ms", "1h", "", now, "How often each member is asked.", {}},
    Row{"probe_timeout", at<&O::probe_timeout>(), "1s", "50ms", "1h", "", now, "How long an answer may take.", {}},
    Row{"quorum", at<&O::quorum>(), "0", "0", "33", "sentinels", now, "As sentinel.quorum, which 0 stands for.", {}},
    Row{"down_after", at<&O::down_after>(), "0s", "0s", "1h", "", now,
        "As sentinel.down_after, which 0s stands for.", {}},
    Row{"switch_back", at<&O::switch_back>(), "by-hand", "", "", "", now,
        "When a better member is up again: \"by-hand\" waits for an operator, \"automatic\" gives the place back after switch_back_after unless an operator chose, \"never\" also passes a replaced member over in need, until an operator names it.", {}},
    Row{"switch_back_after", at<&O::switch_back_after>(), "5m", "0s", "7d", "", now,
        "How long the better member must have been up without a break before it is given its place back.", {}},
    Row{"settle", at<&O::settle>(), "10s", "0s", "1h", "", now,
        "How long after a switch there is no other that nobody ordered.", {}},
};

inline constexpr std::array member_rows{
    Row{"name", at<&E::name>(), "", "1", "128", "characters", now, "The member's name.", {}, false, true},
    Row{"address", at<&E::address>(), "", "", "", "", now, "Where it is probed.", {}, false, true},
    Row{"priority", at<&E::priority>(), "100", "0", "10000", "", now,
        "The lowest number is the best. 0: never active by itself.", {}},
};
// clang-format on

inline constexpr std::array inner_of_group{
    list_of<O, &O::member>("group.member", "The members of a group.", 64, member_rows, {}),
};
inline constexpr std::array lists{
    list_of<Settings, &Settings::redis_masters>("sentinel.redis", "The Redis masters that `holdfast sentinel` watches.", 1000,
                                                redis_rows, {}),
    list_of<Settings, &Settings::groups>(
        "group", "The groups of MQTT nodes or services that `holdfast sentinel` watches, of which one member is active.", 256,
        group_rows, inner_of_group),
};

/// One table behind the other.
template <class Entry, std::size_t first_size, std::size_t second_size>
consteval std::array<Entry, first_size + second_size> joined(const std::array<Entry, first_size>& first,
                                                             const std::array<Entry, second_size>& second) {
    return [&]<std::size_t... one, std::size_t... two>(std::index_sequence<one...>, std::index_sequence<two...>) {
        return std::array<Entry, first_size + second_size>{first[one]..., second[two]...};
    }(std::make_index_sequence<first_size>{}, std::make_index_sequence<second_size>{});
}

}  // namespace holdfast::settings::sentinel_table
