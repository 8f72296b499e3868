#pragma once
// What is in the store's file, and how an older file becomes a newer one.
//
// The file carries SQLite's application_id, so that a file of another program is never written to, and its version as
// user_version: the number of steps that made it. A new version appends a step and never changes one that was released.

#include <cstdint>
#include <span>
#include <string_view>

#include "storage/sqlite.h"

namespace holdfast::storage {

constexpr std::int64_t application_id = 0x48464454;  // "HFDT"

/// The released steps of the fleet's file; step i leads from version i to version i + 1.
[[nodiscard]] std::span<const std::string_view> schema_steps() noexcept;

/// What commits of a file survive.
enum class Durability : std::uint8_t {
    process,  ///< the end of the process in whatever way; a power loss may take back the last ones
    full,     ///< a power loss too
};

/// One kind of file.
struct Schema {
    std::int64_t owner = application_id;
    std::span<const std::string_view> steps = {};
    Durability durability = Durability::full;
};

/// Refuses a foreign, newer or damaged file without touching it; a new or older file is brought to the last step, each step in
/// a transaction of its own. Several processes may do so at once. `check_all` also reads the whole file for damage.
[[nodiscard]] Result<void> prepare_schema(Database& database, const Schema& schema, bool check_all);
/// The same for the fleet's file, with these steps.
[[nodiscard]] Result<void> prepare_schema(Database& database, std::span<const std::string_view> steps, bool check_all);

}  // namespace holdfast::storage
