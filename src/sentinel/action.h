#pragma once
// What the sentinel machine wants done. Actions are carried out in the order in which they come.
//
// The one rule of its user: what has `after_save` = n (answers to other sentinels) must not leave the process before save n (or
// a later one) is on the disk, or has failed for good; what comes behind it on the same link waits with it. So no vote is
// answered that a crash could forget.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sentinel/address.h"
#include "sentinel/event.h"

namespace holdfast::sentinel {

/// A connection that the machine asked for. Never used twice; 0 is none.
using LinkId = std::uint64_t;
/// Numbers states to be saved, rising from 1; 0: nothing to wait for.
using SaveNumber = std::uint64_t;

/// Opens a connection (TLS where `tls-replication` says so; names are resolved, without blocking). Answered by link_opened or
/// link_closed.
struct Dial {
    LinkId link = 0;
    Address address = {};
};

/// Closes a connection, or gives up opening it; no answer.
struct HangUp {
    LinkId link = 0;
};

/// Sends one command. Only on a link that was opened; each is answered by one `reply`, in order, except SUBSCRIBE.
struct Send {
    LinkId link = 0;
    std::vector<std::string> words = {};
};

/// Logs and publishes it.
struct Tell {
    Event event = {};
};

/// Writes `Sentinel::state()` as it is now to stable storage; answered by `saved`. Newer saves make older ones needless.
struct Save {
    SaveNumber number = 0;
};

/// Runs a script with these arguments (the first is the path). Queued and retried by the adapter.
struct RunScript {
    std::vector<std::string> words = {};
};

/// Ends the process at once, as a crash would, with exit code 99 (SENTINEL SIMULATE-FAILURE).
struct Crash {};

using Action = std::variant<Dial, HangUp, Send, Tell, Save, RunScript, Crash>;

}  // namespace holdfast::sentinel
