#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <utility>

#include "admin/api_change.h"
#include "admin/device_fields.h"
#include "admin/handlers.h"
#include "admin/json_fields.h"
#include "admin/json_views.h"
#include "admin/page.h"
#include "admin/problem.h"

namespace holdfast::admin {
namespace {

/// The device as it is after a change, with the change's durability.
Response device_response(Api& api, const std::string& id, unsigned status, const control::Durability& durability) {
    const auto device = api.control->device(id);
    if (!device) return refuse(device.error());
    return changed(status, device_view(api, *device), durability);
}

Answer apply_to_device(Api& api, std::string id, ChangeFn change) {
    const auto done = co_await change_fleet(api, std::move(change));
    if (!done) co_return refuse(done.error());
    co_return device_response(api, id, 200, *done);
}

}  // namespace

Answer show_device(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    api.control->collect_now();
    const auto device = api.control->device(request.path_values[0]);
    if (!device) co_return refuse(device.error());
    co_return json_response(device_view(api, *device));
}

Answer create_device(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    JsonFields fields(request);
    const fleet::DeviceSpec spec = read_device_spec(fields);
    if (auto refusal = fields.refusal()) co_return std::move(*refusal);
    if (const auto fault = fault_of(spec, api.control->fleet().topology())) co_return invalid_value(*fault, {});
    const ChangeFn change = [&spec](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        return fleet.create_device(spec, moment);
    };
    const auto done = co_await change_fleet(api, change);
    if (!done) co_return refuse(done.error());
    co_return device_response(api, spec.id, 201, *done);
}

Answer change_device(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    JsonFields fields(request);
    fleet::DevicePatch patch = read_device_patch(fields);
    if (auto refusal = fields.refusal()) co_return std::move(*refusal);
    const std::string id = request.path_values[0];
    const ChangeFn change = [id, patch](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        return fleet.patch_device(id, patch, moment);
    };
    co_return co_await apply_to_device(api, id, change);
}

Answer remove_device(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const std::string id = request.path_values[0];
    const ChangeFn change = [id](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        return fleet.remove_device(id, moment);
    };
    const auto done = co_await change_fleet(api, change);
    if (!done) co_return refuse(done.error());
    co_return changed(200, {{"id", id}, {"removed", true}}, *done);
}

Answer move_device(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    JsonFields fields(request);
    fields.require("to");
    const std::string to = fields.text("to", fleet::max_name_length).value_or("");
    if (auto refusal = fields.refusal()) co_return std::move(*refusal);
    const fleet::Topology& topology = api.control->fleet().topology();
    if (!topology.find_cluster(to).valid() && !topology.find_node(to).valid()) {
        co_return invalid_value(fmt::format("there is no cluster or node '{}'", to), "/to");
    }
    // What a device did in the last milliseconds must not be overlooked, or it would stay where it is.
    api.control->collect_now();
    const std::string id = request.path_values[0];
    const ChangeFn change = [id, to](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        return fleet.move_device(id, to, moment);
    };
    co_return co_await apply_to_device(api, id, change);
}

Answer release_device(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    JsonFields fields(request);
    if (auto refusal = fields.refusal()) co_return std::move(*refusal);
    api.control->collect_now();
    const std::string id = request.path_values[0];
    const ChangeFn change = [id](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        return fleet.release_device(id, moment);
    };
    co_return co_await apply_to_device(api, id, change);
}

Answer explain_device(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    api.control->collect_now();
    const std::string& id = request.path_values[0];
    const fleet::SnapshotPtr snapshot = api.control->snapshot();
    boost::json::object body;
    body["id"] = id;
    const auto device = api.control->device(id);
    body["known"] = device.has_value();
    body["device"] = device ? boost::json::value(device_view(api, *device)) : boost::json::value(nullptr);
    body["now"] = plan_view(*snapshot->topology, fleet::plan_device(*snapshot, id));
    boost::json::array connects;
    for (const fleet::PastConnect& connect : api.control->fleet().history().of_device(id)) {
        connects.emplace_back(past_connect_view(*snapshot->topology, connect));
    }
    body["connects"] = std::move(connects);
    co_return json_response(std::move(body));
}

}  // namespace holdfast::admin
