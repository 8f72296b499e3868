#pragma once
// What a request or an import's line says of a device, read and checked in one way for both.

#include <optional>
#include <string>

#include "admin/json_fields.h"
#include "fleet/fleet.h"

namespace holdfast::admin {

/// Reads `id`, `home`, `explicit_cluster`, `explicit_node`, `disabled`, `tags` and `note`.
[[nodiscard]] fleet::DeviceSpec read_device_spec(JsonFields& fields);

/// Reads what a patch may change.
[[nodiscard]] fleet::DevicePatch read_device_patch(JsonFields& fields);

/// The patch that makes an existing device look as `spec` says, as far as `fields` named something.
[[nodiscard]] fleet::DevicePatch patch_from(const fleet::DeviceSpec& spec, const JsonFields& fields);

/// What is wrong with `spec` before the fleet is asked, e.g. that a cluster does not exist; nothing when it is fine.
[[nodiscard]] std::optional<std::string> fault_of(const fleet::DeviceSpec& spec, const fleet::Topology& topology);

}  // namespace holdfast::admin
