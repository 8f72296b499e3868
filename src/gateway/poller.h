#pragma once
// The readiness of very many sockets on one thread. Each socket is registered once, edge-triggered; after that a relayed
// message costs no bookkeeping call into the kernel. (Asio's readiness wait costs one epoll_ctl per wake-up and some hundred
// bytes per waiting socket, which is more than the relay itself may add.)

#include <sys/epoll.h>

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "gateway/descriptor.h"

namespace holdfast::gateway {

/// What happened on a descriptor. Readable and writable include the end of the stream and errors, which the next call then
/// tells.
struct Readiness {
    std::uint64_t tag;
    bool readable;
    bool writable;
    /// The other side has closed or the connection is broken: read to the end, no further edge will come.
    bool ended;
    /// The connection is broken, or could not be made.
    bool broken;
};

/// Threads: one thread only.
class Poller {
public:
    [[nodiscard]] static Result<Poller> create();

    /// Registers for reading, and for writing if asked, edge-triggered: each change is told once. `tag` comes back with every
    /// readiness. The registration ends when the descriptor is closed. False when the kernel refuses (out of memory or
    /// watches).
    [[nodiscard]] bool add_edge(int descriptor, std::uint64_t tag, bool writing) noexcept;
    /// From now on for writing too.
    void add_writing(int descriptor, std::uint64_t tag) noexcept;
    /// Registers for reading, level-triggered: told again until it is dealt with.
    [[nodiscard]] bool add_level(int descriptor, std::uint64_t tag) noexcept;
    /// Stops or goes on telling of a level-triggered descriptor.
    void set_level(int descriptor, std::uint64_t tag, bool listening) noexcept;

    /// Waits at most `timeout` (rounded up to a millisecond; negative = for ever). The result is valid until the next call.
    [[nodiscard]] std::span<const Readiness> wait(Duration timeout) noexcept;

private:
    explicit Poller(Descriptor epoll);

    Descriptor epoll_;
    std::vector<epoll_event> events_;
    std::vector<Readiness> ready_;
};

}  // namespace holdfast::gateway
