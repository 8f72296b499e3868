#include "admin/page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "admin/api_change.h"
#include "admin/problem.h"

namespace holdfast::admin {

std::optional<Response> read_page(const Api& api, const Request& request, PageRequest& page) {
    page.limit = api.options.page_size;
    if (const auto limit = request.query.get("limit")) {
        const char* const end = limit->data() + limit->size();
        const auto read = std::from_chars(limit->data(), end, page.limit);
        if (read.ec != std::errc() || read.ptr != end || page.limit < 1) {
            return invalid_value("'limit' must be a whole number from 1", "?limit");
        }
        // A client need not know this server's largest page: it gets that, and a `next`.
        page.limit = std::min(page.limit, api.options.max_page_size);
    }
    if (const auto cursor = request.query.get("cursor")) {
        std::uint64_t value = 0;
        const char* const end = cursor->data() + cursor->size();
        const auto read = std::from_chars(cursor->data(), end, value, 16);
        if (read.ec != std::errc() || read.ptr != end || cursor->empty()) {
            return invalid_value("'cursor' must be what an earlier page gave as 'next'", "?cursor");
        }
        page.cursor = value;
    }
    return std::nullopt;
}

std::optional<Response> refuse_unknown_parameters(const Request& request, std::initializer_list<std::string_view> known) {
    for (const auto& [name, value] : request.query.all()) {
        if (std::ranges::find(known, name) != known.end()) continue;
        const std::string there_are =
            known.size() == 0 ? "it takes none" : fmt::format("there are: {}", fmt::join(known, ", "));
        return bad_request(fmt::format("there is no parameter '{}' here; {}", name.substr(0, 100), there_are),
                           "?" + name.substr(0, 100));
    }
    return std::nullopt;
}

std::optional<Response> read_flag(const Request& request, std::string_view name, std::optional<bool>& flag) {
    const auto value = request.query.get(name);
    if (!value) return std::nullopt;
    if (*value != "true" && *value != "false") {
        return invalid_value(fmt::format("'{}' must be true or false", name), fmt::format("?{}", name));
    }
    flag = *value == "true";
    return std::nullopt;
}

Response page_response(boost::json::array items, std::optional<std::uint64_t> next) {
    boost::json::object body;
    body["items"] = std::move(items);
    if (next) {
        body["next"] = fmt::format("{:x}", *next);
    } else {
        body["next"] = nullptr;
    }
    return json_response(std::move(body));
}

}  // namespace holdfast::admin
