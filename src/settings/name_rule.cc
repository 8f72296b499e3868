#include "settings/name_rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "settings/quoted.h"

namespace holdfast::settings {
namespace {

bool valid_name(std::string_view name) {
    return std::ranges::all_of(name, [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return letter || c == '.' || c == '_' || c == '-' || c == '@' || c == ':';
    });
}

}  // namespace

void check_name(Findings& findings, const std::string& place, std::string_view what, const std::string& name) {
    if (valid_name(name)) return;
    findings.add(
        place, fmt::format("{} is {}, but a name has only letters, digits, and the characters . _ - @ :", what, quoted(name)));
}

}  // namespace holdfast::settings
