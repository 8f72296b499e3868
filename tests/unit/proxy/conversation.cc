#include "conversation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace holdfast::proxy::test {

fleet::Snapshot fleet_of(std::size_t nodes) {
    auto topology = std::make_shared<fleet::Topology>();
    fleet::TopologyCluster east;
    east.name = "east";
    east.key = fleet::cluster_key("east");
    for (std::size_t i = 0; i < nodes; ++i) {
        fleet::TopologyNode node;
        node.name = "east-" + std::to_string(i + 1);
        node.cluster = fleet::ClusterIndex(0);
        node.host = node.address = "127.0.0.1";
        node.health = fleet::NodeHealth::up;
        node.probed = node.listed = true;
        node.key = fleet::node_key("east", node.name);
        east.nodes.emplace_back(static_cast<std::uint32_t>(i));
        topology->nodes.push_back(std::move(node));
    }
    topology->clusters.push_back(std::move(east));
    return {.topology = std::move(topology), .devices = {}, .policy = std::make_shared<fleet::Policy>(), .version = 1};
}

Conversation::Conversation(const Circumstances& circumstances)
    : circumstances_(circumstances),
      snapshot_(fleet_of(circumstances.nodes)),
      connection_(circumstances.limits, circumstances.admission, now_) {
    device_.state = Peer::State::open;
    if (circumstances.standby) {
        the_topology_is([](fleet::Topology& topology) {
            topology.clusters[0].policy = fleet::ClusterPolicy::active_standby;
            topology.clusters[0].active = fleet::NodeIndex(0);
        });
    }
}

void Conversation::the_topology_is(const std::function<void(fleet::Topology& topology)>& change) {
    auto topology = std::make_shared<fleet::Topology>(*snapshot_.topology);
    change(*topology);
    snapshot_.topology = std::move(topology);
    ++snapshot_.version;
    if (!destroyed() && connection_.follows_switches()) act(connection_.topology_changed(*snapshot_.topology, limits(), now_));
}

void Conversation::node_is_down(std::uint32_t node) {
    the_topology_is([node](fleet::Topology& topology) { topology.nodes[node].health = fleet::NodeHealth::down; });
}

void Conversation::node_is_active(std::uint32_t node) {
    the_topology_is([node](fleet::Topology& topology) { topology.clusters[0].active = fleet::NodeIndex(node); });
}

void Conversation::no_node_is_active() {
    the_topology_is([](fleet::Topology& topology) { topology.clusters[0].active = fleet::NodeIndex::none(); });
}

void Conversation::enrolment_is_closed() {
    auto policy = std::make_shared<fleet::Policy>(*snapshot_.policy);
    policy->enrolment = fleet::Enrolment::closed;
    snapshot_.policy = std::move(policy);
}

Peer* Conversation::present_node() noexcept {
    if (nodes_.empty() || nodes_.back().ended()) return nullptr;
    return &nodes_.back();
}

bool Conversation::over() const noexcept {
    return device_.ended() && (nodes_.empty() || nodes_.back().ended());
}

bool Conversation::destroyed() const noexcept {
    return device_.state == Peer::State::closed && (nodes_.empty() || nodes_.back().state == Peer::State::closed);
}

void Conversation::device_says(ByteView bytes) {
    if (!device_.open()) return;
    if (!connection_.wants_device_bytes(limits())) return;
    act(connection_.device_bytes(bytes, limits(), now_));
}

void Conversation::device_says_in_pieces(ByteView bytes, std::size_t size) {
    for (std::size_t at = 0; at < bytes.size(); at += size)
        device_says(bytes.subspan(at, std::min(size, bytes.size() - at)));
}

void Conversation::device_closes() {
    if (device_.open()) {
        act(connection_.device_closed(false, limits(), now_));
    } else {
        device_.state = Peer::State::closed;
    }
}

void Conversation::device_breaks() {
    if (device_.open()) act(connection_.device_closed(true, limits(), now_));
}

void Conversation::node_connects() {
    Peer* peer = present_node();
    if (peer == nullptr || peer->state != Peer::State::connecting) return;
    peer->state = Peer::State::open;
    act(connection_.node_connected(limits(), now_));
}

void Conversation::node_refuses() {
    Peer* peer = present_node();
    if (peer == nullptr || peer->state != Peer::State::connecting) return;
    act(connection_.node_failed(NodeFailure::refused, ECONNREFUSED, limits(), now_));
}

void Conversation::node_is_unreachable() {
    Peer* peer = present_node();
    if (peer == nullptr || peer->state != Peer::State::connecting) return;
    act(connection_.node_failed(NodeFailure::unreachable, EHOSTUNREACH, limits(), now_));
}

void Conversation::node_says(ByteView bytes) {
    Peer* peer = present_node();
    if (peer != nullptr && peer->open()) act(connection_.node_bytes(bytes, limits(), now_));
}

void Conversation::node_says_in_pieces(ByteView bytes, std::size_t size) {
    for (std::size_t at = 0; at < bytes.size(); at += size)
        node_says(bytes.subspan(at, std::min(size, bytes.size() - at)));
}

void Conversation::node_closes() {
    if (nodes_.empty()) return;
    Peer& peer = nodes_.back();
    if (peer.open()) {
        act(connection_.node_closed(false, limits(), now_));
    } else if (peer.state == Peer::State::half_closed) {
        peer.state = Peer::State::closed;
    }
}

void Conversation::node_breaks() {
    Peer* peer = present_node();
    if (peer != nullptr && peer->open()) act(connection_.node_closed(true, limits(), now_));
}

void Conversation::end(EndReason reason) {
    if (!destroyed()) act(connection_.end(reason, limits(), now_));
}

void Conversation::passes(Duration time) {
    const Time until = now_ + time;
    for (int timers = 0; !destroyed(); ++timers) {
        ASSERT_LT(timers, 100) << "a timer that never leads anywhere";
        const auto due = connection_.timer();
        if (!due || *due > until) break;
        now_ = std::max(now_, *due);
        act(connection_.timer_fired(limits(), now_));
    }
    now_ = until;
}

void Conversation::is_established(Version version, std::uint16_t keep_alive) {
    device_says(connect(version, "meter-7", keep_alive));
    node_connects();
    node_says(connack(version));
    ASSERT_TRUE(opened());
    ASSERT_EQ(device_.got, connack(version));
    ASSERT_EQ(node().got, connect(version, "meter-7", keep_alive));
    device_.got.clear();
    nodes_.back().got.clear();
}

std::vector<std::string> Conversation::trace() const {
    return fleet::render(story().plan.trace, *snapshot_.topology);
}

// In the order of gateway/link.cc.
void Conversation::act(Actions actions) {
    for (int rounds = 0;; ++rounds) {
        ASSERT_LT(rounds, 20) << "actions that never come to an end";
        std::optional<Actions> next;
        if (actions.drop_node) {
            Peer* peer = present_node();
            ASSERT_NE(peer, nullptr) << "drops a node that is not there";
            close(*peer, Close::at_once);
        }
        if (actions.trouble.valid()) troubles_.push_back(actions.trouble);
        if (actions.plan || actions.plan_again) ++plans_;
        if (actions.plan_again) next = connection_.plan_again(snapshot_, limits(), now_);
        if (actions.waits) {
            EXPECT_TRUE(waits() && connection_.waits_for().valid());
        }
        if (actions.plan) {
            next = connection_.plan(snapshot_, "127.0.0.1", circumstances_.rate_ok, circumstances_.entropy, limits(), now_);
        }
        if (actions.connect.valid()) {
            ASSERT_EQ(present_node(), nullptr) << "connects to a second node while the first is there";
            nodes_.emplace_back().node = actions.connect;
        }
        send(&device_, actions.to_device, "device");
        send(nodes_.empty() ? nullptr : &nodes_.back(), actions.to_node, "node");
        if (actions.close_device != Close::no) close(device_, actions.close_device);
        if (actions.close_node != Close::no && !nodes_.empty()) close(nodes_.back(), actions.close_node);
        take_report(actions.report);
        if (!next) break;
        actions = *next;
    }
    EXPECT_EQ(device_.ended(), connection_.device_done());
    const bool node_open = !nodes_.empty() && nodes_.back().open();
    EXPECT_EQ(node_open, !connection_.node_done());
    if (over()) {
        EXPECT_TRUE(connection_.phase() == Phase::closing || connection_.phase() == Phase::ended);
    }
    if (connection_.phase() != Phase::ended && connection_.phase() != Phase::relaying) {
        EXPECT_TRUE(connection_.timer());
    }
}

void Conversation::send(Peer* peer, const std::array<ByteView, 2>& pieces, const char* name) {
    for (const ByteView piece : pieces) {
        if (piece.empty()) continue;
        ASSERT_NE(peer, nullptr) << "bytes to a " << name << " that was never there";
        EXPECT_TRUE(peer->open()) << "bytes to a " << name << " that is not connected";
        peer->got.insert(peer->got.end(), piece.begin(), piece.end());
    }
}

void Conversation::close(Peer& peer, Close how) {
    if (peer.state == Peer::State::closed) return;
    if (how == Close::after_flush) {
        EXPECT_TRUE(peer.open()) << "closes gently what is not open";
        peer.state = Peer::State::half_closed;
    } else {
        peer.cut = peer.state == Peer::State::open;
        peer.state = Peer::State::closed;
    }
}

void Conversation::take_report(Report report) {
    if (report == Report::none) return;
    EXPECT_FALSE(opened() || refused()) << "reported twice";
    (report == Report::opened ? opened_ : refused_) = connection_.take_story();
    EXPECT_EQ(opened(), connection_.opened());
}

}  // namespace holdfast::proxy::test
