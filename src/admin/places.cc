#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>

#include "admin/handlers.h"
#include "admin/page.h"
#include "admin/problem.h"

namespace holdfast::admin {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

/// Devices of one event, which is one step of the control thread: well below a millisecond.
constexpr std::size_t devices_at_a_time = 250;

std::string event_text(std::string_view name, const json::object& data) {
    return fmt::format("event: {}\ndata: {}\n\n", name, json::serialize(data));
}

json::object nodes_view(control::DeviceDirectory& directory) {
    json::array clusters;
    for (const std::string& name : directory.clusters()) {
        json::array nodes;
        for (const control::NodePlace& node : directory.nodes(name))
            nodes.emplace_back(
                json::object{{"name", node.name}, {"address", node.address}, {"port", node.port}, {"answers", node.answers}});
        clusters.emplace_back(json::object{{"name", name}, {"nodes", std::move(nodes)}});
    }
    json::object view;
    view["clusters"] = std::move(clusters);
    return view;
}

/// Tells one client where every device is, and then each change. What has changed and was not told yet is kept as ids only, so
/// that a device that changes often waits once; a client that lets too many of them wait is told to come again, and begins
/// anew. One that takes nothing at all is ended by the session's time-out.
class PlacesFollower final : public ResponseSource {
public:
    explicit PlacesFollower(Api& api)
        : api_(api),
          timer_(api.io),
          streams_(api.event_streams),
          devices_(api.directory->watch_devices([this](std::string_view device) { changed(device); })),
          nodes_(api.directory->watch_nodes([this] {
              nodes_changed_ = true;
              timer_.cancel();
          })) {
        ++*streams_;
    }
    ~PlacesFollower() override { --*streams_; }
    PlacesFollower(const PlacesFollower&) = delete;
    PlacesFollower& operator=(const PlacesFollower&) = delete;

    asio::awaitable<std::optional<std::string>> next() override {
        if (!greeted_) {
            greeted_ = true;
            co_return std::string("retry: 1000\n: holdfast places\n\n");
        }
        if (!cancelled_ && !too_slow_ && everything_.finished && changed_.empty() && !nodes_changed_) {
            timer_.expires_after(api_.options.event_heartbeat);
            co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
        }
        if (cancelled_ || too_slow_) co_return std::nullopt;
        std::string text;
        if (std::exchange(nodes_changed_, false)) text += event_text("nodes", nodes_view(*api_.directory));
        if (!changed_.empty()) text += changes();
        if (!everything_.finished) text += more();
        if (text.empty()) text = ": still here\n\n";
        co_return text;
    }

    void cancel() override {
        cancelled_ = true;
        timer_.cancel();
    }

private:
    void changed(std::string_view device) {
        if (too_slow_ || cancelled_) return;
        changed_.emplace(device);
        if (changed_.size() > api_.options.max_waiting_places) {
            too_slow_ = true;
            changed_.clear();
        }
        timer_.cancel();
    }

    std::string changes() {
        json::array items;
        while (!changed_.empty() && items.size() < devices_at_a_time) {
            const auto first = changed_.begin();
            items.emplace_back(view(*first));
            changed_.erase(first);
        }
        return event_text("devices", {{"items", std::move(items)}});
    }

    /// The next step of everything there is.
    std::string more() {
        json::array items;
        const fleet::SnapshotPtr snapshot = api_.control->snapshot();
        snapshot->devices.walk(everything_, devices_at_a_time,
                               [&](const fleet::DeviceView& device) { items.emplace_back(view(device.id)); });
        std::string text;
        if (!items.empty()) text = event_text("devices", {{"items", std::move(items)}});
        if (everything_.finished) text += event_text("complete", {});
        return text;
    }

    [[nodiscard]] json::object view(std::string_view id) const {
        json::object out;
        out["id"] = id;
        const auto status = api_.control->device(id);
        if (!status) {
            out["gone"] = true;
            return out;
        }
        out["cluster"] = status->cluster;
        out["disabled"] = status->record.disabled;
        json::array tags;
        for (const std::string& tag : status->record.tags)
            tags.emplace_back(tag);
        out["tags"] = std::move(tags);
        if (status->connection) {
            out["node"] = status->node;
            // Connections are numbered by the process; its beginning makes the text another one in the next process.
            out["session"] = fmt::format("{:x}-{:x}", api_.control->started_at().time_since_epoch().count(),
                                         status->connection->connection.value());
            out["mqtt_version"] = status->connection->mqtt_version;
        }
        return out;
    }

    Api& api_;
    asio::steady_timer timer_;
    std::shared_ptr<std::size_t> streams_;
    fleet::DeviceCursor everything_;
    std::unordered_set<std::string> changed_;
    bool nodes_changed_ = true;
    bool too_slow_ = false;
    bool greeted_ = false;
    bool cancelled_ = false;
    std::unique_ptr<control::Watching> devices_;
    std::unique_ptr<control::Watching> nodes_;
};

}  // namespace

Answer follow_places(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    if (*api.event_streams >= api.options.max_event_streams)
        co_return unavailable(fmt::format("{} clients follow events already, which is as many as may", *api.event_streams));
    Response response;
    response.content_type = "text/event-stream";
    response.source = std::make_unique<PlacesFollower>(api);
    co_return response;
}

}  // namespace holdfast::admin
