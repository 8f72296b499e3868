#pragma once
// A cluster on this machine: real Mosquitto processes that Holdfast configures, starts, watches, restarts and ends. Each node
// is a single broker with its own sessions; the processes die with Holdfast, even when it is killed.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "discovery/local_error.h"
#include "discovery/local_node_event.h"
#include "discovery/nodes_listed.h"
#include "discovery/restart_policy.h"
#include "net/tcp.h"

namespace holdfast::discovery {

struct LocalClusterOptions {
    std::string cluster;
    unsigned nodes = 2;
    std::uint32_t weight = fleet::default_weight;  ///< of each node
    /// The first node's port, the others follow. 0: free ports, kept in files so that a node has the same port after a restart.
    std::uint16_t base_port = 0;
    std::string address = "127.0.0.1";
    /// Nodes live under data_dir/local/<cluster>/<node>/.
    std::string data_dir;
    /// The program. Empty: `mosquitto` from PATH, /usr/sbin or /usr/local/sbin.
    std::string mosquitto;
    RestartOptions restart;
    /// A node's log file is renamed when it reaches this size; two old files are kept.
    std::uint64_t log_max_size = 8ULL << 20;
    /// SIGTERM first; after this long SIGKILL.
    Duration stop_timeout = std::chrono::seconds(5);
};

struct LocalNode {
    std::string name;  ///< "<cluster>-<number from 1>"
    std::string address;
    std::uint16_t port = 0;
    int pid = 0;  ///< 0 while not running
};

/// Threads: everything on the io_context's one thread, which must live as long as the children: the kernel ends them when the
/// thread that started them ends.
class LocalCluster {
public:
    LocalCluster(net::IoContext& io, LocalClusterOptions options, NodesSink nodes, LocalNodeSink events);
    /// Kills what still runs; call `stop` first for an orderly end.
    ~LocalCluster();
    LocalCluster(const LocalCluster&) = delete;
    LocalCluster& operator=(const LocalCluster&) = delete;

    /// Writes directories and configurations, ends leftovers of an earlier Holdfast and starts the nodes. An error means that
    /// nothing was started; what goes wrong later (a port in use, a crash) is told by events and tried again. The nodes that
    /// were started are listed to the sink before this returns; one that could not be started yet is listed once it is, lest
    /// somebody else's broker on its port be taken for it.
    [[nodiscard]] Result<> start();

    /// Ends all nodes, then calls `done` (once, on the io_context; at once when nothing runs). No restart after it.
    void stop(std::function<void()> done);

    [[nodiscard]] std::vector<LocalNode> nodes() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::discovery
