#pragma once
// The probes of one group's members, by MQTT or with a connection each time.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/time.h"
#include "discovery/prober.h"
#include "net/tcp.h"
#include "watch/service_probe.h"
#include "watch/watched_group.h"

namespace holdfast::watch {

struct GroupProbesUser {
    /// A member is asked, or was asked so long ago.
    std::function<void(const std::string& member, Duration ago)> asking;
    /// `lost`: nobody listens there, or the connection ended.
    std::function<void(const std::string& member, bool ok, bool lost, const std::string& why)> told;
};

/// Threads: the io_context's one thread.
class GroupProbes {
public:
    /// `client_id_prefix`: for MQTT.
    GroupProbes(net::IoContext& io, std::string client_id_prefix, GroupProbesUser user);
    /// Nothing is told any more.
    ~GroupProbes();
    GroupProbes(const GroupProbes&) = delete;
    GroupProbes& operator=(const GroupProbes&) = delete;

    /// Probes exactly the members of `group`, as it wants them probed. Probes of members that stay go on. Not from inside a
    /// call of the user.
    void set(const WatchedGroup& group);

private:
    struct Service {
        net::HostPort address;
        std::unique_ptr<ServiceProbe> probe;
    };

    void set_mqtt(const WatchedGroup& group);
    void set_services(const WatchedGroup& group);
    [[nodiscard]] std::unique_ptr<ServiceProbe> make_service(const WatchedMember& member);

    net::IoContext& io_;
    const std::string client_id_prefix_;
    const GroupProbesUser user_;
    ProbeManner manner_;
    std::unique_ptr<discovery::Prober> prober_;  ///< null: not by MQTT
    std::map<std::string, Service, std::less<>> services_;
};

}  // namespace holdfast::watch
