// Values of table rows: text to value and back, bounds, and what is wrong in words.

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>

#include "base/assert.h"
#include "settings/nearest_name.h"
#include "settings/quoted.h"
#include "settings/settings_table.h"

namespace holdfast::settings {
namespace {

template <class Number>
std::optional<Number> read_number(std::string_view text) {
    Number number{};
    const auto [rest, errc] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || errc != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<std::int64_t> choice_index(const Row& row, std::string_view text) {
    const auto names = row.member.choices();
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == text) return static_cast<std::int64_t>(i);
    }
    return std::nullopt;
}

/// Hands each comma-separated part, blanks around it taken off, to `take`; stops at false.
template <class Take>
bool each_part(std::string_view text, Take take) {
    if (text.empty()) return true;
    for (;;) {
        const std::size_t comma = text.find(',');
        std::string_view part = text.substr(0, comma);
        while (!part.empty() && part.front() == ' ')
            part.remove_prefix(1);
        while (!part.empty() && part.back() == ' ')
            part.remove_suffix(1);
        if (!take(part)) return false;
        if (comma == std::string_view::npos) return true;
        text.remove_prefix(comma + 1);
    }
}

template <class Parsed>
std::optional<Value> to_value(Parsed&& parsed) {
    if (!parsed) return std::nullopt;
    return Value(*std::forward<Parsed>(parsed));
}

std::optional<Value> read_text(const Row& row, std::string_view text) {
    switch (row.member.kind) {
        case Kind::boolean:
            if (text == "true") return Value(true);
            if (text == "false") return Value(false);
            return std::nullopt;
        case Kind::integer:
            return to_value(read_number<std::int64_t>(text));
        case Kind::number:
            return to_value(read_number<double>(text));
        case Kind::duration:
            return to_value(parse_duration(text));
        case Kind::size:
            return to_value(parse_size(text));
        case Kind::string:
            return Value(std::string(text));
        case Kind::choice:
            return to_value(choice_index(row, text));
        case Kind::address:
            return to_value(parse_address(text));
        case Kind::choice_list: {
            std::vector<std::int64_t> indexes;
            const bool all = each_part(text, [&](std::string_view part) {
                const auto index = choice_index(row, part);
                if (index) indexes.push_back(*index);
                return index.has_value();
            });
            return all ? std::optional<Value>(std::move(indexes)) : std::nullopt;
        }
        case Kind::address_list: {
            std::vector<Address> addresses;
            const bool all = each_part(text, [&](std::string_view part) {
                auto address = parse_address(part);
                if (address) addresses.push_back(std::move(*address));
                return address.has_value();
            });
            return all ? std::optional<Value>(std::move(addresses)) : std::nullopt;
        }
    }
    return std::nullopt;
}

/// What bounds are about: the number itself, or a length.
long double measure(const Value& value) {
    struct Measure {
        long double operator()(bool) const { return 0; }
        long double operator()(std::int64_t number) const { return static_cast<long double>(number); }
        long double operator()(double number) const { return number; }
        long double operator()(Duration time) const { return static_cast<long double>(time.count()); }
        long double operator()(ByteSize size) const { return static_cast<long double>(size.bytes); }
        long double operator()(const std::string& text) const { return static_cast<long double>(text.size()); }
        long double operator()(const Address&) const { return 0; }
        long double operator()(const std::vector<std::int64_t>& list) const { return static_cast<long double>(list.size()); }
        long double operator()(const std::vector<Address>& list) const { return static_cast<long double>(list.size()); }
    };
    return std::visit(Measure{}, value);
}

long double bound(const Row& row, std::string_view text, long double unbounded) {
    if (text.empty()) return unbounded;
    if (row.member.kind == Kind::duration) return measure(*parse_duration(text));
    if (row.member.kind == Kind::size) return measure(*parse_size(text));
    const auto number = read_number<double>(text);
    HF_ASSERT(number.has_value(), "a setting's bound is not a number");
    return *number;
}

bool within(const Row& row, const Value& value) {
    constexpr long double infinity = std::numeric_limits<long double>::infinity();
    const long double size = measure(value);
    return size >= bound(row, row.min, -infinity) && size <= bound(row, row.max, infinity);
}

std::string names_text(std::span<const std::string_view> names) {
    std::string text;
    for (const std::string_view name : names) {
        if (!text.empty()) text += ", ";
        text += fmt::format("\"{}\"", name);
    }
    return text;
}

bool is_text_kind(Kind kind) {
    return kind != Kind::boolean && kind != Kind::integer && kind != Kind::number;
}

/// "debug" for "debgu", when one of the choices is meant.
std::string_view meant_choice(const Row& row, std::string_view text) {
    if (row.member.choices == nullptr) return {};
    std::string_view meant;
    const auto names = row.member.choices();
    each_part(text, [&](std::string_view part) {
        if (!choice_index(row, part)) meant = nearest_name(part, names);
        return meant.empty();
    });
    return meant;
}

}  // namespace

std::string refusal_text(const Row& row, std::string_view shown, std::string_view meant) {
    std::string text = row.secret ? fmt::format("has a value that does not fit; it must be {}", expected_text(row))
                                  : fmt::format("is {}, but must be {}", shown, expected_text(row));
    if (!meant.empty()) text += fmt::format("; did you mean \"{}\"?", meant);
    return text;
}

Result<Value> parse_value(const Row& row, std::string_view text) {
    auto value = read_text(row, text);
    if (!value) {
        const std::string shown = is_text_kind(row.member.kind) || text.empty() ? quoted(text) : clipped(text);
        return fail(SettingsErrc::malformed_value, refusal_text(row, shown, meant_choice(row, text)));
    }
    if (auto bounds = check_bounds(row, *value); !bounds) return std::unexpected(std::move(bounds.error()));
    return std::move(*value);
}

Result<void> check_bounds(const Row& row, const Value& value) {
    if (within(row, value)) return {};
    const std::string text = format_value(row, value);
    const std::string shown = text.empty() ? "empty" : is_text_kind(row.member.kind) ? quoted(text) : text;
    return fail(SettingsErrc::out_of_bounds, refusal_text(row, shown, {}));
}

std::string format_value(const Row& row, const Value& value) {
    struct Format {
        const Row& row;
        std::string operator()(bool on) const { return on ? "true" : "false"; }
        std::string operator()(std::int64_t number) const {
            if (row.member.kind != Kind::choice) return fmt::format("{}", number);
            return std::string(row.member.choices()[static_cast<std::size_t>(number)]);
        }
        std::string operator()(double number) const { return fmt::format("{}", number); }
        std::string operator()(Duration time) const { return format_duration(time); }
        std::string operator()(ByteSize size) const { return format_size(size); }
        std::string operator()(const std::string& text) const { return text; }
        std::string operator()(const Address& address) const { return format_address(address); }
        std::string operator()(const std::vector<std::int64_t>& indexes) const {
            std::string text;
            for (const std::int64_t index : indexes) {
                if (!text.empty()) text += ',';
                text += row.member.choices()[static_cast<std::size_t>(index)];
            }
            return text;
        }
        std::string operator()(const std::vector<Address>& addresses) const {
            std::string text;
            for (const Address& address : addresses) {
                if (!text.empty()) text += ',';
                text += format_address(address);
            }
            return text;
        }
    };
    return std::visit(Format{row}, value);
}

std::string bounds_text(const Row& row) {
    if (row.min.empty() && row.max.empty()) return {};
    const std::string_view unit = row.unit;
    std::string text = row.max.empty() ? fmt::format("at least {}", row.min) : fmt::format("{} to {}", row.min, row.max);
    if (row.member.kind == Kind::string) return text + " characters";
    if (!unit.empty()) text += fmt::format(" {}", unit);
    return text;
}

std::string expected_text(const Row& row) {
    const std::string bounds = bounds_text(row);
    const std::string from = bounds.empty() ? "" : " from " + bounds;
    switch (row.member.kind) {
        case Kind::boolean:
            return "true or false";
        case Kind::integer:
            return "a whole number" + from;
        case Kind::number:
            return "a number" + from;
        case Kind::duration:
            return fmt::format("a duration{}, such as \"1.5s\" or \"200ms\"", from);
        case Kind::size:
            return fmt::format("a size{}, such as \"64KiB\"", from);
        case Kind::string:
            return row.min == "0" ? fmt::format("text of at most {} characters", row.max) : "text of " + bounds;
        case Kind::choice:
            return "one of " + names_text(row.member.choices());
        case Kind::address:
            return "an address with a port, such as \"127.0.0.1:1883\" or \"[::1]:1883\"";
        case Kind::choice_list:
            return fmt::format("a list of {} of {}", bounds, names_text(row.member.choices()));
        case Kind::address_list:
            return fmt::format("a list of {} addresses, such as [\"0.0.0.0:1883\", \"[::]:1883\"]", bounds);
    }
    return {};
}

}  // namespace holdfast::settings
