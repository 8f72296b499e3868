#include "sentinel/info_text.h"

#include <algorithm>
#include <charconv>

namespace holdfast::sentinel {

namespace {

template <class Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_plain(std::string_view text) {
    return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char letter) {
        return letter > ' ' && letter != '\x7f' && letter != '"' && letter != ',';
    });
}

/// The value of `name` in "name=value,name=value".
std::string_view part(std::string_view text, std::string_view name) {
    while (!text.empty()) {
        const std::string_view item = text.substr(0, text.find(','));
        if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=')
            return item.substr(name.size() + 1);
        text.remove_prefix(std::min(text.size(), item.size() + 1));
    }
    return {};
}

/// "ip=127.0.0.1,port=6380,state=online,..." or, before 2.8, "127.0.0.1,6380,online".
std::optional<Address> replica_line(std::string_view text) {
    std::string_view host = part(text, "ip");
    std::string_view port = part(text, "port");
    if (host.empty()) {
        const std::size_t first = text.find(',');
        if (first == std::string_view::npos) return std::nullopt;
        host = text.substr(0, first);
        port = text.substr(first + 1);
        port = port.substr(0, port.find(','));
    }
    const auto value = number<std::uint16_t>(port);
    if (!is_plain(host) || !value || *value == 0) return std::nullopt;
    return Address{.host = std::string(host), .port = *value};
}

bool is_replica_name(std::string_view name) {
    return name.size() > 5 && name.starts_with("slave") && name[5] >= '0' && name[5] <= '9';
}

bool is_database_name(std::string_view name) {
    return name.size() > 2 && name.starts_with("db") && name[2] >= '0' && name[2] <= '9';
}

void take_text(std::string& into, std::string_view value) {
    if (is_plain(value)) into = value;
}

void take_replication(InfoText& info, std::string_view name, std::string_view value) {
    if (name == "role") {
        if (value == "master") info.role = Role::master;
        if (value == "slave") info.role = Role::replica;
    } else if (name == "master_host") {
        take_text(info.follows.host, value);
    } else if (name == "master_port") {
        info.follows.port = number<std::uint16_t>(value).value_or(0);
    } else if (name == "master_link_status") {
        info.follows_link_up = value == "up";
    } else if (name == "master_link_down_since_seconds") {
        const auto seconds = std::clamp<std::int64_t>(number<std::int64_t>(value).value_or(0), 0, 1'000'000'000);
        info.follows_link_down_for = std::chrono::seconds(seconds);
    } else if (name == "master_sync_in_progress") {
        info.sync_in_progress = value == "1";
    } else if (name == "slave_priority") {
        info.priority = number<int>(value).value_or(info.priority);
    } else if (name == "slave_repl_offset") {
        info.replica_offset = number<std::uint64_t>(value);
    } else if (name == "replica_announced") {
        info.announced = value != "0";
    } else if (name == "master_replid") {
        take_text(info.replication_id, value);
    } else if (name == "master_replid2") {
        if (value.find_first_not_of('0') != std::string_view::npos) take_text(info.replication_id2, value);
    } else if (name == "master_repl_offset") {
        info.master_offset = number<std::uint64_t>(value).value_or(0);
    }
}

void take_line(InfoText& info, std::string_view line) {
    if (line == "# Keyspace") info.shows_keys = true;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 1);
    if (name == "run_id") {
        take_text(info.run_id, value);
    } else if (name == "loading") {
        info.loading = value == "1";
    } else if (name == "holdfast_version") {
        info.is_holdfast = true;
    } else if (is_replica_name(name)) {
        const auto replica = replica_line(value);
        if (replica && info.replicas.size() < replicas_limit) info.replicas.push_back(*replica);
    } else if (is_database_name(name)) {
        info.keys += number<std::uint64_t>(part(value, "keys")).value_or(0);
    } else {
        take_replication(info, name, value);
    }
}

}  // namespace

InfoText read_info(std::string_view text) {
    InfoText info;
    text = text.substr(0, info_text_limit);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        take_line(info, line);
        text.remove_prefix(std::min(text.size(), end + 1));
    }
    return info;
}

}  // namespace holdfast::sentinel
