#include "sentinel/own_settings.h"

#include <algorithm>
#include <array>

#include "sentinel/config_words.h"

namespace holdfast::sentinel {

using namespace std::chrono_literals;

std::span<const OwnSetting> own_settings() noexcept {
    static constexpr std::array settings{
        OwnSetting{"early-suspicion", &SentinelOptions::early_suspicion, 0ms, 1h},
        OwnSetting{"fast-info-period", &SentinelOptions::fast_info_period, 10ms, 10s},
        OwnSetting{"retry-min", &SentinelOptions::retry_min, 1ms, 1min},
        OwnSetting{"retry-max", &SentinelOptions::retry_max, 1ms, 1min},
        OwnSetting{"redial-min", &SentinelOptions::redial_min, 5ms, 10s},
        OwnSetting{"new-master-grace", &SentinelOptions::new_master_grace, 0ms, 1min},
        OwnSetting{"own-pause", &SentinelOptions::own_pause, 50ms, 1min},
    };
    return settings;
}

const OwnSetting* find_own_setting(std::string_view name) noexcept {
    const auto all = own_settings();
    const auto found = std::ranges::find_if(all, [&](const OwnSetting& s) { return equal_ignoring_case(s.name, name); });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace holdfast::sentinel
