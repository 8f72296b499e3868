#pragma once
// What is in the file of commands.

#include "storage/schema.h"

namespace holdfast::storage {

/// The released steps, and how durable a commit is to be.
[[nodiscard]] Schema command_schema(Durability durability) noexcept;

}  // namespace holdfast::storage
