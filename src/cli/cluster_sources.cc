#include "cli/cluster_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "cli/module_options.h"
#include "runtime/log.h"

namespace holdfast::cli {

namespace {

constexpr std::string_view static_origin = "static";
constexpr std::string_view local_origin = "local";
constexpr std::string_view api_origin = "api";

std::vector<discovery::StaticNode> static_nodes(const settings::ClusterSettings& cluster) {
    std::vector<discovery::StaticNode> nodes;
    for (const settings::NodeSettings& node : cluster.node) {
        nodes.push_back({.name = node.name,
                         .address = {node.address.host, node.address.port},
                         .weight = node.weight,
                         .priority = node.priority});
    }
    return nodes;
}

void log_local_event(const discovery::LocalNodeEvent& event) {
    using Kind = discovery::LocalNodeEvent::Kind;
    const bool bad = event.kind == Kind::exited || event.kind == Kind::start_failed;
    log::write(bad ? log::Level::warning : log::Level::info, "local", event.sentence);
}

}  // namespace

ClusterSources::ClusterSources(boost::asio::io_context& io, control::FleetControl& control, control::ActiveKeeper& keeper)
    : io_(io), control_(control), keeper_(keeper) {}

Result<> ClusterSources::start(const settings::Settings& settings) {
    prober_ =
        std::make_unique<discovery::Prober>(io_, probe_options(settings.probe), [this](const discovery::ProbeReport& report) {
            control_.apply([&](fleet::Fleet& fleet, Moment moment) {
                const fleet::NodeIndex node = fleet.topology().find_node(report.node);
                if (node.valid()) fleet.probe_result(node, report.ok, report.ok ? std::string_view{} : report.reason, moment);
            });
            keeper_.probed(report.node, report.ok, report.lost, report.reason);
        });
    unlist_missing(settings);
    for (const settings::ClusterSettings& cluster : settings.clusters) {
        if (auto declared = declare(cluster); !declared) return declared;
        if (cluster.source == settings::ClusterSource::local) {
            if (auto started = start_local(settings, cluster); !started) return started;
        } else {
            start_static(cluster);
        }
    }
    return {};
}

Result<> ClusterSources::declare(const settings::ClusterSettings& cluster) {
    const fleet::ClusterSpec spec{.name = cluster.name,
                                  .weight = cluster.weight,
                                  .source = cluster.source == settings::ClusterSource::local
                                                ? fleet::ClusterSource::local
                                                : fleet::ClusterSource::static_settings,
                                  .policy = cluster_policy(cluster.policy)};
    return control_.change([&](fleet::Fleet& fleet, Moment moment) -> Result<> {
        auto declared = fleet.declare_cluster(spec, moment);
        if (!declared) return std::unexpected(std::move(declared).error());
        return {};
    });
}

discovery::NodesSink ClusterSources::list_into_fleet(std::string origin) {
    return [this, origin = std::move(origin)](const discovery::NodesListed& listed) {
        control_.apply([&](fleet::Fleet& fleet, Moment moment) {
            const auto done = fleet.list_nodes(listed.cluster, origin, listed.nodes, moment);
            if (!done)
                log::warning("fleet", "the nodes of cluster {} stay as they were: {}", listed.cluster, done.error().message());
        });
    };
}

void ClusterSources::start_static(const settings::ClusterSettings& cluster) {
    discovery::StaticClusterOptions options;
    options.cluster = cluster.name;
    options.nodes = static_nodes(cluster);
    auto& source = static_[cluster.name];
    source = std::make_unique<discovery::StaticCluster>(
        io_, std::move(options), list_into_fleet(std::string(static_origin)),
        [](const std::string& sentence) { log::warning("discovery", "{}", sentence); });
    source->start();
}

Result<> ClusterSources::start_local(const settings::Settings& settings, const settings::ClusterSettings& cluster) {
    auto& source = local_[cluster.name];
    source = std::make_unique<discovery::LocalCluster>(io_, local_cluster_options(settings, cluster),
                                                       list_into_fleet(std::string(local_origin)), log_local_event);
    return source->start();
}

// Clusters that the settings no longer name keep their devices' routes, but their nodes have left.
void ClusterSources::unlist_missing(const settings::Settings& settings) {
    std::vector<std::pair<std::string, std::string_view>> missing;
    for (const fleet::TopologyCluster& cluster : control_.fleet().topology().clusters) {
        if (cluster.erased || cluster.source == fleet::ClusterSource::api) continue;
        const bool named =
            std::ranges::any_of(settings.clusters, [&](const auto& known) { return known.name == cluster.name; });
        if (named) continue;
        missing.emplace_back(cluster.name, cluster.source == fleet::ClusterSource::local ? local_origin : static_origin);
    }
    for (const auto& [name, origin] : missing) {
        static_.erase(name);
        log::warning(
            "fleet",
            "the settings no longer name cluster {}: its nodes have left; its devices are refused until they are moved, or "
            "the cluster is removed (holdfast cluster rm {})",
            name, name);
        control_.apply([&, cluster = name, from = origin](fleet::Fleet& fleet, Moment moment) {
            static_cast<void>(fleet.list_nodes(cluster, from, {}, moment));
        });
    }
}

void ClusterSources::reload(const settings::Settings& settings) {
    prober_->set_options(probe_options(settings.probe));
    unlist_missing(settings);
    for (const settings::ClusterSettings& cluster : settings.clusters) {
        if (cluster.source != settings::ClusterSource::static_list) continue;
        if (const auto declared = declare(cluster); !declared) {
            log::warning("fleet", "cluster {} stays as it was: {}", cluster.name, declared.error().message());
            continue;
        }
        const auto known = static_.find(cluster.name);
        if (known == static_.end()) {
            start_static(cluster);
        } else {
            known->second->set_nodes(static_nodes(cluster));
        }
    }
}

void ClusterSources::follow(const fleet::Topology& topology) {
    if (!prober_) return;
    std::vector<discovery::Prober::Target> targets;
    for (const fleet::TopologyNode& node : topology.nodes) {
        if (node.erased || !node.listed || node.address.empty()) continue;
        targets.push_back({.node = node.name, .address = {node.address, node.port}});
    }
    prober_->set_targets(targets);
    resolve_api_nodes(topology);
}

void ClusterSources::resolve_api_nodes(const fleet::Topology& topology) {
    std::vector<discovery::StaticNode> nodes;
    for (const fleet::TopologyNode& node : topology.nodes) {
        if (node.erased || !node.listed || node.origin != api_origin || net::numeric_endpoint({node.host, node.port})) continue;
        nodes.push_back({.name = node.name, .address = {node.host, node.port}, .weight = node.weight});
    }
    if (!api_names_) {
        if (nodes.empty()) return;
        // Posted, because the fleet must not change while its topology is being followed.
        const discovery::NodesSink resolved = [this](const discovery::NodesListed& listed) {
            boost::asio::post(io_, [this, specs = listed.nodes] {
                control_.apply([&](fleet::Fleet& fleet, Moment moment) {
                    for (const fleet::NodeSpec& spec : specs) {
                        const fleet::NodeIndex node = fleet.topology().find_node(spec.name);
                        if (node.valid() && !spec.address.empty()) fleet.node_resolved(node, spec.address, moment);
                    }
                });
            });
        };
        api_names_ = std::make_unique<discovery::StaticCluster>(
            io_, discovery::StaticClusterOptions{.cluster = std::string(api_origin), .nodes = std::move(nodes)}, resolved,
            [](const std::string& sentence) { log::warning("discovery", "{}", sentence); });
        api_names_->start();
        return;
    }
    api_names_->set_nodes(std::move(nodes));
}

void ClusterSources::probe_now(std::span<const fleet::NodeIndex> nodes) {
    if (!prober_) return;
    for (const fleet::NodeIndex node : nodes)
        prober_->probe_now(control_.fleet().topology().node_name(node));
}

void ClusterSources::stop(std::function<void()> done) {
    if (prober_) prober_->stop();
    if (api_names_) api_names_->stop();
    for (auto& [name, source] : static_)
        source->stop();
    auto left = std::make_shared<std::size_t>(local_.size());
    if (*left == 0) {
        done();
        return;
    }
    auto finish = std::make_shared<std::function<void()>>(std::move(done));
    for (auto& [name, source] : local_) {
        source->stop([left, finish] {
            if (--*left == 0) (*finish)();
        });
    }
}

std::optional<int> ClusterSources::pid_of(std::string_view node) const {
    for (const auto& [name, source] : local_) {
        for (const discovery::LocalNode& local : source->nodes()) {
            if (local.name == node) return local.pid;
        }
    }
    return std::nullopt;
}

}  // namespace holdfast::cli
