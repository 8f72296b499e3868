#pragma once
// The inside of a channel. channel.cc holds its life and its nodes, channel_requests.cc the way of requests, channel_replies.cc
// that of replies.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/timer_wheel.h"
#include "base/token_bucket.h"
#include "channel/channel.h"
#include "channel/known_requests.h"
#include "channel/node_session.h"
#include "channel/passage.h"
#include "channel/report_outbox.h"
#include "profile/command_frame.h"
#include "runtime/log.h"

namespace holdfast::channel {

/// One node, and the requests for its devices.
struct Lane {
    std::shared_ptr<NodeSession> session;
    std::deque<Passage*> waiting;
    /// In the order of publishing, which is that of the PUBACKs. [MQTT-4.6.0-2]
    std::deque<Passage*> published;
};

class Channel::Impl final : public NodeSessionUser, public std::enable_shared_from_this<Channel::Impl> {
public:
    Impl(net::IoContext& io, const Clock& clock, queue::Queue& queue, control::DeviceDirectory& directory,
         std::shared_ptr<const profile::ProfileTable> profiles, Centres centres, ChannelOptions options);

    void start();
    void stop();
    void set_profiles(std::shared_ptr<const profile::ProfileTable> profiles);
    [[nodiscard]] ChannelStatus status() const;

    void on_ready(NodeSession& session) override;
    void on_lost(NodeSession& session) override;
    void on_acknowledged(NodeSession& session, mqtt::PublishTicket ticket, mqtt::ReasonCode reason) override;
    void on_message(NodeSession& session, const mqtt::PublishView& message) override;

private:
    using Outcome = decltype(command::Report::what);

    void sync_nodes();
    void drop_lane(Lane& lane);
    [[nodiscard]] Lane* lane_of(const NodeSession& session);

    void take(const queue::Delivery& delivery);
    [[nodiscard]] bool was_taken_before(const command::Request& request, std::uint64_t delivery);
    void route(Passage& passage);
    void publish(Passage& passage);
    void fill(Lane& lane);
    bool follows_device(Passage& passage);
    void expire(Passage& passage);

    void settle(Passage& passage, Outcome outcome);
    void give_back(Passage& passage, command::Reason reason, std::string detail);
    void forget(Passage& passage);
    void count(const Outcome& outcome);
    [[nodiscard]] queue::OutMessage message_for(const std::string& centre, const command::Report& report) const;

    void pass_on(KnownRequest& known, std::string_view device, profile::ReplyReading reading);
    void pass_to_every_centre(std::string_view device, profile::ReplyReading reading, std::string_view topic);

    void arm();
    void on_wheel();

    net::IoContext& io_;
    const Clock& clock_;
    queue::Queue& queue_;
    control::DeviceDirectory& directory_;
    std::shared_ptr<const profile::ProfileTable> profiles_;
    Centres centres_;
    ChannelOptions options_;
    ChannelCounts counts_;
    KnownRequests known_;
    TokenBucket unknown_pace_;
    std::map<std::string, std::unique_ptr<Lane>, std::less<>> lanes_;
    std::unordered_map<PassageKey, std::unique_ptr<Passage>, PassageKeyHash> passages_;
    TimerWheel wheel_;
    net::Timer wheel_timer_;
    std::shared_ptr<ReportOutbox> outbox_;
    std::unique_ptr<queue::Consumer> consumer_;
    std::unique_ptr<control::Watching> watching_;
    /// Used again for each publish.
    profile::CommandFrame frame_;
    log::RepeatLimit malformed_log_;
    log::RepeatLimit unreadable_log_;
    log::RepeatLimit stranger_log_;
    log::RepeatLimit lost_report_log_;
    bool armed_ = false;
    bool stopped_ = false;
};

}  // namespace holdfast::channel
