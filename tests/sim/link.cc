#include "link.h"

#include <cerrno>
#include <utility>

#include "data_plane.h"

namespace holdfast::sim {

Link::Link(World& world, DataPlane& plane, fleet::ConnectionId id, const std::shared_ptr<Wire>& device, std::string source)
    : world_(world),
      plane_(plane),
      id_(id),
      source_(std::move(source)),
      connection_(plane.limits(), proxy::Admission::admitted, world.now()),
      device_(*this, Side::acceptor, true),
      node_(*this, Side::opener, false) {
    device_.wire = device_.last = device;
    set_timer();
}

void Link::node_open() {
    act(connection_.node_connected(plane_.limits(), world_.now()));
}

void Link::node_failed(bool refused) {
    const auto failure = refused ? proxy::NodeFailure::refused : proxy::NodeFailure::unreachable;
    act(connection_.node_failed(failure, refused ? ECONNREFUSED : EHOSTUNREACH, plane_.limits(), world_.now()));
}

void Link::bytes(End& end, ByteView bytes) {
    if (end.closing) return;
    const proxy::Limits& limits = plane_.limits();
    act(end.device ? connection_.device_bytes(bytes, limits, world_.now())
                   : connection_.node_bytes(bytes, limits, world_.now()));
}

void Link::ended(End& end, bool broken) {
    const proxy::Limits& limits = plane_.limits();
    if (end.closing) {
        close(end, proxy::Close::at_once);
        if (over()) plane_.bury(*this);
        return;
    }
    if (!end.device && connection_.phase() == proxy::Phase::connecting) {
        act(connection_.node_failed(proxy::NodeFailure::unreachable, ECONNRESET, limits, world_.now()));
        return;
    }
    act(end.device ? connection_.device_closed(broken, limits, world_.now())
                   : connection_.node_closed(broken, limits, world_.now()));
}

void Link::end(proxy::EndReason reason) {
    act(connection_.end(reason, plane_.limits(), world_.now()));
}

void Link::die() {
    for (End* end : {&device_, &node_}) {
        if (end->wire) end->wire->reset(end->side);
        end->wire.reset();
    }
}

void Link::topology_changed() {
    act(connection_.topology_changed(*plane_.snapshot().topology, plane_.limits(), world_.now()));
}

void Link::act(proxy::Actions actions) {
    for (;;) {
        std::optional<proxy::Actions> next;
        if (actions.drop_node) close(node_, proxy::Close::at_once);
        if (actions.trouble.valid()) plane_.report_trouble(actions.trouble);
        if (actions.plan) {
            next = connection_.plan(plane_.snapshot(), source_, true, world_.dice.any(), plane_.limits(), world_.now());
        }
        if (actions.plan_again) next = connection_.plan_again(plane_.snapshot(), plane_.limits(), world_.now());
        if (actions.connect.valid()) {
            const fleet::TopologyNode& node = plane_.snapshot().topology->node(actions.connect);
            node_.wire = node_.last = world_.network.connect(node.port, node_);
            node_.closing = false;
        }
        send(device_, actions.to_device);
        send(node_, actions.to_node);
        if (actions.close_device != proxy::Close::no) close(device_, actions.close_device);
        if (actions.close_node != proxy::Close::no) close(node_, actions.close_node);
        if (actions.report == proxy::Report::opened) plane_.report_opened(*this);
        if (actions.report == proxy::Report::refused) plane_.report_refused(*this);
        if (!next) break;
        actions = *next;
    }
    if (connection_.phase() == proxy::Phase::parting && !parting_since_) parting_since_ = world_.now();
    if (relaying()) plane_.note_relayed(*this);
    if (device_.wire) device_.wire->pause(device_.side, !device_.closing && !connection_.wants_device_bytes(plane_.limits()));
    if (over()) {
        plane_.bury(*this);
    } else {
        set_timer();
    }
}

void Link::send(End& end, const std::array<ByteView, 2>& pieces) {
    for (const ByteView piece : pieces) {
        if (piece.empty()) continue;
        world_.check(end.wire && !end.closing, "bytes for a side that is closed");
        end.wire->send(end.side, piece);
    }
}

void Link::close(End& end, proxy::Close how) {
    if (!end.wire) return;
    if (how == proxy::Close::after_flush) {
        end.closing = true;
        end.wire->finish(end.side);
        return;
    }
    // What the kernel still holds may get through or not.
    world_.dice.chance(0.5) ? end.wire->reset(end.side) : end.wire->close(end.side);
    end.wire.reset();
}

void Link::set_timer() {
    const auto due = connection_.timer();
    if (!due || (timer_ && *timer_ <= *due)) return;
    timer_ = due;
    world_.scheduler.at(*due, [plane = &plane_, id = id_, due] {
        Link* link = plane->find(id);
        if (link == nullptr || link->timer_ != due) return;
        link->timer_.reset();
        const auto now_due = link->connection_.timer();
        if (now_due && *now_due <= link->world_.now()) {
            link->act(link->connection_.timer_fired(link->plane_.limits(), link->world_.now()));
        } else {
            link->set_timer();
        }
    });
}

}  // namespace holdfast::sim
