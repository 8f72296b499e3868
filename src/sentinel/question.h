#pragma once
// The families of commands behind commands.h. Each answers words whose number was checked against the table.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sentinel/commands.h"

namespace holdfast::sentinel {

/// One command being answered.
struct Question {
    Sentinel& sentinel;
    std::span<const std::string> words;
    const CommandWorld& world;
    Moment moment;

    [[nodiscard]] const State& state() const { return sentinel.state(); }
    /// The group that the third word names. Null: there is none.
    [[nodiscard]] const Group* group() const;
};

/// The answer to an order that changed something: OK when it is on the disk.
[[nodiscard]] Answer answer_when_saved(const Sentinel& sentinel);
/// "ERR No such master with that name".
[[nodiscard]] resp::Reply unknown_group_reply();

/// SENTINEL and its subcommands.
[[nodiscard]] Answer answer_sentinel(const Question& question);
[[nodiscard]] Answer answer_sentinel_set(const Question& question);
[[nodiscard]] Answer answer_sentinel_config(const Question& question);
[[nodiscard]] Answer answer_sentinel_debug(const Question& question);
[[nodiscard]] resp::Reply answer_sentinel_help();
[[nodiscard]] resp::Reply answer_pending_scripts(const Question& question);

/// INFO [section...].
[[nodiscard]] resp::Reply answer_info(const Question& question);
/// COMMAND and its subcommands.
[[nodiscard]] resp::Reply answer_command(const Question& question);

}  // namespace holdfast::sentinel
