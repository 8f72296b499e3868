#include "stream_checker.h"

#include <algorithm>

#include "mqtt/walker.h"

namespace holdfast::sim {

using proxy::EndReason;

namespace {

/// The length of the DISCONNECT of Holdfast's own that `sent` ends with although `read` does not go on with it; 0 when none.
std::size_t goodbye_length(ByteView sent, ByteView read) {
    for (const std::size_t length : {std::size_t{2}, std::size_t{3}}) {
        if (sent.size() < length) continue;
        const ByteView tail = sent.last(length);
        if (tail[0] != 0xE0 || tail[1] != length - 2) continue;
        if (sent.size() > read.size() || !std::ranges::equal(tail, read.subspan(sent.size() - length, length))) return length;
    }
    return 0;
}

bool at_boundary(ByteView stream) {
    mqtt::PacketWalker walker;
    return walker.walk(stream).ok && walker.at_boundary();
}

bool by_device(EndReason reason) {
    return reason == EndReason::device_closed || reason == EndReason::device_broken || reason == EndReason::device_disconnected;
}

}  // namespace

void StreamChecker::relaying(const Link& link) const {
    const Wire& device = *link.device_wire();
    const Wire& node = *link.node_wire();
    world_.check(node.sent(Side::opener).size() == device.delivered(Side::opener).size(),
                 "{} bytes came from the device, {} went to the node", device.delivered(Side::opener).size(),
                 node.sent(Side::opener).size());
    world_.check(device.sent(Side::acceptor).size() == node.delivered(Side::acceptor).size(),
                 "{} bytes came from the node, {} went to the device", node.delivered(Side::acceptor).size(),
                 device.sent(Side::acceptor).size());
}

void StreamChecker::over(const Link& link) const {
    const Wire& device = *link.device_wire();
    const Wire& node = *link.node_wire();
    const EndReason reason = link.connection().end_reason();
    const bool parted = !by_device(reason) && !proxy::by_node(reason) && reason != EndReason::device_silent;
    const bool waited_in_vain = link.parting_since() && world_.now() >= *link.parting_since() + limits_.parting_deadline;
    const bool interrupted = waited_in_vain || device.lossy() || node.lossy() || link.parting_since();

    Cut to_node = parted ? (interrupted ? Cut::anywhere : Cut::boundary) : Cut::nowhere;
    if (proxy::by_node(reason) || reason == EndReason::node_down) to_node = Cut::anywhere;
    check_stream(node.sent(Side::opener), device.delivered(Side::opener), to_node,
                 parted && !interrupted && reason != EndReason::node_down, "node", link);

    Cut to_device = parted ? (interrupted ? Cut::anywhere : Cut::boundary) : Cut::nowhere;
    // A node that is down does not bring the rest of a packet.
    const bool orderly = parted && !interrupted && reason != EndReason::node_down;
    if (!proxy::by_node(reason)) to_device = orderly ? Cut::boundary : Cut::anywhere;
    check_stream(device.sent(Side::acceptor), node.delivered(Side::acceptor), to_device, false, "device", link);
}

void StreamChecker::check_stream(ByteView sent, ByteView read, Cut cut, bool goodbye_due, const char* to,
                                 const Link& link) const {
    const auto reason = to_string(link.connection().end_reason());
    const std::size_t goodbye = goodbye_length(sent, read);
    const ByteView relayed = sent.first(sent.size() - goodbye);
    world_.check(relayed.size() <= read.size() && std::ranges::equal(relayed, read.first(relayed.size())),
                 "what the {} was sent is not what came from the other side ({})", to, reason);
    world_.check(cut != Cut::nowhere || relayed.size() == read.size(), "{} bytes for the {} were lost ({})",
                 read.size() - relayed.size(), to, reason);
    world_.check((cut != Cut::boundary && goodbye == 0) || at_boundary(relayed),
                 "the stream to the {} was cut inside a packet ({})", to, reason);
    const bool said_already = relayed.size() >= 2 && relayed[relayed.size() - 2] == 0xE0;
    world_.check(!goodbye_due || goodbye != 0 || said_already, "the {} was not told goodbye ({})", to, reason);
}

}  // namespace holdfast::sim
