#pragma once
// What the API's handlers work on: the fleet through its owner, and what only the composition knows.

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/admin_options.h"
#include "base/time.h"
#include "control/active_keeper.h"
#include "control/command_port.h"
#include "control/device_directory.h"
#include "control/fleet_control.h"
#include "settings/load.h"
#include "settings/reload.h"
#include "settings/show.h"

namespace holdfast::admin {

/// Questions that the composition answers. Each may be empty: then there is nothing to tell.
struct ApiHooks {
    /// The effective settings; secrets already hidden.
    std::function<std::vector<settings::ShownSetting>()> shown_settings;
    /// Reads the settings again and puts into effect what may change.
    std::function<std::expected<settings::Reload, std::vector<settings::Problem>>()> reload_settings;
    /// The process of a node that Holdfast runs itself; 0 while it does not run, nothing for other nodes.
    std::function<std::optional<int>(std::string_view node)> node_pid;
    /// What else an operator should look at, a sentence each.
    std::function<std::vector<std::string>()> troubles;
    /// Why there is no command centre, where `Api::commands` is null.
    std::function<std::string()> no_commands;
};

/// Threads: the control thread only. Everything referred to must outlive the server.
struct Api {
    boost::asio::io_context& io;
    const Clock& clock;
    /// Null in a process without a fleet: routes that need one then say so; see `Route::needs`.
    control::FleetControl* control;
    /// Keeps an active node in clusters whose others stand by; null without a fleet.
    control::ActiveKeeper* keeper;
    /// The same fleet; null without one.
    control::DeviceDirectory* directory;
    const AdminOptions& options;
    ApiHooks hooks = {};
    std::string version = {};
    /// When the process began.
    WallTime started_at = clock.wall();
    /// Used where a request names no pace; connections a second, 0 for all at once. May be changed at run time.
    double move_pace = 0;
    double drain_pace = 0;
    /// How many clients follow events now. Shared with them, as the last of them may end with the io_context, after the API.
    std::shared_ptr<std::size_t> event_streams = std::make_shared<std::size_t>(0);
    /// Null in a process without a command centre.
    control::CommandPort* commands = nullptr;
};

}  // namespace holdfast::admin
