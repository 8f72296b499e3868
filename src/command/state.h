#pragma once
// The words of a command's life. Each has one name, used in the API, the store and the log alike.
//
//   scheduled -> queued -> sent -> delivered -> succeeded | failed | rejected
//        \_________\________\__________\------> expired | timed_out | cancelled | rejected | failed
//
// The last row is terminal, and terminal is final.

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::command {

enum class State : std::uint8_t {
    scheduled,  ///< its time has not come
    queued,     ///< at the centre or on its way to the node; no node has taken it yet
    sent,       ///< a node has taken it for the device
    delivered,  ///< the device has it: its own word, or its PUBACK seen by the gateway
    succeeded,  ///< the device says that it has done it; for a device that does not answer, that it has it
    failed,     ///< the device says that it tried and could not, or it could not be sent at all
    expired,    ///< the deadline passed before anything was sent
    timed_out,  ///< the deadline passed, or the last attempt's time was up, after it was sent, without a last word of the
                ///< device
    cancelled,  ///< somebody took it back
    rejected,   ///< the device, or the centre after it had taken it, says that it will not be done
};
[[nodiscard]] constexpr bool is_terminal(State state) noexcept {
    return state >= State::succeeded;
}
[[nodiscard]] std::string_view to_string(State state) noexcept;
[[nodiscard]] std::optional<State> state_from(std::string_view text) noexcept;

/// Whether the device executed it.
enum class Executed : std::uint8_t {
    unknown,  ///< it may have
    no,       ///< certainly not
    yes,      ///< it says so
};
[[nodiscard]] std::string_view to_string(Executed executed) noexcept;
[[nodiscard]] std::optional<Executed> executed_from(std::string_view text) noexcept;

/// Why a command ended, or why an attempt came to nothing. Each has a sentence for people.
enum class Reason : std::uint8_t {
    none,                ///< not ended
    device_succeeded,    ///< the device answered that it is done
    device_failed,       ///< the device answered that it could not
    device_rejected,     ///< the device answered that it will not
    delivered_only,      ///< the device has it, and its profile says that it does not answer
    device_offline,      ///< not connected, and the command was not to wait
    device_unknown,      ///< no such device (any more)
    device_disabled,     ///< an operator has disabled the device
    no_cluster,          ///< no cluster serves the device
    not_subscribed,      ///< the node took it and found nobody who listens on the topic
    node_unreachable,    ///< the channel has no session with the device's node
    node_refused,        ///< the node answered with a failure
    channel_lost,        ///< the channel that had it is gone and has not said what became of it
    no_answer,           ///< sent, and nothing came back in time
    deadline_passed,     ///< its deadline came before this could be done
    attempts_exhausted,  ///< tried as often as allowed
    cancelled,           ///< taken back by a person or a program
    job_stopped,         ///< the job it belongs to was stopped
    not_encodable,       ///< the device's profile cannot express it (a payload too large, text that is not JSON)
};
[[nodiscard]] std::string_view to_string(Reason reason) noexcept;
[[nodiscard]] std::optional<Reason> reason_from(std::string_view text) noexcept;
/// For people: what happened, e.g. "the device was not connected, and the command was not to wait".
[[nodiscard]] std::string_view sentence(Reason reason) noexcept;

/// What to do while the device is not connected.
enum class Offline : std::uint8_t {
    fail,   ///< end at once: `rejected`, device_offline, executed no
    wait,   ///< hold it here until the device connects or the deadline comes; for a caller who waits
    queue,  ///< the same, and in line: others for the device that come later wait behind it if they keep order
};
[[nodiscard]] std::string_view to_string(Offline offline) noexcept;
[[nodiscard]] std::optional<Offline> offline_from(std::string_view text) noexcept;

/// Whether commands for one device keep their order.
enum class Order : std::uint8_t {
    device,  ///< after every earlier one of this device that keeps order has ended
    none,    ///< as soon as the device's window has room
};
[[nodiscard]] std::string_view to_string(Order order) noexcept;
[[nodiscard]] std::optional<Order> order_from(std::string_view text) noexcept;

}  // namespace holdfast::command
