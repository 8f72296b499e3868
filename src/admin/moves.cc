#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <charconv>
#include <utility>

#include "admin/api_change.h"
#include "admin/handlers.h"
#include "admin/json_fields.h"
#include "admin/json_views.h"
#include "admin/page.h"
#include "admin/problem.h"

namespace holdfast::admin {
namespace {

constexpr double max_pace = 1'000'000;

std::optional<fleet::JobStatus> find_job(const Api& api, std::string_view text) {
    fleet::JobId::Value id = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, id);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    for (const fleet::JobStatus& job : api.control->fleet().jobs()) {
        if (job.id.value() == id) return job;
    }
    return std::nullopt;
}

Response no_such_move(std::string_view id) {
    return not_found(fmt::format("there is no move '{}', or it ended long ago", id));
}

Response job_response(const Api& api, fleet::JobId id, unsigned status, const control::Durability& durability) {
    for (const fleet::JobStatus& job : api.control->fleet().jobs()) {
        if (job.id == id) return changed(status, job_view(job), durability);
    }
    return no_such_move(fmt::format("{}", id.value()));
}

}  // namespace

Answer list_moves(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    boost::json::array items;
    // Bounded by the fleet: so many run, so many finished ones are kept.
    for (const fleet::JobStatus& job : api.control->fleet().jobs())
        items.emplace_back(job_view(job));
    co_return page_response(std::move(items), std::nullopt);
}

Answer show_move(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const auto job = find_job(api, request.path_values[0]);
    if (!job) co_return no_such_move(request.path_values[0]);
    co_return json_response(job_view(*job));
}

Answer start_move(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    JsonFields fields(request);
    fleet::DeviceFilter filter;
    filter.tag = fields.text("tag", fleet::max_tag_length);
    filter.cluster = fields.text("cluster", fleet::max_name_length);
    filter.percent = fields.number("percent", 0, 100).value_or(100);
    const double pace = fields.number("pace", 0, max_pace).value_or(api.move_pace);
    const bool release = fields.is_null("to");
    fields.require("to");
    const std::string to = fields.text("to", fleet::max_name_length).value_or("");
    if (!release && fields.has("to") && to.empty())
        fields.complain("to", "'to' names a cluster or node, or is null to take explicit routes back");
    if (!filter.tag && !filter.cluster)
        fields.complain("cluster", "say which devices: 'tag', 'cluster', or both, and 'percent' of them");
    if (auto refusal = fields.refusal()) co_return std::move(*refusal);
    const fleet::Topology& topology = api.control->fleet().topology();
    if (filter.cluster && !topology.find_cluster(*filter.cluster).valid()) {
        co_return invalid_value(fmt::format("there is no cluster '{}'", *filter.cluster), "/cluster");
    }
    if (!release && !topology.find_cluster(to).valid() && !topology.find_node(to).valid()) {
        co_return invalid_value(fmt::format("there is no cluster or node '{}'", to), "/to");
    }
    api.control->collect_now();
    fleet::JobId job;
    const ChangeFn change = [&](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        const auto started = fleet.move_devices(filter, to, pace, moment);
        if (!started) return std::unexpected(started.error());
        job = *started;
        return {};
    };
    const auto done = co_await change_fleet(api, change);
    if (!done) co_return refuse(done.error());
    Response response = job_response(api, job, 201, *done);
    response.headers.emplace_back("Location", fmt::format("/api/v1/moves/{}", job.value()));
    co_return response;
}

Answer change_move(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const auto job = find_job(api, request.path_values[0]);
    if (!job) co_return no_such_move(request.path_values[0]);
    JsonFields fields(request);
    fields.require("pace");
    const double pace = fields.number("pace", 0, max_pace).value_or(0);
    if (auto refusal = fields.refusal()) co_return std::move(*refusal);
    const fleet::JobId id = job->id;
    const ChangeFn change = [id, pace](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        return fleet.set_job_pace(id, pace, moment);
    };
    const auto done = co_await change_fleet(api, change);
    if (!done) co_return refuse(done.error());
    co_return job_response(api, id, 200, *done);
}

Answer cancel_move(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const auto job = find_job(api, request.path_values[0]);
    if (!job) co_return no_such_move(request.path_values[0]);
    const fleet::JobId id = job->id;
    const ChangeFn change = [id](fleet::Fleet& fleet, Moment moment) -> Result<void> { return fleet.cancel_job(id, moment); };
    const auto done = co_await change_fleet(api, change);
    if (!done) co_return refuse(done.error());
    co_return job_response(api, id, 200, *done);
}

}  // namespace holdfast::admin
