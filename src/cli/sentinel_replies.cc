#include "cli/sentinel_replies.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "net/address.h"

namespace holdfast::cli {

namespace json = boost::json;

namespace {

const resp::Reply* field(const resp::Reply& fields, std::string_view name) {
    for (std::size_t i = 0; i + 1 < fields.items.size(); i += 2) {
        if (fields.items[i].is_text() && fields.items[i].text == name) return &fields.items[i + 1];
    }
    return nullptr;
}

std::optional<std::uint64_t> field_number(const resp::Reply& fields, std::string_view name) {
    const std::string text = field_text(fields, name);
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

json::value or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}
json::value or_null(std::optional<std::uint64_t> number) {
    return number ? json::value(*number) : json::value(nullptr);
}

json::object member_of(const resp::Reply& member, const std::string& active) {
    const std::string name = field_text(member, "name");
    json::object view;
    view["name"] = name;
    view["state"] = field_text(member, "state");
    view["active"] = !name.empty() && name == active;
    view["priority"] = or_null(field_number(member, "priority"));
    view["connections"] = nullptr;
    view["detail"] = or_null(field_text(member, "detail"));
    view["passed_over"] = field_number(member, "passed-over").value_or(0) != 0;
    return view;
}

/// What the field "flags" says.
class Flags {
public:
    explicit Flags(const resp::Reply& server) {
        const std::string text = field_text(server, "flags");
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find(',', begin), text.size());
            flags_.push_back(text.substr(begin, end - begin));
            begin = end + 1;
        }
    }

    [[nodiscard]] bool has(std::string_view flag) const { return std::ranges::find(flags_, flag) != flags_.end(); }

    [[nodiscard]] std::string_view state() const {
        if (has("s_down") || has("o_down")) return "down";
        return has("disconnected") ? "suspect" : "up";
    }

    /// All but the role.
    void add_to(std::string& detail) const {
        for (const std::string& flag : flags_) {
            if (flag != "master" && flag != "slave") detail += ", " + flag;
        }
    }

private:
    std::vector<std::string> flags_;
};

std::string address_of(const resp::Reply& server) {
    const std::uint64_t port = field_number(server, "port").value_or(0);
    constexpr std::uint64_t last_port = 65535;
    return net::to_text(
        net::HostPort{.host = field_text(server, "ip"), .port = static_cast<std::uint16_t>(port <= last_port ? port : 0)});
}

std::string detail_of(const resp::Reply& server, const Flags& flags, bool is_master) {
    std::string detail = is_master ? "master" : "replica";
    const std::string says = field_text(server, "role-reported");
    if (is_master && says == "slave") detail += ", says that it is a replica";
    if (!is_master && says == "master") detail += ", says that it is a master";
    const std::string link = field_text(server, "master-link-status");
    if (!link.empty()) detail += ", link " + link;
    flags.add_to(detail);
    return detail;
}

json::object member_of_master(const resp::Reply& server, bool is_master) {
    const Flags flags(server);
    json::object view;
    view["name"] = address_of(server);
    view["state"] = flags.state();
    view["active"] = is_master;
    view["priority"] = or_null(field_number(server, "slave-priority"));
    view["connections"] = nullptr;
    view["detail"] = detail_of(server, flags, is_master);
    return view;
}

}  // namespace

std::string field_text(const resp::Reply& fields, std::string_view name) {
    const resp::Reply* const value = field(fields, name);
    if (value == nullptr) return {};
    if (value->kind == resp::Reply::Kind::integer) return std::to_string(value->integer);
    return value->is_text() ? value->text : std::string();
}

json::array groups_of_reply(const resp::Reply& groups) {
    json::array all;
    for (const resp::Reply& group : groups.items) {
        const std::string active = field_text(group, "active");
        json::array members;
        if (const resp::Reply* const list = field(group, "members")) {
            for (const resp::Reply& member : list->items)
                members.emplace_back(member_of(member, active));
        }
        json::object view;
        view["name"] = field_text(group, "name");
        view["policy"] = "active-standby";
        view["active"] = or_null(active);
        view["epoch"] = field_number(group, "epoch").value_or(0);
        view["doing"] = or_null(field_text(group, "doing"));
        view["members"] = std::move(members);
        all.emplace_back(std::move(view));
    }
    return all;
}

json::object group_of_master(const resp::Reply& master, const resp::Reply& replicas) {
    json::array members;
    members.emplace_back(member_of_master(master, true));
    for (const resp::Reply& replica : replicas.items)
        members.emplace_back(member_of_master(replica, false));
    const std::string step = field_text(master, "failover-state");
    json::object view;
    view["name"] = field_text(master, "name");
    view["policy"] = "redis";
    view["active"] = address_of(master);
    view["epoch"] = field_number(master, "config-epoch").value_or(0);
    view["doing"] = step.empty() ? json::value(nullptr) : json::value("failover: " + step);
    view["members"] = std::move(members);
    return view;
}

}  // namespace holdfast::cli
