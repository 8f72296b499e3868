#include "sentinel/saved_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

#include "sentinel/config_words.h"
#include "sentinel/ip_literal.h"

namespace holdfast::sentinel {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t run_id_length = 40;
constexpr long long max_milliseconds = std::numeric_limits<std::int64_t>::max() / 1'000'000;

std::optional<std::string> yes_or_no(const std::string& word, bool& flag, std::string_view what) {
    if (!equal_ignoring_case(word, "yes") && !equal_ignoring_case(word, "no")) {
        return fmt::format("Please specify yes or no for the {}.", what);
    }
    flag = equal_ignoring_case(word, "yes");
    return std::nullopt;
}

std::uint64_t epoch(long long number) {
    return number < 0 ? 0 : static_cast<std::uint64_t>(number);
}

std::string upper_case(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return out;
}

constexpr std::array<std::string_view, 9> before_monitor{"announce-ip",   "announce-port",     "deny-scripts-reconfig",
                                                         "sentinel-user", "sentinel-pass",     "current-epoch",
                                                         "myid",          "resolve-hostnames", "announce-hostnames"};

}  // namespace

StatementOrder order_of_statement(std::string_view name) noexcept {
    if (equal_ignoring_case(name, "monitor")) return StatementOrder::monitor;
    const auto same = [&](std::string_view other) { return equal_ignoring_case(name, other); };
    return std::ranges::any_of(before_monitor, same) ? StatementOrder::first : StatementOrder::last;
}

/// The statements: their names, how many words they have with it, and how they are taken. `of_group`: the second word is the
/// name of a group.
struct SavedLines::Table {
    using Lines = SavedLines;
    using State = SavedState;
    using Group = SavedGroup;
    struct Statement {
        std::string_view name;
        std::size_t min_words;
        std::size_t max_words;
        bool of_group;
        Problem (*take)(Lines&, Words, State&, Group*);
    };

    static const Statement* find(Words words) {
        const auto same = [&](const Statement& s) {
            return equal_ignoring_case(s.name, words[0]) && words.size() >= s.min_words && words.size() <= s.max_words;
        };
        const auto found = std::ranges::find_if(rows, same);
        return found == rows.end() ? nullptr : &*found;
    }

    static constexpr Problem none{};
    static constexpr std::array rows{
        Statement{"monitor", 5, 5, false, [](Lines& l, Words w, State& s, Group*) { return l.monitor(w, s); }},
        Statement{"down-after-milliseconds", 3, 3, true,
                  [](Lines& l, Words w, State&, Group* g) { return l.positive_time(w, g->options.down_after); }},
        Statement{"failover-timeout", 3, 3, true,
                  [](Lines& l, Words w, State&, Group* g) { return l.positive_time(w, g->options.failover_timeout); }},
        Statement{"parallel-syncs", 3, 3, true,
                  [](Lines& l, Words w, State&, Group* g) {
                      constexpr long long most = std::numeric_limits<int>::max();
                      g->options.parallel_syncs = static_cast<unsigned>(std::clamp(l.number(w[2]), 0LL, most));
                      return none;
                  }},
        Statement{"notification-script", 3, 3, true,
                  [](Lines& l, Words w, State&, Group* g) {
                      return l.script(w, g->options.notification_script, "Notification script");
                  }},
        Statement{"client-reconfig-script", 3, 3, true,
                  [](Lines& l, Words w, State&, Group* g) {
                      return l.script(w, g->options.reconfig_script, "Client reconfiguration script");
                  }},
        Statement{"auth-pass", 3, 3, true,
                  [](Lines&, Words w, State&, Group* g) {
                      g->options.auth_pass = w[2];
                      return none;
                  }},
        Statement{"auth-user", 3, 3, true,
                  [](Lines&, Words w, State&, Group* g) {
                      g->options.auth_user = w[2];
                      return none;
                  }},
        Statement{"master-reboot-down-after-period", 3, 3, true,
                  [](Lines& l, Words w, State&, Group* g) { return l.reboot_time(w, g->options.reboot_down_after); }},
        Statement{"primary-reboot-down-after-period", 3, 3, true,
                  [](Lines& l, Words w, State&, Group* g) { return l.reboot_time(w, g->options.reboot_down_after); }},
        Statement{"config-epoch", 3, 3, true,
                  [](Lines& l, Words w, State& s, Group* g) {
                      g->config_epoch = epoch(l.number(w[2]));
                      s.current_epoch = std::max(s.current_epoch, g->config_epoch);
                      return none;
                  }},
        Statement{"leader-epoch", 3, 3, true,
                  [](Lines& l, Words w, State& s, Group* g) {
                      g->leader_epoch = epoch(l.number(w[2]));
                      s.current_epoch = std::max(s.current_epoch, g->leader_epoch);
                      return none;
                  }},
        Statement{"known-replica", 4, 4, true, [](Lines& l, Words w, State& s, Group*) { return l.known_replica(w, s); }},
        Statement{"known-slave", 4, 4, true, [](Lines& l, Words w, State& s, Group*) { return l.known_replica(w, s); }},
        Statement{"known-sentinel", 4, 5, true, [](Lines& l, Words w, State& s, Group*) { return l.known_peer(w, s); }},
        Statement{"rename-command", 4, 4, true, [](Lines& l, Words w, State& s, Group*) { return l.rename_command(w, s); }},
        Statement{"current-epoch", 2, 2, false,
                  [](Lines& l, Words w, State& s, Group*) {
                      s.current_epoch = std::max(s.current_epoch, epoch(l.number(w[1])));
                      return none;
                  }},
        Statement{"myid", 2, 2, false,
                  [](Lines&, Words w, State& s, Group*) -> Problem {
                      if (w[1].size() != run_id_length) return "Malformed Sentinel id in myid option.";
                      s.my_id = w[1];
                      return none;
                  }},
        Statement{"announce-ip", 2, 2, false,
                  [](Lines&, Words w, State& s, Group*) {
                      s.options.announce.host = w[1];
                      return none;
                  }},
        Statement{"announce-port", 2, 2, false, [](Lines& l, Words w, State& s, Group*) { return l.announce_port(w, s); }},
        Statement{"sentinel-user", 2, 2, false,
                  [](Lines&, Words w, State& s, Group*) {
                      s.options.peer_user = w[1];
                      return none;
                  }},
        Statement{"sentinel-pass", 2, 2, false,
                  [](Lines&, Words w, State& s, Group*) {
                      s.options.peer_pass = w[1];
                      return none;
                  }},
        Statement{"deny-scripts-reconfig", 2, 2, false,
                  [](Lines&, Words w, State& s, Group*) {
                      return yes_or_no(w[1], s.options.deny_scripts_reconfig, "deny-scripts-reconfig options");
                  }},
        Statement{"resolve-hostnames", 2, 2, false,
                  [](Lines&, Words w, State& s, Group*) {
                      return yes_or_no(w[1], s.options.resolve_hostnames, "resolve-hostnames option");
                  }},
        Statement{"announce-hostnames", 2, 2, false,
                  [](Lines&, Words w, State& s, Group*) {
                      return yes_or_no(w[1], s.options.announce_hostnames, "announce-hostnames option");
                  }},
    };
};

std::optional<std::string> SavedLines::take(std::span<const std::string> words, SavedState& state) {
    const Table::Statement* const statement = Table::find(words);
    if (statement == nullptr) return "Unrecognized sentinel configuration statement.";
    SavedGroup* const of = statement->of_group ? group(words[1], state) : nullptr;
    if (statement->of_group && of == nullptr) return "No such master with specified name.";
    return statement->take(*this, words, state, of);
}

SavedGroup* SavedLines::group(std::string_view name, SavedState& state) {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &state.groups[found->second];
}

long long SavedLines::number(const std::string& word) {
    if (!whole_integer(word)) {
        warnings_.push_back(fmt::format("'{}' is not a number, and was read as {}", word, leading_integer(word)));
    }
    return leading_integer(word);
}

std::optional<std::string> SavedLines::host(const std::string& word, const SentinelOptions& options) {
    if (auto ip = canonical_ip(word)) return ip;
    if (!options.resolve_hostnames || word.empty()) return std::nullopt;
    return word;
}

SavedLines::Problem SavedLines::address(const std::string& host_word, const std::string& port_word, const SavedState& state,
                                        Address& out) {
    const long long port = number(port_word);
    if (port < 0 || port > 65535) return "Invalid port number.";
    auto known = host(host_word, state.options);
    if (!known) return "Can't resolve instance hostname.";
    out = {.host = std::move(*known), .port = static_cast<std::uint16_t>(port)};
    return std::nullopt;
}

SavedLines::Problem SavedLines::monitor(Words words, SavedState& state) {
    const long long quorum = number(words[4]);
    if (quorum <= 0) return "Quorum must be 1 or greater.";
    SavedGroup added;
    added.name = words[1];
    added.options.quorum = static_cast<unsigned>(std::min<long long>(quorum, std::numeric_limits<int>::max()));
    if (auto problem = address(words[2], words[3], state, added.master)) return problem;
    if (!index_.emplace(words[1], state.groups.size()).second) return "Duplicate master name.";
    state.groups.push_back(std::move(added));
    return std::nullopt;
}

SavedLines::Problem SavedLines::known_replica(Words words, SavedState& state) {
    SavedInstance replica;
    if (auto problem = address(words[2], words[3], state, replica.address)) return problem;
    const std::size_t index = index_.find(words[1])->second;
    const auto key = std::pair(index, fmt::format("{} {}", replica.address.host, replica.address.port));
    const bool old_form = equal_ignoring_case(words[0], "known-slave");
    const auto [earlier, is_new] = replicas_.emplace(key, old_form);
    if (!is_new) {
        // Redis Sentinel itself leaves a known-slave line beside the known-replica line that it writes.
        if (old_form != earlier->second) return std::nullopt;
        return "Duplicate hostname and port for replica.";
    }
    state.groups[index].replicas.push_back(std::move(replica));
    return std::nullopt;
}

SavedLines::Problem SavedLines::known_peer(Words words, SavedState& state) {
    if (words.size() < 5) return std::nullopt;
    SavedInstance peer{.run_id = words[4]};
    if (auto problem = address(words[2], words[3], state, peer.address)) return problem;
    const std::size_t index = index_.find(words[1])->second;
    if (!peers_.emplace(index, peer.run_id).second) return "Duplicate runid for sentinel.";
    state.groups[index].peers.push_back(std::move(peer));
    return std::nullopt;
}

SavedLines::Problem SavedLines::rename_command(Words words, SavedState& state) {
    SavedGroup& of = *group(words[1], state);
    if (!of.options.renamed_commands.emplace(upper_case(words[2]), words[3]).second) {
        return "Same command renamed multiple times with rename-command.";
    }
    return std::nullopt;
}

SavedLines::Problem SavedLines::script(Words words, std::string& path, std::string_view what) const {
    if (world_.is_executable && !world_.is_executable(words[2])) {
        return fmt::format("{} seems non existing or non executable.", what);
    }
    path = words[2];
    return std::nullopt;
}

SavedLines::Problem SavedLines::positive_time(Words words, Duration& time) {
    const long long value = number(words[2]);
    if (value <= 0) return "negative or zero time parameter.";
    time = milliseconds(std::min(value, max_milliseconds));
    return std::nullopt;
}

SavedLines::Problem SavedLines::reboot_time(Words words, Duration& time) {
    const long long value = number(words[2]);
    if (value < 0) return "negative time parameter.";
    time = milliseconds(std::min(value, max_milliseconds));
    return std::nullopt;
}

SavedLines::Problem SavedLines::announce_port(Words words, SavedState& state) {
    const long long port = number(words[1]);
    if (port < 0 || port > 65535) return "Invalid port number.";
    state.options.announce.port = static_cast<std::uint16_t>(port);
    return std::nullopt;
}

}  // namespace holdfast::sentinel
