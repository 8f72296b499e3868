#include "control/traffic_counters.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <variant>

namespace holdfast::control {
namespace {

struct AddFact {
    TrafficCounters& counters;

    void operator()(const fleet::Opened& fact) const {
        ++counters.opened_by_kind[static_cast<std::size_t>(fact.kind)];
        if (fact.node != fact.first) ++counters.failovers;
        const double seconds = std::max(0.0, std::chrono::duration<double>(fact.at - fact.asked_at).count());
        const auto bucket = std::ranges::lower_bound(latency_bounds, seconds) - latency_bounds.begin();
        ++counters.latency[static_cast<std::size_t>(bucket)];
        counters.latency_sum += seconds;
    }
    void operator()(const fleet::Closed& fact) const {
        const auto place = counters.closed.find(fact.reason_text);
        if (place != counters.closed.end()) {
            ++place->second;
        } else {
            counters.closed.emplace(fact.reason_text, 1);
        }
        counters.messages_up += fact.messages_up;
        counters.messages_down += fact.messages_down;
    }
    void operator()(const fleet::Refused& fact) const { ++counters.refused[static_cast<std::size_t>(fact.reason)]; }
    void operator()(const fleet::NodeTrouble&) const { ++counters.node_troubles; }
    void operator()(const fleet::Acknowledged&) const { ++counters.acknowledged; }
};

}  // namespace

void TrafficCounters::add(const fleet::Fact& fact) {
    std::visit(AddFact{*this}, fact);
}

}  // namespace holdfast::control
