#include "json_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace holdfast::test {

namespace json = boost::json;

namespace {

bool has_type(const json::value& value, std::string_view type) {
    if (type == "null") return value.is_null();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    if (type == "number") return value.is_number();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
}

std::string_view view(const json::string& text) {
    return {text.data(), text.size()};
}

bool fits_type(const json::value& value, const json::value& types) {
    if (types.is_string()) return has_type(value, view(types.get_string()));
    return std::ranges::any_of(types.as_array(),
                               [&](const json::value& type) { return has_type(value, view(type.as_string())); });
}

void append(std::vector<std::string>& to, std::vector<std::string> more) {
    to.insert(to.end(), more.begin(), more.end());
}

void check_object(std::vector<std::string>& found, const json::value& document, const json::object& schema,
                  const json::object& value, const std::string& place) {
    if (const auto* const required = schema.if_contains("required")) {
        for (const json::value& name : required->as_array()) {
            if (!value.contains(name.as_string()))
                found.push_back(fmt::format("{}/{} is missing", place, view(name.as_string())));
        }
    }
    const auto* const properties = schema.if_contains("properties");
    if (properties == nullptr) return;
    for (const auto& [name, one] : value) {
        const std::string where = fmt::format("{}/{}", place, std::string_view(name.data(), name.size()));
        if (const auto* const property = properties->as_object().if_contains(name)) {
            append(found, misfits(document, *property, one, where));
        } else if (!schema.contains("x-part")) {
            found.push_back(where + " is not documented");
        }
    }
}

}  // namespace

const json::value* resolve(const json::value& document, std::string_view reference) {
    if (!reference.starts_with("#/")) return nullptr;
    reference.remove_prefix(1);
    boost::system::error_code error;
    return document.find_pointer({reference.data(), reference.size()}, error);
}

std::vector<std::string> misfits(const json::value& document, const json::value& schema_value, const json::value& value,
                                 const std::string& place) {
    std::vector<std::string> found;
    const json::object& schema = schema_value.as_object();
    if (const auto* const reference = schema.if_contains("$ref")) {
        const json::value* const target = resolve(document, view(reference->as_string()));
        if (target == nullptr) return {fmt::format("{}: {} points at nothing", place, view(reference->as_string()))};
        return misfits(document, *target, value, place);
    }
    if (const auto* const any = schema.if_contains("anyOf")) {
        for (const json::value& one : any->as_array()) {
            if (misfits(document, one, value, place).empty()) return {};
        }
        return {fmt::format("{} fits none of what it may be: {}", place, json::serialize(value))};
    }
    if (const auto* const all = schema.if_contains("allOf")) {
        // Each part documents some of the fields; together they are all there may be.
        json::object merged{{"type", "object"}, {"properties", json::object()}, {"required", json::array()}};
        for (const json::value& part : all->as_array()) {
            const auto* const reference = part.as_object().if_contains("$ref");
            const json::object& one =
                reference == nullptr ? part.as_object() : resolve(document, view(reference->as_string()))->as_object();
            for (const auto& [name, property] : one.at("properties").as_object())
                merged["properties"].as_object()[name] = property;
            for (const json::value& name : one.at("required").as_array())
                merged["required"].as_array().push_back(name);
        }
        return misfits(document, merged, value, place);
    }
    if (const auto* const types = schema.if_contains("type"); types != nullptr && !fits_type(value, *types)) {
        return {fmt::format("{} must be {}, and is {}", place, json::serialize(*types), json::serialize(value))};
    }
    if (const auto* const allowed = schema.if_contains("enum")) {
        if (std::ranges::find(allowed->as_array(), value) == allowed->as_array().end()) {
            found.push_back(fmt::format("{} may not be {}", place, json::serialize(value)));
        }
    }
    if (value.is_object()) check_object(found, document, schema, value.get_object(), place);
    if (const auto* const items = schema.if_contains("items"); items != nullptr && value.is_array()) {
        for (const json::value& item : value.get_array())
            append(found, misfits(document, *items, item, place + "/*"));
    }
    return found;
}

}  // namespace holdfast::test
