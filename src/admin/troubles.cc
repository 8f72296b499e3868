#include <boost/json/array.hpp>
#include <utility>

#include "admin/api_change.h"
#include "admin/handlers.h"
#include "admin/json_views.h"
#include "admin/page.h"

namespace holdfast::admin {

Answer list_fights(Api& api, const Request& request) {
    PageRequest page;
    if (auto refusal = refuse_unknown_parameters(request, {"limit"})) co_return std::move(*refusal);
    if (auto refusal = read_page(api, request, page)) co_return std::move(*refusal);
    api.control->collect_now();
    boost::json::array items;
    for (const fleet::Fight& fight : api.control->fleet().fights(api.control->moment().now, page.limit)) {
        items.emplace_back(fight_view(fight));
    }
    co_return page_response(std::move(items), std::nullopt);
}

Answer list_refusals(Api& api, const Request& request) {
    PageRequest page;
    if (auto refusal = refuse_unknown_parameters(request, {"limit"})) co_return std::move(*refusal);
    if (auto refusal = read_page(api, request, page)) co_return std::move(*refusal);
    api.control->collect_now();
    boost::json::array items;
    for (const fleet::PastConnect& connect : api.control->fleet().history().refusals(page.limit)) {
        items.emplace_back(past_connect_view(api.control->fleet().topology(), connect));
    }
    co_return page_response(std::move(items), std::nullopt);
}

}  // namespace holdfast::admin
