#include "center/centre_lease.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/log.h"

namespace holdfast::center {

namespace {

/// FNV-1a over both names: the same number in every process and release.
std::uint64_t share(std::string_view centre, std::string_view device) noexcept {
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    const auto mix = [&hash](std::string_view text) {
        for (const char byte : text) {
            hash ^= static_cast<unsigned char>(byte);
            hash *= 0x100000001B3ULL;
        }
        hash ^= 0xFF;
        hash *= 0x100000001B3ULL;
    };
    mix(centre);
    mix(device);
    // What two names differ in at their ends must reach every bit (the finalizer of MurmurHash3).
    hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDULL;
    hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53ULL;
    return hash ^ (hash >> 33);
}

}  // namespace

CentreLease::CentreLease(boost::asio::io_context& io, const Clock& clock, storage::CommandStore& store, std::string name,
                         Duration length, Hooks hooks)
    : timer_(io), clock_(clock), store_(store), name_(std::move(name)), length_(length), hooks_(std::move(hooks)) {}

Result<> CentreLease::start() {
    const Time now = clock_.now();
    auto lease = store_.hold_lease(name_, std::nullopt, clock_.wall(), length_);
    if (!lease) return std::unexpected(std::move(lease).error());
    epoch_ = lease->epoch;
    until_ = now + length_;
    held_ = true;
    alive_ = {name_};
    look_around();
    arm();
    return {};
}

void CentreLease::stop() {
    timer_.cancel();
    if (std::exchange(held_, false)) store_.end_lease(name_, epoch_);
}

std::string_view CentreLease::owner_of(std::string_view device) const noexcept {
    std::string_view owner = name_;
    std::uint64_t best = 0;
    for (const std::string& centre : alive_) {
        const std::uint64_t rank = share(centre, device);
        if (rank >= best) {
            best = rank;
            owner = centre;
        }
    }
    return owner;
}

void CentreLease::arm() {
    timer_.expires_after(length_ / 3);
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        renew();
        arm();
    });
}

void CentreLease::renew() {
    const Time now = clock_.now();
    const bool lost = now >= until_;
    auto lease = store_.hold_lease(name_, epoch_, clock_.wall(), length_);
    if (!lease) {
        log::error("centre", "{} cannot renew its lease: {}", name_, lease.error().message());
        return;
    }
    until_ = now + length_;
    if (lost || lease->epoch != epoch_) {
        epoch_ = lease->epoch;
        log::warning("centre", "{} was stopped for longer than its lease: it takes up its commands from the store again",
                     name_);
        hooks_.begin_anew();
    }
    look_around();
}

void CentreLease::look_around() {
    const auto leases = store_.leases();
    if (!leases) return;
    const WallTime now = clock_.wall();
    std::vector<std::string> alive{name_};
    for (const storage::CentreLease& lease : *leases) {
        if (lease.name == name_) continue;
        has_company_ = true;
        if (lease.until > now) {
            alive.push_back(lease.name);
            adopt_again_.erase(lease.name);
            continue;
        }
        // Seldom, once it is known to be gone: each look is a transaction.
        Time& again = adopt_again_[lease.name];
        if (clock_.now() < again) continue;
        again = clock_.now() + length_ * 3;
        const auto adopted = store_.adopt(lease.name, name_, now);
        if (adopted && *adopted != 0) hooks_.adopted(lease.name, *adopted);
    }
    std::ranges::sort(alive);
    alive_ = std::move(alive);
}

}  // namespace holdfast::center
