#include "directory/fleet_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <utility>

namespace holdfast::directory {

namespace json = boost::json;

namespace {

std::string_view code_name(std::uint16_t code) {
    constexpr std::array<std::string_view, 2> names = {"malformed", "too_many"};
    return code < names.size() ? names[code] : "unknown";
}

std::unexpected<Error> malformed(std::string_view what) {
    return fail(PictureErrc::malformed, fmt::format("what the fleet's API tells of places cannot be read: {}", what));
}

std::string_view text_at(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return {value->get_string().data(), value->get_string().size()};
}

bool flag_at(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

std::uint64_t number_at(const json::object& object, std::string_view name, std::uint64_t most) {
    const json::value* const value = object.if_contains(name);
    if (value == nullptr || !value->is_int64() || value->get_int64() < 0) return 0;
    return std::min(static_cast<std::uint64_t>(value->get_int64()), most);
}

/// Nothing when it is missing or no list.
const json::array* list_at(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    return value != nullptr && value->is_array() ? &value->get_array() : nullptr;
}

/// A session's text as the number that it is known by: FNV-1a, the same in every process, and never 0.
std::uint64_t session_number(std::string_view text) noexcept {
    if (text.empty()) return 0;
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const char byte : text) {
        hash ^= static_cast<unsigned char>(byte);
        hash *= 0x100000001B3ULL;
    }
    return hash == 0 ? 1 : hash;
}

Result<json::object> parse_object(std::string_view data) {
    boost::system::error_code error;
    json::value value = json::parse({data.data(), data.size()}, error);
    if (error || !value.is_object()) return malformed("it is no JSON object");
    return std::move(value.get_object());
}

}  // namespace

const ErrorCategory& error_category(PictureErrc) noexcept {
    static const ErrorCategory category("fleet_picture", code_name);
    return category;
}

void FleetPicture::begin() {
    coming_ = {};
    coming_begun_ = true;
}

Result<FleetPicture::Changes> FleetPicture::take(std::string_view event, std::string_view data) {
    Changes changes;
    Result<> taken;
    if (event == "nodes") {
        taken = take_nodes(data, changes);
    } else if (event == "devices") {
        taken = take_devices(data, changes);
    } else if (event == "complete") {
        show_coming(changes);
    }
    // Other events are a later release's.
    if (!taken) return std::unexpected(std::move(taken).error());
    return changes;
}

Result<> FleetPicture::take_nodes(std::string_view data, Changes& changes) {
    auto object = parse_object(data);
    if (!object) return std::unexpected(std::move(object).error());
    const json::array* const clusters = list_at(*object, "clusters");
    if (clusters == nullptr) return malformed("it has no clusters");
    Clusters all;
    for (const json::value& entry : *clusters) {
        if (!entry.is_object()) return malformed("a cluster is no object");
        auto& nodes = all[std::string(text_at(entry.get_object(), "name"))];
        const json::array* const list = list_at(entry.get_object(), "nodes");
        if (list == nullptr) return malformed("a cluster has no nodes");
        for (const json::value& node : *list) {
            if (!node.is_object()) return malformed("a node is no object");
            const json::object& fields = node.get_object();
            nodes.push_back({.name = std::string(text_at(fields, "name")),
                             .address = std::string(text_at(fields, "address")),
                             .port = static_cast<std::uint16_t>(number_at(fields, "port", 65'535)),
                             .answers = flag_at(fields, "answers")});
        }
    }
    present().clusters = std::move(all);
    changes.nodes = !coming_begun_;
    return {};
}

Result<> FleetPicture::take_devices(std::string_view data, Changes& changes) {
    auto object = parse_object(data);
    if (!object) return std::unexpected(std::move(object).error());
    const json::array* const items = list_at(*object, "items");
    if (items == nullptr) return malformed("it has no items");
    auto& devices = present().devices;
    for (const json::value& entry : *items) {
        if (!entry.is_object()) return malformed("a device is no object");
        const json::object& fields = entry.get_object();
        std::string id(text_at(fields, "id"));
        if (id.empty()) return malformed("a device has no id");
        if (!coming_begun_) changes.devices.push_back(id);
        if (flag_at(fields, "gone")) {
            devices.erase(id);
            continue;
        }
        Device device;
        device.place.known = true;
        device.place.disabled = flag_at(fields, "disabled");
        device.place.cluster = text_at(fields, "cluster");
        device.place.node = text_at(fields, "node");
        device.place.session = session_number(text_at(fields, "session"));
        device.place.mqtt_version = static_cast<std::uint8_t>(number_at(fields, "mqtt_version", 255));
        if (const json::array* const tags = list_at(fields, "tags")) {
            for (const json::value& tag : *tags) {
                if (tag.is_string()) device.tags.emplace_back(tag.get_string().data(), tag.get_string().size());
            }
        }
        devices.insert_or_assign(std::move(id), std::move(device));
        if (devices.size() > max_devices_)
            return fail(PictureErrc::too_many, fmt::format("the fleet has more than {} devices", max_devices_));
    }
    return {};
}

void FleetPicture::show_coming(Changes& changes) {
    if (!coming_begun_) return;
    coming_begun_ = false;
    for (const auto& [id, device] : coming_.devices) {
        const auto before = shown_.devices.find(id);
        if (before == shown_.devices.end() || before->second != device) changes.devices.push_back(id);
    }
    for (const auto& [id, device] : shown_.devices) {
        if (!coming_.devices.contains(id)) changes.devices.push_back(id);
    }
    changes.nodes = shown_.clusters != coming_.clusters;
    changes.completed = true;
    shown_ = std::exchange(coming_, {});
    complete_ = true;
}

command::DevicePlace FleetPicture::find(std::string_view device) const {
    const auto found = shown_.devices.find(device);
    return found == shown_.devices.end() ? command::DevicePlace{} : found->second.place;
}

std::vector<std::string> FleetPicture::tagged(std::string_view tag, std::string_view after, std::size_t limit) const {
    std::vector<std::string> found;
    for (const auto& [id, device] : shown_.devices) {
        if (id > after && std::ranges::find(device.tags, tag) != device.tags.end()) found.push_back(id);
    }
    std::ranges::sort(found);
    if (found.size() > limit) found.resize(limit);
    return found;
}

std::vector<std::string> FleetPicture::clusters() const {
    std::vector<std::string> names;
    for (const auto& [name, nodes] : shown_.clusters)
        names.push_back(name);
    return names;
}

std::vector<control::NodePlace> FleetPicture::nodes(std::string_view cluster) const {
    const auto found = shown_.clusters.find(cluster);
    return found == shown_.clusters.end() ? std::vector<control::NodePlace>{} : found->second;
}

}  // namespace holdfast::directory
