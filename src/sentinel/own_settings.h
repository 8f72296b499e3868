#pragma once
// Holdfast's own settings of a sentinel as they stand in comments of sentinel.conf: "# holdfast: early-suspicion 100". All are
// times in whole milliseconds.

#include <span>
#include <string_view>

#include "base/time.h"
#include "sentinel/options.h"

namespace holdfast::sentinel {

constexpr std::string_view own_setting_mark = "holdfast:";

struct OwnSetting {
    std::string_view name;
    Duration SentinelOptions::* value;
    Duration min;
    Duration max;
};

[[nodiscard]] std::span<const OwnSetting> own_settings() noexcept;
/// Null: no such setting. `name` in any case.
[[nodiscard]] const OwnSetting* find_own_setting(std::string_view name) noexcept;

}  // namespace holdfast::sentinel
