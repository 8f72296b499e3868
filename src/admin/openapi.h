#pragma once
// docs/openapi.json, inside the program.

#include <string_view>

namespace holdfast::admin {

/// The OpenAPI 3.1 document of this API, byte for byte as in docs/openapi.json. Lives as long as the program.
[[nodiscard]] std::string_view openapi_document() noexcept;

}  // namespace holdfast::admin
