#include "settings/sentinel_consistency.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "settings/name_rule.h"
#include "settings/quoted.h"

namespace holdfast::settings {
namespace {

/// An address as a connection tells it from others.
std::string key_of(Address address) {
    std::ranges::transform(address.host, address.host.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return format_address(address);
}

std::string_view plural(std::size_t count) {
    return count == 1 ? "" : "s";
}

void check_port(Findings& findings, const std::string& place, std::string_view what, const Address& address) {
    if (address.port == 0) findings.add(place, fmt::format("{} is \"{}\", but it needs a port", what, format_address(address)));
}

/// All of the files or none.
void check_tls(const SentinelSettings& sentinel, Findings& findings) {
    const std::pair<std::string_view, const std::string&> files[] = {{"sentinel.tls_cert_file", sentinel.tls_cert_file},
                                                                     {"sentinel.tls_key_file", sentinel.tls_key_file},
                                                                     {"sentinel.tls_ca_file", sentinel.tls_ca_file}};
    const auto given = std::ranges::find_if(files, [](const auto& file) { return !file.second.empty(); });
    for (const auto& [name, file] : files) {
        if (given != std::end(files) && file.empty())
            findings.add(findings.place_of({given->first}),
                         fmt::format("{} is set, but {} is not; TLS needs both", given->first, name));
    }
    if (given == std::end(files) && sentinel.tls_redis)
        findings.add(findings.place_of({"sentinel.tls_redis"}),
                     "sentinel.tls_redis is true, but sentinel.tls_cert_file is not set; TLS needs both");
}

void check_itself(const SentinelSettings& sentinel, Findings& findings) {
    check_port(findings, findings.place_of({"sentinel.listen"}), "sentinel.listen", sentinel.listen);
    if (!sentinel.announce.empty()) {
        const std::string place = findings.place_of({"sentinel.announce"});
        if (const auto announce = parse_address(sentinel.announce)) {
            check_port(findings, place, "sentinel.announce", *announce);
        } else {
            findings.add(place, "sentinel.announce: " + announce.error().message());
        }
    }
    check_tls(sentinel, findings);
    const std::string place = findings.place_of({"sentinel.peers"});
    std::set<std::string> seen;
    for (const Address& peer : sentinel.peers) {
        check_port(findings, place, "one of sentinel.peers", peer);
        if (!seen.insert(key_of(peer)).second)
            findings.add(place, fmt::format("sentinel.peers names {} twice", format_address(peer)));
        if (key_of(peer) == key_of(sentinel.listen))
            findings.add(place, fmt::format("sentinel.peers names {}, which is this sentinel's own address; name the others",
                                            format_address(peer)));
    }
}

void check_masters(const Settings& settings, Findings& findings) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < settings.redis_masters.size(); ++i) {
        const RedisMasterSettings& master = settings.redis_masters[i];
        const std::string path = fmt::format("sentinel.redis[{}]", i);
        const std::string place = findings.place_of({path + ".name", path});
        check_name(findings, place, "sentinel.redis.name", master.name);
        check_port(findings, findings.place_of({path + ".address", path}), "sentinel.redis.address", master.address);
        if (!names.insert(master.name).second)
            findings.add(place, fmt::format("there are two Redis masters of the name {}", quoted(master.name)));
    }
}

void check_members(const GroupSettings& group, const std::string& path, Findings& findings) {
    std::set<std::string> names;
    std::map<std::string, std::string> addresses;  ///< address -> member
    for (std::size_t i = 0; i < group.member.size(); ++i) {
        const GroupMemberSettings& member = group.member[i];
        const std::string member_path = fmt::format("{}.member[{}]", path, i);
        const std::string place = findings.place_of({member_path + ".name", member_path, path});
        const std::string address_place = findings.place_of({member_path + ".address", member_path, path});
        check_name(findings, place, "group.member.name", member.name);
        if (member.name == "-") findings.add(place, "group.member.name is \"-\", which stands for no member at all");
        if (!names.insert(member.name).second)
            findings.add(place,
                         fmt::format("group {} has two members of the name {}", quoted(group.name), quoted(member.name)));
        check_port(findings, address_place, "group.member.address", member.address);
        const auto [at, fresh] = addresses.try_emplace(key_of(member.address), member.name);
        if (!fresh)
            findings.add(address_place, fmt::format("group {} has two members at {}: {} and {}", quoted(group.name),
                                                    format_address(member.address), quoted(at->second), quoted(member.name)));
    }
}

void check_group(const Settings& settings, const GroupSettings& group, const std::string& path, Findings& findings) {
    const std::string place = findings.place_of({path + ".name", path});
    check_name(findings, place, "group.name", group.name);
    if (group.name == "-") findings.add(place, "group.name is \"-\", which stands for no group at all");
    if (group.member.empty())
        findings.add(place, fmt::format("group {} has no members; add [[group.member]] tables under it", quoted(group.name)));
    const std::size_t voters = settings.sentinel.peers.size() + 1;
    if (group.quorum > voters)
        findings.add(findings.place_of({path + ".quorum", path}),
                     fmt::format("group {} wants a quorum of {}, but sentinel.peers makes only {} sentinel{}",
                                 quoted(group.name), group.quorum, voters, plural(voters)));
    if (group.probe == GroupProbe::http) {
        const bool odd = std::ranges::any_of(group.http_path, [](char c) { return c < '!' || c > '~'; });
        if (odd || !group.http_path.starts_with('/'))
            findings.add(
                findings.place_of({path + ".http_path", path}),
                fmt::format("group.http_path is {}, but must begin with / and have no spaces", quoted(group.http_path)));
    }
    check_members(group, path, findings);
}

void check_groups(const Settings& settings, Findings& findings) {
    std::set<std::string> names;
    bool inherits = false;
    for (std::size_t i = 0; i < settings.groups.size(); ++i) {
        const GroupSettings& group = settings.groups[i];
        const std::string path = fmt::format("group[{}]", i);
        inherits = inherits || group.quorum == 0;
        check_group(settings, group, path, findings);
        if (!names.insert(group.name).second)
            findings.add(findings.place_of({path + ".name", path}),
                         fmt::format("there are two groups of the name {}", quoted(group.name)));
    }
    // Masters of Redis have sentinels that no setting names.
    const std::size_t voters = settings.sentinel.peers.size() + 1;
    if (inherits && settings.sentinel.quorum > voters)
        findings.add(findings.place_of({"sentinel.quorum"}),
                     fmt::format("sentinel.quorum is {}, but sentinel.peers makes only {} sentinel{} for the groups",
                                 settings.sentinel.quorum, voters, plural(voters)));
}

}  // namespace

void check_sentinel(const Settings& settings, Findings& findings) {
    check_itself(settings.sentinel, findings);
    check_masters(settings, findings);
    check_groups(settings, findings);
}

}  // namespace holdfast::settings
