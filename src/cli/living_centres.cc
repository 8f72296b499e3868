#include "cli/living_centres.h"

#include <chrono>

namespace holdfast::cli {

namespace {
/// A centre that is new is told of what devices answer after so long at most; until then it asks again.
constexpr std::chrono::seconds interval{1};
}  // namespace

LivingCentres::LivingCentres(boost::asio::io_context& io, const Clock& clock, storage::CommandStore& store)
    : clock_(clock), store_(store), timer_(io) {}

void LivingCentres::start() {
    read();
    timer_.expires_after(interval);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) start();
    });
}

void LivingCentres::read() {
    const auto leases = store_.leases();
    // Those known before are most likely still there.
    if (!leases) return;
    const WallTime now = clock_.wall();
    names_.clear();
    for (const storage::CentreLease& lease : *leases) {
        if (lease.until > now) names_.push_back(lease.name);
    }
}

}  // namespace holdfast::cli
