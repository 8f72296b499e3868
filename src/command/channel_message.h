#pragma once
// What the centre and the channels tell each other over the queue. Requests go to the topic `request.<cluster>`, reports to
// `response.<centre>`, both with the device as the key, so that the queue keeps their order per device.
//
// A report may come twice, late, or in another order than it was sent; the centre merges them (dispatcher.h).

#include <cstdint>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "command/command.h"
#include "command/command_id.h"

namespace holdfast::command {

/// Bring this attempt to the device, unless the deadline has passed.
struct Request {
    CommandId id = {};
    std::uint16_t attempt = 1;
    std::string device = {};
    std::string name = {};
    std::string payload = {};
    std::string content_type = {};
    WallTime deadline{};      ///< never publish at or after it
    std::string centre = {};  ///< who wants the reports

    friend bool operator==(const Request&, const Request&) = default;
};

/// Not published, and never will be: the device cannot have it from this request. A request that the queue delivers again may
/// have been published by whoever had it before; what can be said of it then is SendUnclear.
struct NotSent {
    Reason reason = Reason::node_unreachable;
    std::string detail = {};
    friend bool operator==(const NotSent&, const NotSent&) = default;
};
/// The node has taken it (PUBACK of the node, which is not the device's).
struct Sent {
    std::string node = {};
    friend bool operator==(const Sent&, const Sent&) = default;
};
/// It was published, and the session ended before the node said whether it has taken it.
struct SendUnclear {
    std::string node = {};
    std::string detail = {};
    friend bool operator==(const SendUnclear&, const SendUnclear&) = default;
};
/// The device has it. Delivered is not executed: nothing is said about that.
struct Delivered {
    bool by_device = false;  ///< its own acknowledgement; else its PUBACK, seen by the gateway
    bool last_word = false;  ///< nothing more will come: the device's profile has no reply
    friend bool operator==(const Delivered&, const Delivered&) = default;
};
/// The device's last word.
struct Replied {
    enum class Verdict : std::uint8_t { succeeded, failed, rejected };
    Verdict verdict = Verdict::succeeded;
    std::string result = {};
    std::string content_type = {};
    bool cut = false;
    std::string detail = {};  ///< the device's own sentence about a failure, if its profile tells where that is
    friend bool operator==(const Replied&, const Replied&) = default;
};

struct Report {
    CommandId id = {};
    std::uint16_t attempt = 0;  ///< 0: the device did not say which
    std::string device = {};
    WallTime at{};  ///< when it happened
    std::variant<NotSent, Sent, SendUnclear, Delivered, Replied> what = {};

    friend bool operator==(const Report&, const Report&) = default;
};

/// As bytes, for a queue's payload. Both forms begin with a version, so that parts of different releases can meet.
[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::string encode(const Report& report);
/// Errors: malformed, newer_version. Checks everything before it allocates.
[[nodiscard]] Result<Request> decode_request(ByteView bytes);
[[nodiscard]] Result<Report> decode_report(ByteView bytes);

}  // namespace holdfast::command
