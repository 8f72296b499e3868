#include "data_plane.h"

#include <utility>

#include "proxy/connection_facts.h"

namespace holdfast::sim {

WireUser* DataPlane::take(const std::shared_ptr<Wire>& wire) {
    const auto id = fleet::ConnectionId::make(index_, ++sequence_);
    auto link = std::make_unique<Link>(world_, *this, id, wire, fmt::format("127.0.1.{}", sequence_ % 200));
    WireUser* user = &link->device_user();
    links_[id] = std::move(link);
    return user;
}

void DataPlane::take_snapshot(fleet::SnapshotPtr snapshot) {
    const bool changed = snapshot_ && snapshot_->topology != snapshot->topology;
    snapshot_ = std::move(snapshot);
    if (!changed) return;
    std::vector<fleet::ConnectionId> followers;
    for (const auto& [id, link] : links_) {
        if (link->connection().follows_switches()) followers.push_back(id);
    }
    for (const fleet::ConnectionId id : followers) {
        if (Link* link = find(id)) link->topology_changed();
    }
}

Link* DataPlane::find(fleet::ConnectionId id) {
    const auto found = links_.find(id);
    return found == links_.end() ? nullptr : found->second.get();
}

void DataPlane::end(const std::vector<fleet::EndOrder>& orders) {
    for (const fleet::EndOrder& order : orders) {
        if (Link* link = find(order.connection)) link->end(proxy::end_reason_of(order.cause));
    }
}

void DataPlane::end_all(proxy::EndReason reason) {
    std::vector<fleet::ConnectionId> ids;
    for (const auto& [id, link] : links_)
        ids.push_back(id);
    for (const fleet::ConnectionId id : ids) {
        if (Link* link = find(id)) link->end(reason);
    }
}

void DataPlane::die() {
    for (const auto& [id, link] : links_) {
        witness_.killed(*link);
        link->die();
    }
    links_.clear();
    facts_.clear();
}

void DataPlane::report_opened(Link& link) {
    fleet::Opened fact = proxy::opened_fact(link.connection(), link.id(), link.source(), *snapshot_, moment());
    witness_.opened(fact);
    facts_.emplace_back(std::move(fact));
}

void DataPlane::report_refused(Link& link) {
    proxy::Connection::Story story = link.connection().take_story();
    witness_.refused(link, story);
    facts_.emplace_back(proxy::refused_fact(std::move(story), link.source(), moment()));
}

void DataPlane::report_trouble(fleet::NodeIndex node) {
    fleet::NodeTrouble fact;
    fact.node = node;
    fact.at = world_.now();
    facts_.emplace_back(fact);
}

void DataPlane::bury(Link& link) {
    const auto found = links_.find(link.id());
    if (found == links_.end()) return;
    const fleet::ConnectionId id = link.id();
    buried_[id] = std::move(found->second);
    links_.erase(found);
    if (link.connection().opened()) facts_.emplace_back(proxy::closed_fact(link.connection(), id, moment()));
    witness_.over(link);
    world_.scheduler.after(Duration::zero(), [this, id] { buried_.erase(id); });
}

}  // namespace holdfast::sim
