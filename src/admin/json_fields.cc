#include "admin/json_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cmath>
#include <utility>

#include "admin/problem.h"
#include "admin/rfc3339.h"
#include "settings/values.h"

namespace holdfast::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t max_time_length = 64;

/// The field's name as a JSON pointer (RFC 6901).
std::string pointer(std::string_view name) {
    std::string out = "/";
    for (const char c : name) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out.push_back(c);
        }
    }
    return out;
}

bool is_json(std::string_view content_type) {
    const std::string_view type = content_type.substr(0, content_type.find(';'));
    return type.empty() || type == "application/json" || type.ends_with("+json") ||
           type.starts_with("application/x-www-form-urlencoded");
}

}  // namespace

JsonFields::JsonFields(const Request& request) {
    // curl sends -d as a form unless told otherwise; the body is what counts.
    if (!request.body.empty() && !is_json(request.content_type)) {
        complaint_ = Complaint{true, {}, fmt::format("the body must be application/json, not {}", request.content_type)};
        return;
    }
    if (!request.body.empty()) take(request.body);
}

JsonFields::JsonFields(json::object object) : object_(std::move(object)) {}

JsonFields JsonFields::parse(std::string_view text) {
    JsonFields fields;
    fields.take(text);
    return fields;
}

void JsonFields::take(std::string_view text) {
    boost::system::error_code error;
    json::value value = json::parse({text.data(), text.size()}, error);
    if (error) {
        complaint_ = Complaint{true,
                               {},
                               is_plain_utf8(text) ? fmt::format("this is not well-formed JSON: {}", error.message())
                                                   : std::string("this is not UTF-8 text, which JSON is")};
    } else if (!value.is_object()) {
        complaint_ = Complaint{true, {}, "this must be a JSON object"};
    } else {
        object_ = std::move(value.get_object());
    }
}

const json::value* JsonFields::find(std::string_view name) {
    known_.emplace_back(name);
    const json::value* const value = object_.if_contains({name.data(), name.size()});
    return value == nullptr || value->is_null() ? nullptr : value;
}

bool JsonFields::is_null(std::string_view name) {
    const json::value* const value = object_.if_contains({name.data(), name.size()});
    if (value == nullptr || !value->is_null()) return false;
    known_.emplace_back(name);
    return true;
}

void JsonFields::complain(std::string_view name, std::string detail) {
    if (!complaint_) complaint_ = Complaint{false, pointer(name), std::move(detail)};
}

void JsonFields::require(std::string_view name) {
    if (!object_.contains({name.data(), name.size()})) complain(name, fmt::format("'{}' is missing", name));
}

std::optional<std::string> JsonFields::text(std::string_view name, std::size_t max_bytes) {
    const json::value* const value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) {
        complain(name, fmt::format("'{}' must be a string", name));
        return std::nullopt;
    }
    const auto& string = value->get_string();
    if (string.size() > max_bytes) {
        complain(name, fmt::format("'{}' may have at most {} bytes", name, max_bytes));
        return std::nullopt;
    }
    if (!is_plain_utf8({string.data(), string.size()})) {
        complain(name, fmt::format("'{}' must be text without U+0000", name));
        return std::nullopt;
    }
    return std::string(string.data(), string.size());
}

std::optional<std::size_t> JsonFields::choice(std::string_view name, std::span<const std::string_view> names) {
    const json::value* const value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) {
        const auto& word = value->get_string();
        const auto found = std::ranges::find(names, std::string_view(word.data(), word.size()));
        if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    }
    complain(name, fmt::format("'{}' must be one of: {}", name, fmt::join(names, ", ")));
    return std::nullopt;
}

std::optional<Duration> JsonFields::span(std::string_view name) {
    const auto written = text(name, max_time_length);
    if (!written) return std::nullopt;
    const auto read = settings::parse_duration(*written);
    if (!read) {
        complain(name, fmt::format("'{}' {}", name, read.error().message()));
        return std::nullopt;
    }
    return *read;
}

std::optional<WallTime> JsonFields::moment(std::string_view name) {
    const auto written = text(name, max_time_length);
    if (!written) return std::nullopt;
    const auto read = parse_rfc3339(*written);
    if (!read) complain(name, fmt::format("'{}' must be a time with its zone, e.g. 2026-12-01T08:00:00Z", name));
    return read;
}

std::optional<bool> JsonFields::boolean(std::string_view name) {
    const json::value* const value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_bool()) {
        complain(name, fmt::format("'{}' must be true or false", name));
        return std::nullopt;
    }
    return value->get_bool();
}

std::optional<double> JsonFields::number(std::string_view name, double min, double max) {
    const json::value* const value = find(name);
    if (value == nullptr) return std::nullopt;
    double read = std::nan("");
    if (value->is_double()) read = value->get_double();
    if (value->is_int64()) read = static_cast<double>(value->get_int64());
    if (value->is_uint64()) read = static_cast<double>(value->get_uint64());
    if (!(read >= min && read <= max)) {
        complain(name, fmt::format("'{}' must be a number from {} to {}", name, min, max));
        return std::nullopt;
    }
    return read;
}

std::optional<std::uint64_t> JsonFields::whole(std::string_view name, std::uint64_t min, std::uint64_t max) {
    const json::value* const value = find(name);
    if (value == nullptr) return std::nullopt;
    std::optional<std::uint64_t> read;
    if (value->is_uint64()) read = value->get_uint64();
    if (value->is_int64() && value->get_int64() >= 0) read = static_cast<std::uint64_t>(value->get_int64());
    if (!read || *read < min || *read > max) {
        complain(name, fmt::format("'{}' must be a whole number from {} to {}", name, min, max));
        return std::nullopt;
    }
    return read;
}

std::optional<std::vector<std::string>> JsonFields::texts(std::string_view name, std::size_t max_items, std::size_t max_bytes) {
    const json::value* const value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_array() || value->get_array().size() > max_items) {
        complain(name, fmt::format("'{}' must be a list of at most {} strings", name, max_items));
        return std::nullopt;
    }
    std::vector<std::string> items;
    for (const json::value& item : value->get_array()) {
        if (!item.is_string() || item.get_string().size() > max_bytes ||
            !is_plain_utf8({item.get_string().data(), item.get_string().size()})) {
            if (!complaint_)
                complaint_ = Complaint{false, fmt::format("/{}/{}", name, items.size()),
                                       fmt::format("each of '{}' must be a string of at most {} bytes", name, max_bytes)};
            return std::nullopt;
        }
        items.emplace_back(item.get_string().data(), item.get_string().size());
    }
    return items;
}

void JsonFields::check_unknown() {
    if (complaint_) return;
    for (const auto& field : object_) {
        const std::string_view name(field.key().data(), field.key().size());
        if (std::ranges::find(known_, name) == known_.end()) {
            std::ranges::sort(known_);
            known_.erase(std::ranges::unique(known_).begin(), known_.end());
            complain(name,
                     fmt::format("there is no field '{}' here; there are: {}", name.substr(0, 100), fmt::join(known_, ", ")));
            return;
        }
    }
}

std::optional<Problem> JsonFields::problem(unsigned status_of_values) {
    check_unknown();
    if (!complaint_) return std::nullopt;
    if (complaint_->malformed) return Problem{400, "bad-request", complaint_->detail, {}};
    return Problem{status_of_values, "invalid-value", complaint_->detail, complaint_->field};
}

std::optional<Response> JsonFields::refusal(unsigned status_of_values) {
    const auto what = problem(status_of_values);
    if (!what) return std::nullopt;
    return admin::problem(*what);
}

std::optional<std::string> JsonFields::complaint() {
    check_unknown();
    if (!complaint_) return std::nullopt;
    return complaint_->detail;
}

}  // namespace holdfast::admin
