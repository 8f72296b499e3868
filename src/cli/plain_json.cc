#include "cli/plain_json.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

namespace holdfast::cli {

namespace json = boost::json;

namespace {

void append(std::string& out, const json::value& value) {
    if (value.is_array()) {
        out += '[';
        bool comma = false;
        for (const json::value& one : value.get_array()) {
            if (comma) out += ',';
            comma = true;
            append(out, one);
        }
        out += ']';
    } else if (value.is_object()) {
        out += '{';
        bool comma = false;
        for (const auto& [name, one] : value.get_object()) {
            if (comma) out += ',';
            comma = true;
            out += json::serialize(name);
            out += ':';
            append(out, one);
        }
        out += '}';
    } else if (value.is_double() && std::isfinite(value.get_double())) {
        out += fmt::format("{}", value.get_double());
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

// The answers are read by a parser that bounds their depth.
std::string plain_json(const json::value& value) {
    std::string out;
    append(out, value);
    return out;
}

}  // namespace holdfast::cli
