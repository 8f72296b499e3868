#pragma once
// Keeps an active node in each cluster whose nodes stand by, as control/active_keeper.h does: takes another one a while after
// the active one went, and obeys operators.

#include <map>
#include <string>

#include "control.h"
#include "world.h"

namespace holdfast::sim {

class Keeper {
public:
    Keeper(World& world, Control& control)
        : world_(world), control_(control), patience_(world.dice.duration(Duration::zero(), std::chrono::seconds(2))) {}

    void start() { look_around(); }
    /// An operator's order: some other node that is up becomes active, if there is one.
    void fail_over(const std::string& cluster) { replace(cluster, "an operator said so"); }

    /// Since when it is the active one; nothing when it is not.
    [[nodiscard]] std::optional<Time> active_since(fleet::NodeIndex node) const;

private:
    struct Place {
        fleet::NodeIndex active;
        Time since{};
        std::optional<Time> missing_since;
    };
    void look_around();
    void replace(const std::string& cluster, const char* reason);

    World& world_;
    Control& control_;
    Duration patience_;
    std::map<std::string, Place> places_;
};

}  // namespace holdfast::sim
