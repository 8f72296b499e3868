#pragma once
// Probes the nodes of a fleet as discovery does: CONNECT, then PINGREQ, with a time-out.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "fleet/topology.h"
#include "mqtt/client_session.h"
#include "world.h"

namespace holdfast::sim {

class Prober {
public:
    using Result = std::function<void(fleet::NodeIndex node, bool ok)>;

    Prober(World& world, Result result);
    ~Prober();

    /// Follows the nodes of a new topology.
    void follow(const fleet::Topology& topology);
    /// Forgets everything.
    void start_again();
    void probe_now(fleet::NodeIndex node);

private:
    class Probe;
    struct Watched {
        std::uint16_t port = 0;
        std::uint64_t watch = 0;
        std::unique_ptr<Probe> probe;
    };
    void probe_regularly(fleet::NodeIndex node, std::uint64_t watch);
    void ended(fleet::NodeIndex node, bool ok);

    World& world_;
    Result result_;
    std::map<fleet::NodeIndex, Watched> watched_;
    std::uint64_t probes_ = 0;
    std::uint64_t watches_ = 0;
};

}  // namespace holdfast::sim
