#pragma once
// A request's JSON object read field by field: each with its kind and bounds, unknown ones refused, and every complaint with a
// pointer to the field it is about.

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/http_message.h"
#include "admin/problem.h"
#include "base/time.h"

namespace holdfast::admin {

/// Reads never fail by themselves: the first complaint is kept, and `refusal` gives it at the end.
class JsonFields {
public:
    /// Parses a body that must hold one JSON object; an empty body is an empty object.
    explicit JsonFields(const Request& request);
    explicit JsonFields(boost::json::object object);
    /// Parses one line of an import.
    [[nodiscard]] static JsonFields parse(std::string_view text);

    [[nodiscard]] std::optional<std::string> text(std::string_view name, std::size_t max_bytes);
    /// One of `names`, as its index.
    [[nodiscard]] std::optional<std::size_t> choice(std::string_view name, std::span<const std::string_view> names);
    /// "10s", "250ms", "1h30m".
    [[nodiscard]] std::optional<Duration> span(std::string_view name);
    /// "2026-11-21T22:14:08Z".
    [[nodiscard]] std::optional<WallTime> moment(std::string_view name);
    /// Takes anything; true when it is there and not null.
    [[nodiscard]] bool anything(std::string_view name) { return find(name) != nullptr; }
    [[nodiscard]] std::optional<bool> boolean(std::string_view name);
    [[nodiscard]] std::optional<std::uint64_t> whole(std::string_view name, std::uint64_t min, std::uint64_t max);
    [[nodiscard]] std::optional<double> number(std::string_view name, double min, double max);
    [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view name, std::size_t max_items,
                                                                std::size_t max_bytes);
    /// True when the field is there and null; then it counts as read.
    [[nodiscard]] bool is_null(std::string_view name);
    [[nodiscard]] bool has(std::string_view name) const { return object_.contains(name); }

    /// Complains that a field is missing.
    void require(std::string_view name);
    /// Complains about a field.
    void complain(std::string_view name, std::string detail);

    /// Complains about fields that nobody asked for, then answers the first complaint of all, or nothing.
    [[nodiscard]] std::optional<Response> refusal(unsigned status_of_values = 422);
    /// The same, not yet an answer.
    [[nodiscard]] std::optional<Problem> problem(unsigned status_of_values = 422);
    /// The same as a sentence that begins with the field.
    [[nodiscard]] std::optional<std::string> complaint();

private:
    JsonFields() = default;
    void take(std::string_view text);
    [[nodiscard]] const boost::json::value* find(std::string_view name);
    void check_unknown();

    struct Complaint {
        bool malformed = false;
        std::string field;
        std::string detail;
    };
    boost::json::object object_;
    std::vector<std::string> known_;
    std::optional<Complaint> complaint_;
};

}  // namespace holdfast::admin
