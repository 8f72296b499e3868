#pragma once
// One command: what was asked, by whom, for when, and everything that has happened to it since. This is what the store keeps
// and what every face shows. Times are calendar times, because a command outlives processes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "command/command_id.h"
#include "command/state.h"

namespace holdfast::command {

/// Bounds that hold everywhere; checked before a command is taken.
constexpr std::size_t max_name_length = 128;          ///< bytes of a command's name
constexpr std::size_t max_payload_size = 256 * 1024;  ///< bytes; a setting can only lower it
constexpr std::size_t max_result_size = 256 * 1024;   ///< bytes of a reply kept; longer ones are cut and say so
constexpr std::size_t max_content_type_length = 128;  ///< bytes
constexpr std::size_t max_key_length = 128;           ///< bytes of an idempotency key
constexpr std::size_t max_attempts = 100;             ///< a command's attempts; a setting can only lower it
constexpr std::size_t max_detail_length = 512;        ///< bytes of a sentence kept with an attempt or an outcome

/// How often, and how, a command is tried again.
struct Retry {
    std::uint16_t attempts = 5;                               ///< in all, the first included; 1..max_attempts
    Duration answer_timeout = std::chrono::seconds(5);        ///< how long one attempt waits for the device's last word
    Duration backoff_first = std::chrono::milliseconds(200);  ///< full jitter: the n-th pause is evenly from 0 to
    Duration backoff_longest = std::chrono::seconds(30);      ///< min(longest, first * 2^(n-1))

    friend bool operator==(const Retry&, const Retry&) = default;
};

/// One try to bring a command to its device.
struct Attempt {
    enum class Fate : std::uint8_t {
        queued,     ///< handed to the channel, which has not said anything yet
        not_sent,   ///< certainly not sent; `reason` says why
        sent,       ///< a node has taken it
        delivered,  ///< the device has it
        answered,   ///< the device's last word came
        lost,       ///< nothing came; the device may have it or not
    };

    std::uint16_t number = 1;  ///< from 1
    Fate fate = Fate::queued;
    Reason reason = Reason::none;
    WallTime queued_at{};
    std::optional<WallTime> sent_at = {};
    std::optional<WallTime> delivered_at = {};
    std::optional<WallTime> ended_at = {};
    std::string node = {};    ///< where it was published; empty before
    std::string detail = {};  ///< a sentence, where there is more to say than the reason

    friend bool operator==(const Attempt&, const Attempt&) = default;
};
[[nodiscard]] std::string_view to_string(Attempt::Fate fate) noexcept;
[[nodiscard]] std::optional<Attempt::Fate> fate_from(std::string_view text) noexcept;

struct Command {
    // What was asked; never changes.
    CommandId id = {};
    std::string device = {};
    std::string name = {};          ///< e.g. "reboot"
    std::string payload = {};       ///< bytes; JSON in most fleets
    std::string content_type = {};  ///< e.g. "application/json"; empty: not said
    WallTime created_at{};
    std::optional<WallTime> deliver_at = {};  ///< not before
    WallTime deadline{};                      ///< the last moment for everything
    Offline offline = Offline::fail;
    Order order = Order::device;
    Retry retry = {};
    std::string idempotency_key = {};  ///< unique for its submitter; empty: none
    std::string body_hash = {};        ///< of what was asked, to tell a repetition from a conflict
    std::string submitted_by = {};     ///< the token's name
    std::string job = {};              ///< the job it belongs to; empty: none
    std::string webhook = {};          ///< URL told of its end; empty: none

    // What has happened.
    std::string centre = {};  ///< that takes care of it
    State state = State::queued;
    Executed executed = Executed::no;  ///< of a command that has not ended: what would be said if it ended now
    Reason reason = Reason::none;      ///< why it ended
    std::string detail = {};           ///< a sentence, where there is more to say than the reason
    std::string result = {};           ///< the device's last word, bytes
    std::string result_type = {};      ///< its content type; empty: not said
    bool result_cut = false;           ///< the device said more than max_result_size
    bool cancel_wanted = false;        ///< taken back while it was under way: no further attempt
    std::optional<WallTime> ended_at = {};
    std::vector<Attempt> attempts = {};

    friend bool operator==(const Command&, const Command&) = default;
};

}  // namespace holdfast::command
