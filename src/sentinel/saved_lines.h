#pragma once
// The `sentinel ...` lines of sentinel.conf as values: what is watched, and what was known when the file was written.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sentinel/config_file.h"

namespace holdfast::sentinel {

/// Which statements are taken before which, wherever they stand.
enum class StatementOrder : std::uint8_t { first, monitor, last };

/// `name` is the word behind "sentinel", in any case.
[[nodiscard]] StatementOrder order_of_statement(std::string_view name) noexcept;

class SavedLines {
public:
    /// `world` must live as long.
    explicit SavedLines(const ConfigFileWorld& world) : world_(world) {}

    /// Takes one statement: its words behind "sentinel", at least one. Returns what is wrong with it, in the words of Redis.
    [[nodiscard]] std::optional<std::string> take(std::span<const std::string> words, SavedState& state);
    /// What was strange about it.
    [[nodiscard]] std::vector<std::string> take_warnings() { return std::exchange(warnings_, {}); }

private:
    using Problem = std::optional<std::string>;
    using Words = std::span<const std::string>;
    struct Table;

    SavedGroup* group(std::string_view name, SavedState& state);
    /// As redis-sentinel reads numbers: what is none is 0, with a warning.
    long long number(const std::string& word);
    /// The host in the form in which it is kept; nothing when it is none.
    static std::optional<std::string> host(const std::string& word, const SentinelOptions& options);
    Problem address(const std::string& host_word, const std::string& port_word, const SavedState& state, Address& out);

    Problem monitor(Words words, SavedState& state);
    Problem known_replica(Words words, SavedState& state);
    Problem known_peer(Words words, SavedState& state);
    Problem rename_command(Words words, SavedState& state);
    Problem script(Words words, std::string& path, std::string_view what) const;
    Problem positive_time(Words words, Duration& time);
    Problem reboot_time(Words words, Duration& time);
    Problem announce_port(Words words, SavedState& state);

    const ConfigFileWorld& world_;
    std::map<std::string, std::size_t, std::less<>> index_;  ///< of groups in the state
    /// Seen: group, "host port"; as `known-slave`?
    std::map<std::pair<std::size_t, std::string>, bool> replicas_;
    std::set<std::pair<std::size_t, std::string>> peers_;  ///< seen: group, run id
    std::vector<std::string> warnings_;
};

}  // namespace holdfast::sentinel
