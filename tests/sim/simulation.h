#pragma once
// One whole history from one seed: a fleet is built, devices arrive, everything happens to them for a while, then the world
// calms down and everybody must find their place, and at last the gateway shuts down and nothing may be left.

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "chaos.h"
#include "control.h"
#include "device.h"
#include "keeper.h"
#include "node_park.h"
#include "placement_checker.h"
#include "refusal_checker.h"
#include "stream_checker.h"
#include "world.h"

namespace holdfast::sim {

/// What happened in it, to see that enough did.
struct Summary {
    std::uint64_t steps = 0;
    std::uint64_t opened = 0;
    std::uint64_t refused = 0;
    std::uint64_t messages = 0;
    /// CONNECTs that waited for an active node, and were opened in the end.
    std::uint64_t waited = 0;
    std::map<proxy::EndReason, std::uint64_t> ends;
    std::map<fleet::RefuseReason, std::uint64_t> refusals;

    Summary& operator+=(const Summary& other);
};

class Simulation final : private Witness {
public:
    Simulation(std::uint64_t seed, bool tells);

    /// Throws Broken when something that must hold does not.
    Summary run();

private:
    void opened(const fleet::Opened& fact) override;
    void refused(const Link& link, const proxy::Connection::Story& story) override;
    void relayed(const Link& link) override { streams_.relaying(link); }
    void over(const Link& link) override;
    void killed(const Link& link) override { open_.erase(link.id()); }

    void build();
    void make_device(std::size_t number);
    void storm();
    void look_around();
    void calm();
    void shut_down();

    World world_;
    proxy::Limits limits_;
    Control control_;
    NodePark park_;
    Keeper keeper_;
    std::vector<std::unique_ptr<Device>> devices_;
    Chaos chaos_;
    StreamChecker streams_;
    RefusalChecker refusals_;
    PlacementChecker places_;
    bool storming_ = true;
    /// Links that were reported as opened and are not over.
    std::map<fleet::ConnectionId, Time> open_;
    Summary summary_;
};

}  // namespace holdfast::sim
