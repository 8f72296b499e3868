#pragma once
// What processes of the command side have in common: device profiles, store and queue, opened as the settings say.
//
// Threads: the thread that runs `io`.

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "center/command_center.h"
#include "command/channel_message.h"
#include "control/device_directory.h"
#include "fleet/facts.h"
#include "profile/profile_table.h"
#include "queue/queue.h"
#include "runtime/system_clock.h"
#include "settings/settings.h"
#include "storage/command_store.h"

namespace holdfast::cli {

struct CommandParts {
    std::shared_ptr<const profile::ProfileTable> profiles;
    std::unique_ptr<storage::CommandStore> store;
    std::unique_ptr<queue::Queue> queue;

    /// `io` and `clock` must outlive what it opens.
    [[nodiscard]] static Result<CommandParts> open(boost::asio::io_context& io, const Clock& clock,
                                                   const settings::Settings& settings);
    /// Waits, a bounded time, until what was taken is on the disk. `who` is the log's part.
    void flush(std::string_view who);
};

/// Fails when the settings name a queue that other processes cannot share.
[[nodiscard]] Result<> require_shared_queue(const settings::Settings& settings);

/// The centre's options, with the body of webhooks.
[[nodiscard]] center::CenterOptions complete_center_options(const settings::Settings& settings);

/// What the gateway is to follow; see proxy::Limits.
[[nodiscard]] std::vector<std::string> followed_topics(const profile::ProfileTable& profiles);

/// What a gateway's sight of a device's PUBACK says of a command; nothing when the message was none.
[[nodiscard]] std::optional<command::Report> report_of(const profile::ProfileTable& profiles,
                                                       control::DeviceDirectory& directory, std::string_view device,
                                                       const fleet::Acknowledged& fact);

}  // namespace holdfast::cli
