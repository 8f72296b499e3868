#pragma once
// Limits before any work: how many connections there may be in all and from one source address, and how fast CONNECTs may come.
// A connection over a limit is not simply closed: as long as there is room for it among the doomed, it may still say its
// CONNECT, so that it gets a refusal that its version understands. Beyond that bound it is turned away.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>

#include "base/time.h"
#include "base/token_bucket.h"

namespace holdfast::proxy {

/// A source address, IPv4 as mapped IPv6 (::ffff:a.b.c.d).
using SourceAddress = std::array<std::uint8_t, 16>;

enum class Admission : std::uint8_t {
    admitted,
    /// Over `max_connections`; may say its CONNECT and is refused then.
    too_many_connections,
    /// Over `max_connections_per_source`; may say its CONNECT and is refused then.
    too_many_from_source,
    /// No room even among the doomed: close at once.
    turned_away,
};

struct AdmissionLimits {
    /// Connections open at a time; 0 = no limit but descriptors.
    std::size_t max_connections = 0;
    /// Connections open at a time from one address; 0 = no limit.
    std::size_t max_connections_per_source = 0;
    /// Connections over a limit that are kept just to be refused properly.
    std::size_t max_doomed = 1024;
    /// CONNECTs per second, and how many at once; 0 = no limit.
    double connects_per_second = 0;
    double connect_burst = 0;
};

/// Threads: one at a time; a gateway with several data-plane threads guards one instance with a lock.
class AdmissionDesk {
public:
    AdmissionDesk(const AdmissionLimits& limits, Time now);

    /// A connection came. Unless turned away, `leave` must be called with the same arguments when it ends.
    [[nodiscard]] Admission enter(const SourceAddress& source);
    void leave(const SourceAddress& source, Admission admission);

    /// A whole CONNECT came from an admitted connection; false when they come too fast.
    [[nodiscard]] bool take_connect(Time now) noexcept { return connects_.take(now); }

    void set_limits(const AdmissionLimits& limits, Time now);

    [[nodiscard]] std::size_t admitted() const noexcept { return admitted_; }
    [[nodiscard]] std::size_t sources() const noexcept { return per_source_.size(); }

private:
    struct SourceHash {
        std::size_t operator()(const SourceAddress& source) const noexcept;
    };

    AdmissionLimits limits_;
    TokenBucket connects_;
    std::size_t admitted_ = 0;
    std::size_t doomed_ = 0;
    /// Only addresses with an admitted connection; its size is thereby bounded by `admitted_`.
    std::unordered_map<SourceAddress, std::size_t, SourceHash> per_source_;
};

}  // namespace holdfast::proxy
