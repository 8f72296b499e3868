#pragma once
// Asks nodes whether they live, by MQTT itself: one connection per node, kept open, and a PINGREQ each interval. A frozen
// process still accepts TCP connections, but neither answers CONNECT nor PINGREQ in time. What follows from failed probes is
// the fleet's decision.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "discovery/node_probe.h"
#include "net/address.h"
#include "net/tcp.h"

namespace holdfast::discovery {

struct ProbeOptions {
    Duration interval = std::chrono::seconds(1);
    /// For the TCP connection, the CONNACK and each PINGRESP.
    Duration timeout = std::chrono::seconds(1);
    std::string client_id_prefix = "holdfast-probe-";
    /// Sent when not empty. Nodes that refuse them are alive all the same.
    std::string username;
    std::string password;
};

/// One probe's outcome.
struct ProbeReport {
    std::string node;  ///< the key it was added under
    bool ok = false;
    /// Failed: why, as a sentence. Ok: empty, or a note such as "alive, but refuses the probe's credentials".
    std::string reason;
    Duration latency{};  ///< from the question to its answer; for failures how long it took to know
    bool lost = false;   ///< failed because nobody listens, or the connection ended; not by silence
};

/// Threads: all on the io_context's one thread. Sinks may call back into the prober.
class Prober {
public:
    using Sink = std::function<void(const ProbeReport&)>;

    Prober(net::IoContext& io, ProbeOptions options, Sink sink);
    ~Prober();
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;

    /// Starts to probe a node, at once. A known key with another address starts anew there; with the same address nothing
    /// changes.
    void add(std::string_view node, const net::HostPort& address);
    /// Ends a node's probes; an unknown key is ignored.
    void remove(std::string_view node);
    /// Makes the set exactly this: adds, moves and removes as needed.
    struct Target {
        std::string node;
        net::HostPort address;
    };
    void set_targets(const std::vector<Target>& targets);

    /// A hint that something happened to the node (the gateway could not connect): asks now, unless a question is open.
    void probe_now(std::string_view node);

    /// Times hold from the next question on; the rest for nodes that are added later.
    void set_options(ProbeOptions options);

    /// Ends all probes; no report after it.
    void stop();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::discovery
