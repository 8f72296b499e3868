#pragma once
// Centres' signs of life, and taking over what a lost one left. Inside the caller's transaction, but for `read_leases`.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/command_store.h"
#include "storage/sqlite.h"

namespace holdfast::storage {

/// `holder_ended`: whoever held the name is known to have ended.
[[nodiscard]] Result<CentreLease> take_lease(Database& database, std::string_view name, std::optional<std::uint64_t> epoch,
                                             bool holder_ended, WallTime now, Duration length);
[[nodiscard]] Result<void> drop_lease(Database& database, std::string_view name, std::uint64_t epoch);
[[nodiscard]] Result<std::vector<CentreLease>> read_leases(Database& database);

/// At most `limit` open commands of `from` become those of `to`, and `from`'s open jobs too; says how many commands. The epoch
/// of `from` grows, so that a centre that was only slow notices. in_use while its lease holds.
[[nodiscard]] Result<std::uint64_t> adopt_some(Database& database, std::string_view from, std::string_view to, WallTime now,
                                               std::uint64_t limit);

}  // namespace holdfast::storage
