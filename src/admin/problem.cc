#include "admin/problem.h"

#include <boost/beast/http/status.hpp>
#include <boost/json.hpp>
#include <utility>

namespace holdfast::admin {

std::string_view status_title(unsigned status) noexcept {
    if (status == 413) return "Content Too Large";
    return boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
}

Response problem(const Problem& what) {
    boost::json::object body;
    body["type"] = "urn:holdfast:problem:" + std::string(what.type);
    body["title"] = status_title(what.status);
    body["status"] = what.status;
    body["detail"] = what.detail;
    if (!what.field.empty()) body["field"] = what.field;
    Response response;
    response.status = what.status;
    response.content_type = "application/problem+json";
    response.body = boost::json::serialize(body) + "\n";
    return response;
}

Response bad_request(std::string detail, std::string field) {
    return problem({400, "bad-request", std::move(detail), std::move(field)});
}

Response invalid_value(std::string detail, std::string field) {
    return problem({422, "invalid-value", std::move(detail), std::move(field)});
}

Response not_found(std::string detail) {
    return problem({404, "not-found", std::move(detail)});
}

Response conflict(std::string detail) {
    return problem({409, "conflict", std::move(detail)});
}

Response unavailable(std::string detail) {
    return problem({503, "unavailable", std::move(detail)});
}

}  // namespace holdfast::admin
