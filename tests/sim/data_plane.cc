#include "data_plane.h"

#include <utility>

#include "fleet/planner.h"

namespace holdfast::sim {

WireUser* DataPlane::take(const std::shared_ptr<Wire>& wire) {
    const auto id = fleet::ConnectionId::make(index_, ++sequence_);
    auto link = std::make_unique<Link>(world_, *this, id, wire, fmt::format("127.0.1.{}", sequence_ % 200));
    WireUser* user = &link->device_user();
    links_[id] = std::move(link);
    return user;
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
    proxy::Connection::Story story = link.connection().take_story();
    fleet::Opened fact;
    fact.connection = link.id();
    fact.device = std::move(story.device);
    fact.node = link.connection().node();
    fact.first = story.plan.candidates[0].node;
    fact.cluster = story.plan.cluster;
    fact.kind = story.kind;
    fact.enrolled_now = story.plan.enrolled_now;
    fact.home = story.plan.home;
    if (fact.device.empty() && !story.assigned_id.empty()) {
        fact.device = story.assigned_id;
        fact.enrolled_now = !snapshot_->find_device(fact.device);
        fact.home = fact.cluster;
    }
    fact.mqtt_version = static_cast<std::uint8_t>(story.version.value());
    fact.source = link.source();
    fact.asked_at = story.asked_at;
    fact.at = world_.now();
    fact.wall = world_.wall();
    fact.trace = story.plan.trace;
    witness_.opened(fact);
    facts_.emplace_back(std::move(fact));
}

void DataPlane::report_refused(Link& link) {
    proxy::Connection::Story story = link.connection().take_story();
    witness_.refused(link, story);
    fleet::Refused fact;
    fact.device = std::move(story.device);
    fact.source = link.source();
    fact.mqtt_version = story.version ? static_cast<std::uint8_t>(*story.version) : std::uint8_t{0};
    fact.reason = story.refused;
    fact.at = world_.now();
    fact.wall = world_.wall();
    fact.trace = story.plan.trace;
    facts_.emplace_back(std::move(fact));
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
    const proxy::Connection& connection = link.connection();
    if (connection.opened()) {
        fleet::Closed fact;
        fact.connection = id;
        fact.reason = static_cast<std::uint8_t>(connection.end_reason());
        fact.reason_text = proxy::to_string(connection.end_reason());
        fact.by_node = proxy::by_node(connection.end_reason());
        fact.messages_up = connection.packets_from_device();
        fact.messages_down = connection.packets_to_device();
        fact.at = world_.now();
        fact.wall = world_.wall();
        facts_.emplace_back(fact);
    }
    witness_.over(link);
    world_.scheduler.after(Duration::zero(), [this, id] { buried_.erase(id); });
}

}  // namespace holdfast::sim
