#pragma once
// The rules an operator sets for the whole fleet: what identifies a device, whether strangers may enrol, where new devices go,
// whether devices stay where they were. A value; changed as a whole by `Fleet::set_policy`.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fleet/errors.h"

namespace holdfast::fleet {

/// The parts of a CONNECT that can identify a device.
enum class IdentityPart : std::uint8_t {
    client_id,
    username,
    common_name,  ///< of the client's certificate
    password,     ///< only ever as HMAC-SHA256 under `Policy::password_key`, cut to 128 bits, in hexadecimal
};
[[nodiscard]] std::string_view to_string(IdentityPart part) noexcept;  ///< "client_id", "username", "common_name", "password"

enum class Enrolment : std::uint8_t {
    open,    ///< an unknown device is enrolled at its first CONNECT
    closed,  ///< an unknown device is refused
};

/// "Devices like this are at home there." The first rule that fits wins.
struct AllocationRule {
    enum class Subject : std::uint8_t { device_id, username, common_name };
    Subject subject = Subject::device_id;
    std::string pattern =
        {};  ///< '*' stands for any bytes (also none), '?' for one; all else for itself. A prefix is "meter-*".
    std::string cluster = {};  ///< a rule naming a cluster that does not exist is passed over

    friend bool operator==(const AllocationRule&, const AllocationRule&) = default;
};

constexpr std::size_t max_allocation_rules = 1000;

struct Policy {
    /// One part: the device id is that part's bytes. Several: the parts, each with '%' and '/' percent-encoded, joined with
    /// '/', so that different triples never make the same id. 1..4 different parts.
    std::vector<IdentityPart> identify = {IdentityPart::client_id};
    std::array<std::uint8_t, 32> password_key{};  ///< a secret; the same on every gateway
    Enrolment enrolment = Enrolment::open;
    std::vector<AllocationRule> rules = {};
    bool sticky = true;                     ///< remember where a device was last, and lead it there again
    std::uint64_t max_devices = 2'000'000;  ///< enrolled in all; beyond it unknown devices are refused

    friend bool operator==(const Policy&, const Policy&) = default;
};

/// Checks bounds and that the parts differ; the sentence says what is wrong.
[[nodiscard]] Result<> validate(const Policy& policy);

/// True when `text` fits `pattern` as AllocationRule describes. Time is at most |pattern| x |text|.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace holdfast::fleet
