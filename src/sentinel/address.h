#pragma once
// Where an instance is reached, as it was configured or announced: names stay names, because peers compare addresses by text.

#include <compare>
#include <cstdint>
#include <string>

namespace holdfast::sentinel {

struct Address {
    std::string host = {};   ///< a number or a name, without brackets
    std::uint16_t port = 0;  ///< 0: invalid, never dialled

    friend auto operator<=>(const Address&, const Address&) = default;
};

}  // namespace holdfast::sentinel
