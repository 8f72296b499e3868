#pragma once
// The one table of settings: a row each. The parser, `config check|show|reference`, `--help`, `--set`, the environment, reload
// and the reference page are made from it; there is no second list of names.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "settings/settings.h"
#include "settings/values.h"

namespace holdfast::settings {

enum class Change : bool { at_restart, at_run_time };

/// Reads and writes one member of a settings struct (`Settings`, or an element of a list) without knowing its type.
struct Accessor {
    Kind kind;
    Value (*get)(const void* owner);
    void (*set)(void* owner, const Value& value);
    std::span<const std::string_view> (*choices)();  ///< null unless a choice or a list of choices
};

struct Row {
    std::string_view name;  ///< dotted for plain settings ("gateway.threads"), bare in lists of tables ("weight")
    Accessor member;
    std::string_view default_text;  ///< in the text form; "" and `required` for settings without default
    std::string_view min;           ///< in the text form; "" when the kind has no bounds. Of strings and lists: their length
    std::string_view max;
    std::string_view unit;  ///< "connections", "per second"; "" where the kind says it
    Change change;
    std::string_view help;           ///< one or more sentences
    std::string_view shown_default;  ///< in place of the default where it follows from something else
    bool secret = false;             ///< never shown
    bool required = false;           ///< only in lists of tables
};

/// A list of tables: `[[cluster]]`, `[[cluster.node]]`, `[[allocation.rule]]`.
struct ListTable {
    std::string_view name;  ///< dotted from the file's root
    std::string_view help;
    std::size_t max_size;
    std::span<const Row> rows;
    std::span<const ListTable> inner;        ///< lists of tables inside each element
    std::size_t (*size)(const void* owner);  ///< owner: `Settings`, or the element of the outer list
    void* (*append)(void* owner);
    const void* (*element)(const void* owner, std::size_t index);
};

struct Section {
    std::string_view name;
    std::string_view help;
};

[[nodiscard]] std::span<const Section> sections() noexcept;
[[nodiscard]] std::span<const Row> rows() noexcept;
[[nodiscard]] std::span<const ListTable> list_tables() noexcept;

/// Sets every row that has a default. `owner` is what the rows' members belong to.
void apply_defaults(std::span<const Row> table, void* owner);

/// Text to value, bounds included. The error's sentence goes after the setting's name: "is 0, but must be a whole number from 1
/// to 16".
[[nodiscard]] Result<Value> parse_value(const Row& row, std::string_view text);
[[nodiscard]] Result<void> check_bounds(const Row& row, const Value& value);
/// The text form, which `parse_value` reads back.
[[nodiscard]] std::string format_value(const Row& row, const Value& value);
/// The sentence after the setting's name for a value that does not fit: "is 0, but must be ..."; a secret's value is left out.
/// `meant` is empty or what was probably meant.
[[nodiscard]] std::string refusal_text(const Row& row, std::string_view shown, std::string_view meant);
/// What the row takes, in words: "a duration from 100ms to 10m, such as \"10s\"".
[[nodiscard]] std::string expected_text(const Row& row);
/// "1 to 16", "100ms to 10m", "at least 1"; empty when there are no bounds.
[[nodiscard]] std::string bounds_text(const Row& row);

}  // namespace holdfast::settings
