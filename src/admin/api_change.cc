#include "admin/api_change.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <utility>

#include "admin/problem.h"
#include "fleet/errors.h"

namespace holdfast::admin {

namespace asio = boost::asio;

namespace {

/// Where a durability arrives, and who waits for it; either may come first.
struct Pending {
    std::optional<control::Durability> outcome;
    std::function<void()> resume;
};

asio::awaitable<void> wait_for(Api& api, std::shared_ptr<Pending> pending) {
    if (pending->outcome) co_return;
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(
        [&api, &pending](auto handler) {
            const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            pending->resume = [&io = api.io, shared] { asio::post(io, std::move(*shared)); };
        },
        asio::use_awaitable);
}

}  // namespace

asio::awaitable<Result<control::Durability>> change_fleet(Api& api, ChangeFn change) {
    const auto pending = std::make_shared<Pending>();
    const Result<void> done = api.control->change(change, [pending](const control::Durability& durability) {
        pending->outcome = durability;
        if (pending->resume) pending->resume();
    });
    if (!done) co_return std::unexpected(done.error());
    co_await wait_for(api, pending);
    co_return *pending->outcome;
}

asio::awaitable<void> let_others_run(Api& api) {
    co_await asio::post(api.io, asio::use_awaitable);
}

Response json_response(boost::json::object body, unsigned status) {
    Response response;
    response.status = status;
    response.body = boost::json::serialize(body) + "\n";
    return response;
}

Response changed(unsigned status, boost::json::object body, const control::Durability& durability) {
    body["durable"] = durability.durable;
    if (!durability.durable) body["durable_detail"] = durability.sentence;
    return json_response(std::move(body), status);
}

Response refuse(const Error& error) {
    using fleet::FleetErrc;
    if (error.is(FleetErrc::unknown_cluster) || error.is(FleetErrc::unknown_node) || error.is(FleetErrc::unknown_device) ||
        error.is(FleetErrc::unknown_job)) {
        return not_found(error.message());
    }
    if (error.is(FleetErrc::already_exists)) return problem({409, "already-exists", error.message()});
    if (error.is(FleetErrc::conflict)) return conflict(error.message());
    if (error.is(FleetErrc::full)) return problem({409, "full", error.message()});
    return invalid_value(error.message(), {});
}

}  // namespace holdfast::admin
