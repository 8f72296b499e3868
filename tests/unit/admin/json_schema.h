#pragma once
// As much of JSON Schema as the API's document uses, to hold answers against it.

#include <boost/json/value.hpp>
#include <string>
#include <vector>

namespace holdfast::test {

/// What about `value` does not fit the schema, each with its place; empty when it fits. `document` is what `$ref`s point into.
[[nodiscard]] std::vector<std::string> misfits(const boost::json::value& document, const boost::json::value& schema,
                                               const boost::json::value& value, const std::string& place = "");

/// What a "#/a/b" reference points at; null when at nothing.
[[nodiscard]] const boost::json::value* resolve(const boost::json::value& document, std::string_view reference);

}  // namespace holdfast::test
