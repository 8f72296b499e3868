#pragma once
// The channel of one cluster: takes requests from the queue, publishes each on the node where its device is, and puts what
// becomes of them, and what devices answer, back into the queue for the centre that asked.
//
// What it promises for each request: it is published at most once by this channel, never at or after its deadline, and
// acknowledged to the queue only after its report (Sent, SendUnclear) is in the queue; before it when that is NotSent, so that
// nobody can send it after its centre has believed that. A channel that dies leaves its
// requests to the next one.
//
// Threads: all on the io_context's one thread.

#include <memory>

#include "base/time.h"
#include "channel/channel_options.h"
#include "channel/channel_status.h"
#include "control/device_directory.h"
#include "net/tcp.h"
#include "profile/profile_table.h"
#include "queue/queue.h"

namespace holdfast::channel {

class Channel {
public:
    /// Everything handed in by reference must outlive the channel.
    Channel(net::IoContext& io, const Clock& clock, queue::Queue& queue, control::DeviceDirectory& directory,
            std::shared_ptr<const profile::ProfileTable> profiles, Centres centres, ChannelOptions options);
    /// Ends at once: sessions are closed, what was not acknowledged to the queue is delivered to another channel.
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// Connects to the nodes and begins to take requests.
    void start();
    /// As the destructor; harmless when repeated.
    void stop();

    void set_profiles(std::shared_ptr<const profile::ProfileTable> profiles);

    [[nodiscard]] ChannelStatus status() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::channel
