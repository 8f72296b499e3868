#include "cli/living_centres.h"

#include <chrono>

namespace holdfast::cli {

namespace {
constexpr Duration kept_for = std::chrono::milliseconds(100);
}  // namespace

const std::vector<std::string>& LivingCentres::names() {
    const Time now = clock_.now();
    if (now < read_again_at_) return names_;
    read_again_at_ = now + kept_for;
    const auto leases = store_.leases();
    // Those known before are most likely still there.
    if (!leases) return names_;
    const WallTime wall = clock_.wall();
    names_.clear();
    for (const storage::CentreLease& lease : *leases) {
        if (lease.until > wall) names_.push_back(lease.name);
    }
    return names_;
}

}  // namespace holdfast::cli
