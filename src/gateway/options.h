#pragma once
// What a gateway is told at its start and, for the parts that may change, while it runs.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "proxy/admission.h"
#include "proxy/connection.h"
#include "proxy/waiting_room.h"

namespace holdfast::gateway {

/// May change while the gateway runs.
struct Tuning {
    proxy::Limits limits;
    proxy::AdmissionLimits admission;
    proxy::WaitingLimits waiting;
    /// Bytes waiting for one side at which the other is not read any more, and at which it is read again.
    std::size_t high_watermark = 256 * 1024;
    std::size_t low_watermark = 64 * 1024;
};

/// Fixed for the gateway's life.
struct Options {
    /// Numeric "address:port" or "[address]:port"; port 0 takes a free one.
    std::vector<std::string> listen;
    /// Data-plane threads; at least 1.
    std::size_t threads = 1;
    /// Let other processes listen on the same addresses, so that several gateways share the connections.
    bool share_port = false;
    int backlog = 4096;
    /// TCP keep-alive probes begin after this much silence of a device, for devices without an MQTT keep alive. 0 = none.
    std::chrono::seconds tcp_keepalive{300};
};

}  // namespace holdfast::gateway
