#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>
#include <vector>

#include "admin/api_change.h"
#include "admin/handlers.h"
#include "admin/json_views.h"
#include "admin/page.h"

namespace holdfast::admin {
namespace {

/// Devices looked at before everything else on the control thread gets its turn.
constexpr std::size_t devices_at_once = 2'000;
/// Devices looked at for one page; a page that ends here has a `next`, so a rare tag costs more requests, not one endless one.
constexpr std::size_t max_looked_at = 200'000;

struct DeviceQuery {
    std::optional<std::string_view> cluster;
    std::optional<std::string_view> node;
    std::optional<std::string_view> tag;
    std::optional<std::string_view> prefix;
    std::optional<bool> connected;
};

/// The conditions that cost nothing, before the device's whole status is made.
bool may_match(const DeviceQuery& query, const fleet::DeviceView& device) {
    if (query.prefix && !device.id.starts_with(*query.prefix)) return false;
    return !query.tag || device.has_tag(*query.tag);
}

bool matches(const DeviceQuery& query, const fleet::DeviceStatus& status) {
    if (query.cluster && status.cluster != *query.cluster) return false;
    if (query.node && status.node != *query.node) return false;
    return !query.connected || status.connected == *query.connected;
}

}  // namespace

Answer list_devices(Api& api, const Request& request) {
    PageRequest page;
    DeviceQuery query;
    if (auto refusal =
            refuse_unknown_parameters(request, {"limit", "cursor", "cluster", "node", "tag", "connected", "prefix"})) {
        co_return std::move(*refusal);
    }
    if (auto refusal = read_page(api, request, page)) co_return std::move(*refusal);
    if (auto refusal = read_flag(request, "connected", query.connected)) co_return std::move(*refusal);
    query.cluster = request.query.get("cluster");
    query.node = request.query.get("node");
    query.tag = request.query.get("tag");
    query.prefix = request.query.get("prefix");
    api.control->collect_now();

    fleet::DeviceCursor cursor;
    if (page.cursor) cursor = {.after = *page.cursor, .started = true, .finished = false};
    boost::json::array items;
    std::size_t looked_at = 0;
    while (!cursor.finished && items.size() < page.limit && looked_at < max_looked_at) {
        if (looked_at > 0) co_await let_others_run(api);
        // A small step when few are missing, so that a page of ten does not look at thousands.
        const std::size_t step = std::min(devices_at_once, std::max<std::size_t>(page.limit - items.size(), looked_at / 2));
        const fleet::DeviceTableView table = api.control->snapshot()->devices;
        std::vector<fleet::DeviceView> devices;
        const fleet::DeviceCursor before = cursor;
        table.collect(cursor, step, devices);
        looked_at += step;
        std::size_t taken = 0;
        for (const fleet::DeviceView& device : devices) {
            ++taken;
            if (!may_match(query, device)) continue;
            const auto status = api.control->device(device.id);
            if (!status || !matches(query, *status)) continue;
            items.emplace_back(device_view(api, *status));
            if (items.size() == page.limit) break;
        }
        if (taken < devices.size()) {
            // The page is full in the middle of a step: go on behind the last one taken.
            cursor = before;
            std::vector<fleet::DeviceView> passed;
            table.collect(cursor, taken, passed);
        }
    }
    co_return page_response(std::move(items), cursor.finished ? std::nullopt : std::optional(cursor.after));
}

}  // namespace holdfast::admin
