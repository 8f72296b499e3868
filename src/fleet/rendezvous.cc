#include "fleet/rendezvous.h"

#include <cmath>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace holdfast::fleet {

std::uint64_t placement_key(char domain, std::string_view bytes) noexcept {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), static_cast<unsigned char>(domain));
}

double rendezvous_score(std::uint64_t placement, std::uint64_t member, std::uint32_t weight) noexcept {
    if (weight == 0) return 0;
    const std::uint64_t pair[2] = {placement, member};
    const std::uint64_t hash = XXH3_64bits(pair, sizeof pair);
    // The middle of one of 2^53 equal slices of (0, 1): never 0 and never 1.
    const double uniform = (static_cast<double>(hash >> 11) + 0.5) * 0x1.0p-53;
    return -static_cast<double>(weight) / std::log(uniform);
}

}  // namespace holdfast::fleet
