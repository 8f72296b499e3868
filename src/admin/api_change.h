#pragma once
// Changing the fleet from a handler: apply, wait until it is durable or told that it is not, answer.

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <concepts>
#include <type_traits>

#include "admin/api.h"
#include "admin/http_message.h"
#include "base/result.h"

namespace holdfast::admin {

using ChangeFn = control::FleetControl::ChangeFn;

/// Applies `change` at once and waits for the store, at most `ControlOptions::durable_wait`.
[[nodiscard]] boost::asio::awaitable<Result<control::Durability>> change_fleet(Api& api, ChangeFn change);

/// Give the change a name first: GCC 12 moves a lambda that is written within a co_await expression by its bytes, which breaks
/// whatever it captured by value.
template <class Lambda>
    requires(!std::same_as<std::remove_cvref_t<Lambda>, ChangeFn>)
boost::asio::awaitable<Result<control::Durability>> change_fleet(Api& api, Lambda&& change) = delete;

/// Lets everything else on the control thread have its turn; for handlers with much to do.
[[nodiscard]] boost::asio::awaitable<void> let_others_run(Api& api);

/// `body` with `durable` (and `durable_detail` when it is not) added.
[[nodiscard]] Response changed(unsigned status, boost::json::object body, const control::Durability& durability);

/// A fleet error as a problem: unknown things are 404, taken names and wrong states 409, bad values 422.
[[nodiscard]] Response refuse(const Error& error);

[[nodiscard]] Response json_response(boost::json::object body, unsigned status = 200);

}  // namespace holdfast::admin
