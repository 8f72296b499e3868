#pragma once
// Answers what clients and other sentinels ask of a sentinel: SENTINEL and its subcommands, INFO, ROLE, PING, PUBLISH of a
// hello, COMMAND. Replies, orders of fields and error texts are those of redis-sentinel 7.0; the PRIMARY names of Valkey and
// FAILOVER
// ... COORDINATED are understood too. What concerns the connection itself (AUTH, HELLO, CLIENT, ACL, SUBSCRIBE, QUIT, RESET,
// SHUTDOWN) is its server's business.
//
// Threads: those of `Sentinel`.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "resp/reply.h"
#include "sentinel/action.h"
#include "sentinel/sentinel.h"

namespace holdfast::sentinel {

/// A script that runs, or waits to be run (SENTINEL PENDING-SCRIPTS).
struct ScriptFacts {
    std::vector<std::string> words = {};  ///< the path first
    bool running = false;
    std::uint64_t process_id = 0;      ///< while it runs
    std::optional<Time> started = {};  ///< while it runs
    std::optional<Time> due = {};      ///< of one that waits to be tried again
    unsigned retries = 0;              ///< how often it was started
};

/// What the process around the machine knows, for INFO. All counts are since the start.
struct ProcessFacts {
    std::string version = {};      ///< of Holdfast
    std::string run_id = {};       ///< 40 hexadecimal digits, new with each start
    std::string os = {};           ///< e.g. "Linux 6.1.0 x86_64"
    std::string executable = {};   ///< path
    std::string config_file = {};  ///< path
    std::uint64_t process_id = 0;
    std::uint16_t tcp_port = 0;
    Time started{};
    std::size_t connected_clients = 0;
    std::size_t max_clients = 0;
    std::size_t blocked_clients = 0;
    std::uint64_t connections_received = 0;
    std::uint64_t connections_rejected = 0;
    std::uint64_t commands_processed = 0;
    std::uint64_t commands_per_second = 0;  ///< lately
    std::uint64_t input_bytes = 0;
    std::uint64_t output_bytes = 0;
    std::uint64_t error_replies = 0;
    std::size_t channels = 0;  ///< subscribed to by somebody
    std::size_t patterns = 0;
    double cpu_system = 0;  ///< seconds
    double cpu_user = 0;
    double cpu_system_children = 0;
    double cpu_user_children = 0;
    std::vector<ScriptFacts> scripts = {};
};

struct CommandWorld {
    /// Asked for INFO and PENDING-SCRIPTS only. Without it the answers are poor.
    std::function<ProcessFacts()> process = {};
    /// Is this a file that can be executed? Asked of scripts in SENTINEL SET. Without it every path is taken.
    std::function<bool(std::string_view path)> is_executable = {};
    /// SENTINEL CONFIG SET loglevel: debug, verbose, notice, warning or nothing; the process takes it. Without it the parameter
    /// is not known.
    std::function<void(std::string_view level)> set_log_level = {};
    std::function<std::string()> log_level = {};
};

struct Answer {
    resp::Reply reply = {};
    /// The reply must not leave before this save is on the disk, or has failed; 0: at once.
    SaveNumber after_save = 0;
    /// Said instead of `reply` when that save failed; nothing: `reply` all the same.
    std::optional<resp::Reply> if_not_saved = {};
};

/// Answers one command of a client. `words` is not empty; the command's name in any case. Whether the client may say it was
/// checked before. Nothing: not a command of this file (see above), for the server to answer or refuse.
[[nodiscard]] std::optional<Answer> answer(Sentinel& sentinel, std::span<const std::string> words, const CommandWorld& world,
                                           Moment moment);

/// What is wrong with a command before anybody looks at what it says: it is not known, has no such subcommand, or too few or
/// too many words. Nothing: it may be answered.
[[nodiscard]] std::optional<resp::Reply> refusal(std::span<const std::string> words);

/// "ERR unknown command 'x', with args beginning with: 'a' 'b' ".
[[nodiscard]] resp::Reply unknown_command(std::span<const std::string> words);
/// "ERR wrong number of arguments for 'x' command". `name` as it is shown, e.g. "sentinel|set".
[[nodiscard]] resp::Reply wrong_arity(std::string_view name);

/// Every command that a sentinel knows with its subcommands ("acl", "acl|cat", ...), lower case, as COMMAND LIST shows them;
/// for ACL rules and their checks.
struct CommandEntry {
    std::string_view name;
    int arity = 0;                             ///< with the name; negative: at least
    std::vector<std::string_view> flags;       ///< as COMMAND INFO shows them
    std::vector<std::string_view> categories;  ///< e.g. "@admin"
    std::vector<std::string_view> tips;        ///< for clients of clusters
};
[[nodiscard]] std::span<const CommandEntry> command_table();
/// The entry of what is said by these words: the subcommand's when there is one. Null: not known. Valkey's PRIMARY names have
/// the entries of the names that they stand for.
[[nodiscard]] const CommandEntry* find_command(std::span<const std::string> words);

}  // namespace holdfast::sentinel
