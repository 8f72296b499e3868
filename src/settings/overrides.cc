#include "settings/overrides.h"

#include <fmt/format.h>

#include "settings/nearest_name.h"
#include "settings/quoted.h"
#include "settings/settings_table.h"

namespace holdfast::settings {
namespace {

std::string_view last_part(std::string_view name) {
    return name.substr(name.rfind('.') + 1);
}

void set_from_text(const Row& row, std::string_view text, Source source, std::string place, Settings& settings,
                   Findings& findings) {
    auto value = parse_value(row, text);
    if (!value) {
        findings.add(std::move(place), fmt::format("{} {}", row.name, value.error().message()));
        return;
    }
    row.member.set(&settings, *value);
    findings.found(std::string(row.name), source, std::move(place));
}

const Row* row_of(std::string_view name) {
    for (const Row& row : rows()) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

bool of_a_list(std::string_view name) {
    for (const ListTable& list : list_tables()) {
        if (name == list.name ||
            (name.starts_with(list.name) && (name[list.name.size()] == '.' || name[list.name.size()] == '[')))
            return true;
    }
    return false;
}

}  // namespace

std::string environment_name(std::string_view setting_name) {
    std::string name = "HOLDFAST_";
    for (const char c : setting_name) {
        if (c == '.') {
            name += '_';
        } else {
            name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        }
    }
    return name;
}

std::string did_you_mean_setting(std::string_view mistyped) {
    std::vector<std::string_view> names, last_parts;
    for (const Row& row : rows()) {
        names.push_back(row.name);
        last_parts.push_back(last_part(row.name));
    }
    std::string_view meant = nearest_name(mistyped, names);
    if (meant.empty()) {
        const std::string_view part = nearest_name(last_part(mistyped), last_parts);
        for (std::size_t i = 0; i < last_parts.size() && !part.empty(); ++i) {
            if (last_parts[i] == part) {
                meant = names[i];
                break;
            }
        }
    }
    return meant.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", meant);
}

void read_environment(const Environment& environment, Settings& settings, Findings& findings) {
    if (!environment) return;
    for (const Row& row : rows()) {
        std::string name = environment_name(row.name);
        if (const auto text = environment(name))
            set_from_text(row, *text, Source::environment, std::move(name), settings, findings);
    }
}

void read_overrides(const std::vector<std::string>& overrides, Settings& settings, Findings& findings) {
    for (const std::string& one : overrides) {
        const std::string_view text = one;
        const std::size_t equals = text.find('=');
        const std::string_view name = text.substr(0, equals);
        std::string place = "--set " + clipped(name);
        if (equals == std::string_view::npos) {
            findings.add(std::move(place), "this has no value; write it as section.name=value, for instance log.level=debug");
        } else if (const Row* row = row_of(name)) {
            set_from_text(*row, text.substr(equals + 1), Source::command_line, std::move(place), settings, findings);
        } else if (of_a_list(name)) {
            findings.add(std::move(place), "lists of tables can only be set in the settings file");
        } else {
            findings.add(std::move(place), fmt::format("there is no setting {}{}", quoted(name), did_you_mean_setting(name)));
        }
    }
}

}  // namespace holdfast::settings
