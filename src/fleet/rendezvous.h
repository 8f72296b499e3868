#pragma once
// Weighted rendezvous hashing: everyone who knows the same members and weights ranks them alike for the same key, a member that
// comes or goes moves only its own share, and shares are in proportion to weights. Members are known by keys made of their
// stable names.

#include <cstdint>
#include <string_view>

namespace holdfast::fleet {

/// Hash of one thing to be placed; `domain` keeps keys of different kinds apart.
[[nodiscard]] std::uint64_t placement_key(char domain, std::string_view bytes) noexcept;

/// The score of a member for a placement: -weight / ln(h), h uniform in (0, 1). The highest wins. 0 for weight 0.
[[nodiscard]] double rendezvous_score(std::uint64_t placement, std::uint64_t member, std::uint32_t weight) noexcept;

}  // namespace holdfast::fleet
