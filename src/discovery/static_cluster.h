#pragma once
// A cluster whose nodes are written down in the settings or came in by the API: only their names have to be resolved.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "discovery/nodes_listed.h"
#include "net/address.h"
#include "net/tcp.h"

namespace holdfast::discovery {

struct StaticNode {
    std::string name;
    net::HostPort address;
    std::uint32_t weight = fleet::default_weight;
    std::uint32_t priority = fleet::default_priority;

    friend bool operator==(const StaticNode&, const StaticNode&) = default;
};

struct StaticClusterOptions {
    std::string cluster;
    std::vector<StaticNode> nodes;
    /// How often names are resolved again.
    Duration resolve_interval = std::chrono::seconds(30);
    /// After a failed lookup.
    Duration retry_interval = std::chrono::seconds(2);
};

/// Lists its nodes, always all of them, each with the numeric address of its host. A node whose name was never resolved has an
/// empty one; a failed lookup keeps the last answer. When a name has several addresses, IPv4 goes first and the last answer is
/// kept as long as it is among them. Threads: everything on the io_context's one thread.
class StaticCluster {
public:
    /// `trouble` gets a sentence when a lookup fails, once until it succeeds again.
    StaticCluster(net::IoContext& io, StaticClusterOptions options, NodesSink nodes,
                  std::function<void(const std::string&)> trouble);
    ~StaticCluster();
    StaticCluster(const StaticCluster&) = delete;
    StaticCluster& operator=(const StaticCluster&) = delete;

    /// Lists the nodes before it returns, and again whenever an address has changed.
    void start();
    /// Another set of nodes from now on; answers for names that stay are kept.
    void set_nodes(std::vector<StaticNode> nodes);
    void stop();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::discovery
