#include "fleet/policy.h"

#include <fmt/format.h>

#include "fleet/records.h"

namespace holdfast::fleet {

std::string_view to_string(IdentityPart part) noexcept {
    switch (part) {
        case IdentityPart::client_id:
            return "client_id";
        case IdentityPart::username:
            return "username";
        case IdentityPart::common_name:
            return "common_name";
        case IdentityPart::password:
            return "password";
    }
    return "unknown";
}

Result<> validate(const Policy& policy) {
    if (policy.identify.empty()) return fail(FleetErrc::invalid, "a device needs at least one part to be identified by");
    unsigned seen = 0;
    for (const IdentityPart part : policy.identify) {
        const unsigned bit = 1U << static_cast<unsigned>(part);
        if (static_cast<unsigned>(part) > static_cast<unsigned>(IdentityPart::password))
            return fail(FleetErrc::invalid,
                        "a part to identify devices by is none of client_id, username, common_name, password");
        if ((seen & bit) != 0)
            return fail(FleetErrc::invalid,
                        fmt::format("devices are identified by {} twice; name each part once", to_string(part)));
        seen |= bit;
    }
    if (policy.rules.size() > max_allocation_rules)
        return fail(FleetErrc::invalid,
                    fmt::format("{} allocation rules; at most {} are allowed", policy.rules.size(), max_allocation_rules));
    for (std::size_t i = 0; i < policy.rules.size(); ++i) {
        const AllocationRule& rule = policy.rules[i];
        if (rule.pattern.empty())
            return fail(FleetErrc::invalid, fmt::format("allocation rule {} has an empty pattern; \"*\" fits all", i + 1));
        if (!valid_name(rule.cluster))
            return fail(FleetErrc::invalid,
                        fmt::format("allocation rule {} names no proper cluster: \"{}\"", i + 1, rule.cluster));
    }
    if (policy.max_devices == 0) return fail(FleetErrc::invalid, "max_devices is 0; a fleet needs room for one device");
    return {};
}

bool matches(std::string_view pattern, std::string_view text) noexcept {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

}  // namespace holdfast::fleet
