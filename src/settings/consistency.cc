#include "settings/consistency.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "settings/name_rule.h"
#include "settings/quoted.h"
#include "settings/sentinel_consistency.h"

namespace holdfast::settings {
namespace {

bool is_loopback(const std::string& host) {
    return host == "localhost" || host == "::1" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

/// `low` must not exceed `high`.
template <class T>
void check_order(Findings& findings, std::string_view low_name, const T& low, std::string_view high_name, const T& high,
                 const std::string& low_text, const std::string& high_text) {
    if (low <= high) return;
    findings.add(findings.place_of({low_name, high_name}),
                 fmt::format("{} is {}, but must not be more than {}, which is {}", low_name, low_text, high_name, high_text));
}

void check_durations(Findings& findings, std::string_view low_name, Duration low, std::string_view high_name, Duration high) {
    check_order(findings, low_name, low, high_name, high, format_duration(low), format_duration(high));
}

void check_numbers(Findings& findings, std::string_view low_name, std::uint32_t low, std::string_view high_name,
                   std::uint32_t high) {
    check_order(findings, low_name, low, high_name, high, fmt::format("{}", low), fmt::format("{}", high));
}

void check_pairs(const Settings& s, Findings& findings) {
    if (s.gateway.low_watermark >= s.gateway.high_watermark) {
        findings.add(findings.place_of({"gateway.low_watermark", "gateway.high_watermark"}),
                     fmt::format("gateway.low_watermark is {}, but must be less than gateway.high_watermark, which is {}",
                                 format_size(s.gateway.low_watermark), format_size(s.gateway.high_watermark)));
    }
    check_numbers(findings, "probe.suspect_after", s.probe.suspect_after, "probe.down_after", s.probe.down_after);
    check_durations(findings, "local.restart_backoff_min", s.local.restart_backoff_min, "local.restart_backoff_max",
                    s.local.restart_backoff_max);
    check_durations(findings, "storage.retry_min", s.storage.retry_min, "storage.retry_max", s.storage.retry_max);
    check_numbers(findings, "admin.page_size", s.admin.page_size, "admin.page_size_max", s.admin.page_size_max);
}

void check_listeners(const Settings& s, Findings& findings) {
    if (!s.admin.allow_remote && !is_loopback(s.admin.listen.host)) {
        findings.add(
            findings.place_of({"admin.listen"}),
            fmt::format(
                "admin.listen is \"{}\", which other machines can reach; set admin.allow_remote = true if that is meant, "
                "or use a loopback address such as \"127.0.0.1:8080\"",
                format_address(s.admin.listen)));
    }
    for (const Address& address : s.rpc.listen) {
        if (s.rpc.allow_remote || is_loopback(address.host)) continue;
        findings.add(findings.place_of({"rpc.listen"}),
                     fmt::format("rpc.listen is \"{}\", which other machines can reach; set rpc.allow_remote = true if that is "
                                 "meant, or use a loopback address such as \"127.0.0.1:9090\"",
                                 format_address(address)));
    }
    std::set<std::string> seen;
    for (const Address& address : s.gateway.listen) {
        if (address.port != 0 && !seen.insert(format_address(address)).second) {
            findings.add(findings.place_of({"gateway.listen"}),
                         fmt::format("gateway.listen names {} twice", format_address(address)));
        }
    }
    std::set<IdentityPart> parts;
    for (const IdentityPart part : s.fleet.identify) {
        if (!parts.insert(part).second) {
            findings.add(findings.place_of({"fleet.identify"}),
                         fmt::format("fleet.identify names \"{}\" twice", choice_names(part)[static_cast<std::size_t>(part)]));
        }
    }
}

/// All names and ports in use by clusters so far, and who uses them.
struct Taken {
    std::map<std::string, std::string> nodes;          ///< node name -> cluster
    std::map<std::uint32_t, std::string> local_ports;  ///< port -> cluster
    std::set<std::string> clusters;
};

void take_node(Findings& findings, const std::string& place, Taken& taken, const std::string& node,
               const std::string& cluster) {
    const auto [at, fresh] = taken.nodes.try_emplace(node, cluster);
    if (!fresh) {
        findings.add(
            place,
            fmt::format("cluster {} has a node {}, but cluster {} has one of that name already; node names are unique in "
                        "the whole fleet",
                        quoted(cluster), quoted(node), quoted(at->second)));
    }
}

void check_static_cluster(Findings& findings, const ClusterSettings& cluster, const std::string& path, Taken& taken) {
    if (cluster.node.empty()) {
        findings.add(findings.place_of({path + ".name", path}),
                     fmt::format("cluster {} has no nodes; add [[cluster.node]] tables under it, or set source = \"local\"",
                                 quoted(cluster.name)));
    }
    for (const std::string_view name : {"nodes", "base_port"}) {
        const std::string full = fmt::format("{}.{}", path, name);
        if (findings.places.contains(full)) {
            findings.add(findings.place_of({full}),
                         fmt::format("cluster.{} is for clusters with source = \"local\"; cluster {} is static", name,
                                     quoted(cluster.name)));
        }
    }
    for (std::size_t i = 0; i < cluster.node.size(); ++i) {
        const NodeSettings& node = cluster.node[i];
        const std::string node_path = fmt::format("{}.node[{}]", path, i);
        const std::string place = findings.place_of({node_path + ".name", path});
        check_name(findings, place, "cluster.node.name", node.name);
        take_node(findings, place, taken, node.name, cluster.name);
        if (node.address.port == 0) {
            findings.add(findings.place_of({node_path + ".address", path}),
                         fmt::format("cluster.node.address is \"{}\", but a node needs a port", format_address(node.address)));
        }
    }
}

void check_local_cluster(Findings& findings, const ClusterSettings& cluster, const std::string& path, Taken& taken) {
    if (!cluster.node.empty()) {
        findings.add(
            findings.place_of({path + ".node[0].name", path}),
            fmt::format("cluster {} is local, so Holdfast makes its nodes; set nodes = {} instead of [[cluster.node]] tables",
                        quoted(cluster.name), cluster.node.size()));
        return;
    }
    const std::string place = findings.place_of({path + ".base_port", path + ".name", path});
    for (std::uint32_t i = 0; i < cluster.nodes; ++i) {
        take_node(findings, place, taken, fmt::format("{}-{}", cluster.name, i + 1), cluster.name);
    }
    if (cluster.base_port == 0) return;
    if (cluster.base_port + cluster.nodes - 1 > 65535) {
        findings.add(place, fmt::format("cluster.base_port is {}, which leaves no ports for {} nodes", cluster.base_port,
                                        cluster.nodes));
        return;
    }
    for (std::uint32_t port = cluster.base_port; port < cluster.base_port + cluster.nodes; ++port) {
        const auto [at, fresh] = taken.local_ports.try_emplace(port, cluster.name);
        if (!fresh) {
            findings.add(place, fmt::format("clusters {} and {} would both have a node on port {}; move one cluster.base_port",
                                            quoted(at->second), quoted(cluster.name), port));
            return;
        }
    }
}

void check_clusters(const Settings& s, Findings& findings) {
    Taken taken;
    for (std::size_t i = 0; i < s.clusters.size(); ++i) {
        const ClusterSettings& cluster = s.clusters[i];
        const std::string path = fmt::format("cluster[{}]", i);
        const std::string place = findings.place_of({path + ".name", path});
        check_name(findings, place, "cluster.name", cluster.name);
        if (!taken.clusters.insert(cluster.name).second) {
            findings.add(place, fmt::format("there are two clusters of the name {}", quoted(cluster.name)));
        } else if (cluster.source == ClusterSource::local) {
            check_local_cluster(findings, cluster, path, taken);
        } else {
            check_static_cluster(findings, cluster, path, taken);
        }
    }
}

void check_rules(const Settings& s, Findings& findings) {
    for (std::size_t i = 0; i < s.allocation_rules.size(); ++i) {
        const AllocationRuleSettings& rule = s.allocation_rules[i];
        if (rule.prefix.empty() != rule.pattern.empty()) continue;
        const std::string path = fmt::format("allocation.rule[{}]", i);
        findings.add(findings.place_of({path + ".pattern", path + ".prefix", path}),
                     rule.prefix.empty() ? "an allocation rule needs a prefix or a pattern that is not empty"
                                         : "an allocation rule has either a prefix or a pattern, not both");
    }
}

}  // namespace

void check_consistency(const Settings& settings, Findings& findings) {
    check_pairs(settings, findings);
    check_listeners(settings, findings);
    check_clusters(settings, findings);
    check_rules(settings, findings);
    check_sentinel(settings, findings);
}

}  // namespace holdfast::settings
