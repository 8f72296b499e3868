#include "cli/sentinel_groups.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "cli/api_client.h"
#include "cli/sentinel_replies.h"

namespace holdfast::cli {

namespace json = boost::json;

namespace {

Result<json::array> ask_groups(SentinelClient& sentinel) {
    const auto groups = sentinel.ask({"HOLDFAST", "GROUPS"});
    if (!groups) return std::unexpected(groups.error());
    // To a sentinel without groups, Holdfast's or not, the command is unknown.
    return groups->is_error() ? json::array() : groups_of_reply(*groups);
}

Result<resp::Reply> ask_masters(SentinelClient& sentinel) {
    auto masters = sentinel.ask({"SENTINEL", "MASTERS"});
    if (!masters) return masters;
    if (masters->is_error()) {
        return fail(ClientErrc::broken, fmt::format("what answers at {} is no sentinel: {}", sentinel.where(), masters->text));
    }
    return masters;
}

Result<json::value> with_replicas(SentinelClient& sentinel, const resp::Reply& master) {
    const auto replicas = sentinel.ask({"SENTINEL", "REPLICAS", field_text(master, "name")});
    if (!replicas) return std::unexpected(replicas.error());
    if (replicas->is_error()) return std::unexpected(sentinel.refusal(*replicas));
    return json::value(group_of_master(master, *replicas));
}

bool is_named(const json::value& group, const std::string& name) {
    return group.as_object().at("name").as_string() == name;
}

/// One of the two.
struct Found {
    json::value group = nullptr;
    std::optional<resp::Reply> master = std::nullopt;
};

Result<Found> find_group(SentinelClient& sentinel, const std::string& name) {
    auto groups = ask_groups(sentinel);
    if (!groups) return std::unexpected(groups.error());
    for (json::value& group : *groups) {
        if (is_named(group, name)) return Found{.group = std::move(group)};
    }
    auto masters = ask_masters(sentinel);
    if (!masters) return std::unexpected(masters.error());
    for (resp::Reply& master : masters->items) {
        if (field_text(master, "name") == name) return Found{.master = std::move(master)};
    }
    return fail(ClientErrc::not_found, fmt::format("the sentinel at {} has no group '{}'", sentinel.where(), name));
}

}  // namespace

Result<json::value> list_groups(SentinelClient& sentinel) {
    auto items = ask_groups(sentinel);
    if (!items) return std::unexpected(items.error());
    const auto masters = ask_masters(sentinel);
    if (!masters) return std::unexpected(masters.error());
    for (const resp::Reply& master : masters->items) {
        auto group = with_replicas(sentinel, master);
        if (!group) return group;
        items->push_back(std::move(*group));
    }
    json::object all;
    all["items"] = std::move(*items);
    all["next"] = nullptr;
    return json::value(std::move(all));
}

Result<json::value> show_group(SentinelClient& sentinel, const std::string& name) {
    auto found = find_group(sentinel, name);
    if (!found) return std::unexpected(found.error());
    return found->master ? with_replicas(sentinel, *found->master) : Result<json::value>(std::move(found->group));
}

Result<json::value> fail_over(SentinelClient& sentinel, const std::string& name, const std::string& to) {
    const auto found = find_group(sentinel, name);
    if (!found) return std::unexpected(found.error());
    if (found->master && !to.empty()) {
        return fail(ClientErrc::refused,
                    fmt::format("{} is a Redis master: its sentinels choose the replica that takes over, by replica-priority; "
                                "leave --to away",
                                name));
    }
    std::vector<std::string> words{found->master ? "SENTINEL" : "HOLDFAST", "FAILOVER", name};
    if (!to.empty()) words.push_back(to);
    const auto done = sentinel.ask(words);
    if (!done) return std::unexpected(done.error());
    if (done->is_error()) return std::unexpected(sentinel.refusal(*done));
    return show_group(sentinel, name);
}

}  // namespace holdfast::cli
