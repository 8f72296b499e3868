#pragma once
// The API's routes as data, and how a request finds its own. A route is declared once, in route_table.cc; the OpenAPI document
// is held against that table by a test.

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/verb.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/scope.h"
#include "admin/http_message.h"

namespace holdfast::admin {

struct Api;

/// Who may call a route.
enum class Access {
    token,   ///< with a token: one that may read for GET, else the scope that the route names
    anyone,  ///< without a token too; the handler looks at `Request::authorised` to know how much to say
};

/// How a route takes its request's body.
enum class BodyUse {
    whole,   ///< read before the handler runs, up to `AdminOptions::max_body_bytes`
    large,   ///< the same, up to `AdminOptions::max_large_body_bytes`
    stream,  ///< read by the handler through `Request::body_source`
};

/// What a route cannot work without.
enum class Needs {
    fleet,    ///< in a process without a fleet it says so
    nothing,  ///< or it sees for itself what there is
};

/// Handlers run on the control thread; `api` and `request` live until the returned coroutine ends.
using Handler = boost::asio::awaitable<Response> (*)(Api& api, const Request& request);

struct Route {
    boost::beast::http::verb method;
    /// e.g. "/api/v1/nodes/{name}/drain". Each `{...}` stands for one whole segment.
    std::string_view path;
    Handler handler;
    Access access = Access::token;
    BodyUse body = BodyUse::whole;
    /// What a caller needs for anything but GET.
    access::Scope scope = access::Scope::admin;
    Needs needs = Needs::fleet;
};

[[nodiscard]] constexpr access::Scope needed_scope(const Route& route) noexcept {
    return route.method == boost::beast::http::verb::get ? access::Scope::read : route.scope;
}

/// Every route there is.
[[nodiscard]] std::span<const Route> route_table();

/// The same for a process without a fleet: those that need one are refused with a sentence.
[[nodiscard]] std::span<const Route> fleetless_route_table();

struct RouteMatch {
    /// Null when no route has this path and method.
    const Route* route = nullptr;
    std::vector<std::string> path_values;
    /// The methods that the path does have, when it has any; empty means that there is nothing at this path.
    std::vector<boost::beast::http::verb> allowed;
    /// A segment's escapes are broken, or it is not UTF-8.
    bool malformed = false;
};

/// Finds the route for a path as it came over the wire (without query). Fixed segments win over `{...}`.
[[nodiscard]] RouteMatch find_route(std::span<const Route> routes, boost::beast::http::verb method, std::string_view path);

}  // namespace holdfast::admin
