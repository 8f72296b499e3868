#include "watch/group_probes.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace holdfast::watch {

GroupProbes::GroupProbes(net::IoContext& io, std::string client_id_prefix, GroupProbesUser user)
    : io_(io), client_id_prefix_(std::move(client_id_prefix)), user_(std::move(user)) {}

GroupProbes::~GroupProbes() = default;

void GroupProbes::set(const WatchedGroup& group) {
    if (group.probe != manner_) {
        prober_.reset();
        services_.clear();
        manner_ = group.probe;
    }
    if (manner_.kind == ProbeKind::mqtt) {
        set_mqtt(group);
    } else {
        set_services(group);
    }
}

void GroupProbes::set_mqtt(const WatchedGroup& group) {
    if (!prober_) {
        prober_ =
            std::make_unique<discovery::Prober>(io_,
                                                discovery::ProbeOptions{.interval = manner_.interval,
                                                                        .timeout = manner_.timeout,
                                                                        .client_id_prefix = client_id_prefix_,
                                                                        .username = manner_.username,
                                                                        .password = manner_.password},
                                                [this](const discovery::ProbeReport& report) {
                                                    // The prober does not tell when it asks; that it took longer than its time
                                                    // is our own delay.
                                                    if (!report.ok && !report.lost)
                                                        user_.asking(report.node, std::min(report.latency, manner_.timeout));
                                                    user_.told(report.node, report.ok, report.lost, report.reason);
                                                });
    }
    std::vector<discovery::Prober::Target> targets;
    for (const WatchedMember& member : group.members)
        targets.push_back({.node = member.name, .address = member.address});
    prober_->set_targets(targets);
}

void GroupProbes::set_services(const WatchedGroup& group) {
    std::erase_if(services_, [&group](const auto& named) {
        return std::ranges::none_of(group.members, [&named](const WatchedMember& member) {
            return member.name == named.first && member.address == named.second.address;
        });
    });
    for (const WatchedMember& member : group.members) {
        Service& service = services_[member.name];
        if (service.probe) continue;
        service.address = member.address;
        service.probe = make_service(member);
    }
}

std::unique_ptr<ServiceProbe> GroupProbes::make_service(const WatchedMember& member) {
    return std::make_unique<ServiceProbe>(
        io_,
        ServiceProbeOptions{.address = member.address,
                            .http = manner_.kind == ProbeKind::http,
                            .path = manner_.http_path,
                            .interval = manner_.interval,
                            .timeout = manner_.timeout},
        ServiceProbeUser{.asking = [this, name = member.name] { user_.asking(name, {}); },
                         .told = [this, name = member.name](bool ok, bool lost,
                                                            const std::string& why) { user_.told(name, ok, lost, why); }});
}

}  // namespace holdfast::watch
