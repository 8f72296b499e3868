#pragma once
// The clusters and their brokers as they really are, and since when each node has been fit to take devices: listed, not
// draining, and answering. What checkers hold the fleet's picture against.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker.h"
#include "control.h"

namespace holdfast::sim {

class NodePark {
public:
    NodePark(World& world, Control& control) : world_(world), control_(control) {}

    /// A cluster of that many nodes, listed. In some of them one is active and the others stand by.
    void build(const std::string& cluster, std::size_t nodes);
    /// One more node, listed at once.
    void add(const std::string& cluster);
    /// The cluster stops to list it, or lists it again.
    void unlist(const std::string& node);
    void relist(const std::string& node);
    void drain(const std::string& node, double pace, bool force);
    void undrain(const std::string& node);
    /// Everything answers, is listed and takes devices again, but for what leaves at least one such node in each cluster.
    void calm_down();

    [[nodiscard]] const std::vector<std::string>& clusters() const noexcept { return clusters_; }
    [[nodiscard]] const std::vector<std::string>& nodes() const noexcept { return names_; }
    [[nodiscard]] Broker& broker(const std::string& node) { return *places_.at(node).broker; }
    /// Since when it has been fit; nothing while it is not.
    [[nodiscard]] std::optional<Time> fit_since(const std::string& node) const;
    [[nodiscard]] std::size_t connections_of(std::string_view client_id) const;
    [[nodiscard]] std::uint64_t messages() const;

private:
    struct Place {
        std::string cluster;
        std::unique_ptr<Broker> broker;
        bool listed = true;
        bool draining = false;
        Time changed{};
    };
    void list(const std::string& cluster);

    World& world_;
    Control& control_;
    std::vector<std::string> clusters_;
    std::vector<std::string> names_;
    std::map<std::string, Place> places_;
};

}  // namespace holdfast::sim
