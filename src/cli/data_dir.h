#pragma once
// The directory with everything that outlives the processes of one Holdfast.

#include <filesystem>

#include "base/result.h"

namespace holdfast::cli {

/// Makes it, for its owner only, unless it is there.
[[nodiscard]] Result<> make_data_dir(const std::filesystem::path& directory);

}  // namespace holdfast::cli
