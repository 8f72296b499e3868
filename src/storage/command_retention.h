#pragma once
// Removing what is old, in bounded steps.

#include <cstdint>

#include "command/command_id.h"
#include "storage/command_rows.h"

namespace holdfast::storage {

/// Goes through the commands from the oldest on, a part at each call, and begins anew when it has come to those that stay.
class CommandRetentionSweep {
public:
    /// Removes at most `limit` ended commands, and as many old audit entries and devices of old jobs; says how many commands.
    /// Inside the caller's transaction, with tallies written.
    [[nodiscard]] Result<std::uint64_t> step(CommandRows& rows, const CommandRetention& retention, WallTime now,
                                             std::uint64_t limit);

private:
    [[nodiscard]] Result<std::uint64_t> remove_commands(CommandRows& rows, const CommandRetention& retention, WallTime now,
                                                        std::uint64_t limit);

    command::CommandId after_ = {};
};

}  // namespace holdfast::storage
