#include "admin/openapi.h"

#include "admin/handlers.h"
#include "admin/page.h"

namespace holdfast::admin {

Answer show_openapi(Api&, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    Response response;
    response.body = openapi_document();
    co_return response;
}

}  // namespace holdfast::admin
