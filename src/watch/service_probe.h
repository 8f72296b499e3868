#pragma once
// Asks a service whether it lives, once each interval, with a connection each time: TCP, where being accepted is enough, or
// HTTP, where the answer to GET must be of the 2xx or 3xx kind. A process that is frozen still accepts connections of TCP:
// prefer HTTP where the service has it.

#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "net/address.h"
#include "net/tcp.h"

namespace holdfast::watch {

struct ServiceProbeOptions {
    net::HostPort address = {};
    bool http = false;
    std::string path = "/";  ///< for HTTP
    Duration interval = std::chrono::seconds(1);
    Duration timeout = std::chrono::seconds(1);  ///< for the connection and the answer together
};

struct ServiceProbeUser {
    /// A question begins.
    std::function<void()> asking;
    /// `lost`: nobody listens, or the connection ended.
    std::function<void(bool ok, bool lost, const std::string& why)> told;
};

/// Threads: the io_context's one thread.
class ServiceProbe {
public:
    ServiceProbe(net::IoContext& io, ServiceProbeOptions options, ServiceProbeUser user);
    /// Nothing is told any more.
    ~ServiceProbe();
    ServiceProbe(const ServiceProbe&) = delete;
    ServiceProbe& operator=(const ServiceProbe&) = delete;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

/// The code of a status line ("HTTP/1.1 204 No Content"); 0: it is none.
[[nodiscard]] unsigned http_status(std::string_view line) noexcept;

}  // namespace holdfast::watch
