#pragma once
// JSON as people write it: 2.5, not 2.5E0.

#include <boost/json/value.hpp>
#include <string>

namespace holdfast::cli {

[[nodiscard]] std::string plain_json(const boost::json::value& value);

}  // namespace holdfast::cli
