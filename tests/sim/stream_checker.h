#pragma once
// No byte is lost, reordered or repeated: what a gateway sent to one side is exactly a front part of what it read from the
// other side, all of it while it relays, and up to a packet boundary with at most Holdfast's own goodbye behind it when it
// parted.

#include "link.h"
#include "world.h"

namespace holdfast::sim {

class StreamChecker {
public:
    StreamChecker(World& world, const proxy::Limits& limits) : world_(world), limits_(limits) {}

    /// After each event of a link that relays.
    void relaying(const Link& link) const;
    /// When an opened link is over.
    void over(const Link& link) const;

private:
    enum class Cut { anywhere, boundary, nowhere };
    void check_stream(ByteView sent, ByteView read, Cut cut, bool goodbye_due, const char* to, const Link& link) const;

    World& world_;
    proxy::Limits limits_;
};

}  // namespace holdfast::sim
