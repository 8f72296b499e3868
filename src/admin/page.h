#pragma once
// Lists in pages: `?limit=` and `?cursor=`. A cursor is opaque to clients; a page may have fewer items than the limit, even
// none, and there is more as long as it has a `next`.

#include <boost/json/array.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "admin/api.h"
#include "admin/http_message.h"

namespace holdfast::admin {

struct PageRequest {
    std::size_t limit = 0;
    /// Where to go on; nothing for the first page.
    std::optional<std::uint64_t> cursor;
};

/// Reads `limit` and `cursor`; a refusal when one of them is not well formed.
[[nodiscard]] std::optional<Response> read_page(const Api& api, const Request& request, PageRequest& page);

/// Refuses parameters that a route does not know: a misspelt filter must not answer with everything.
[[nodiscard]] std::optional<Response> refuse_unknown_parameters(const Request& request,
                                                                std::initializer_list<std::string_view> known);

/// Reads a parameter that is `true` or `false`.
[[nodiscard]] std::optional<Response> read_flag(const Request& request, std::string_view name, std::optional<bool>& flag);

/// `{"items": [...], "next": "..."}`; `next` is null when that was all.
[[nodiscard]] Response page_response(boost::json::array items, std::optional<std::uint64_t> next);

}  // namespace holdfast::admin
