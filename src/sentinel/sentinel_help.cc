// SENTINEL HELP.

#include <array>
#include <string_view>

#include "sentinel/question.h"

namespace holdfast::sentinel {
namespace {

/// A form of the command, or, behind four blanks, what it does.
constexpr std::array<std::string_view, 48> lines{
    "SENTINEL <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CKQUORUM <master-name>",
    "    Tells whether enough sentinels can be reached to agree that the master is",
    "    down, and to elect the one that replaces it.",
    "CONFIG SET <param> <value> [<param> <value> ...]",
    "    Changes options of this sentinel.",
    "CONFIG GET <pattern> [<pattern> ...]",
    "    Shows options of this sentinel.",
    "DEBUG [<param> <value> ...]",
    "    Shows, or changes, times in milliseconds. For tests; they are not saved.",
    "FAILOVER <master-name> [COORDINATED]",
    "    Replaces a master that is well. COORDINATED: writes are paused until the",
    "    replica has all of them, where the server can do that.",
    "FLUSHCONFIG",
    "    Writes what this sentinel knows into its file.",
    "GET-MASTER-ADDR-BY-NAME <master-name>",
    "    Shows the address and port of the master.",
    "INFO-CACHE <master-name> [<master-name> ...]",
    "    Shows what masters and replicas last said to INFO, and how long ago.",
    "IS-MASTER-DOWN-BY-ADDR <ip> <port> <current-epoch> <runid>",
    "    What sentinels ask each other: is the master down, and who has your vote.",
    "MASTER <master-name>",
    "    Shows a master.",
    "MASTERS",
    "    Shows all masters.",
    "MONITOR <name> <ip> <port> <quorum>",
    "    Begins to watch a master.",
    "MYID",
    "    Shows the id of this sentinel.",
    "PENDING-SCRIPTS",
    "    Shows scripts that run or wait.",
    "REMOVE <master-name>",
    "    Ends the watch over a master.",
    "REPLICAS <master-name>",
    "    Shows the replicas of a master.",
    "RESET <pattern>",
    "    Forgets the replicas and sentinels of the masters whose name matches.",
    "SENTINELS <master-name>",
    "    Shows the other sentinels of a master.",
    "SET <master-name> <option> <value> [<option> <value> ...]",
    "    Changes options of a master.",
    "SIMULATE-FAILURE [CRASH-AFTER-ELECTION] [CRASH-AFTER-PROMOTION] [HELP]",
    "    Ends this sentinel at the next such moment. For tests.",
    "MASTER, MASTERS, GET-MASTER-ADDR-BY-NAME and IS-MASTER-DOWN-BY-ADDR are also",
    "    known by the names PRIMARY, PRIMARIES, GET-PRIMARY-ADDR-BY-NAME and",
    "    IS-PRIMARY-DOWN-BY-ADDR, REPLICAS also as SLAVES.",
    "HELP",
    "    Shows this.",
};

}  // namespace

resp::Reply answer_sentinel_help() {
    return resp::Reply::lines(lines);
}

}  // namespace holdfast::sentinel
