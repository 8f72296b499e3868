#include "command/state.h"

#include <array>
#include <cstddef>
#include <utility>

namespace holdfast::command {

namespace {

using namespace std::string_view_literals;

/// The names of an enumeration, in the order of its values.
template <class Word, std::size_t count>
struct Names {
    std::array<std::string_view, count> names;

    [[nodiscard]] constexpr std::string_view of(Word word) const noexcept {
        const auto position = static_cast<std::size_t>(std::to_underlying(word));
        return position < count ? names[position] : "unknown_word"sv;
    }
    [[nodiscard]] constexpr std::optional<Word> from(std::string_view text) const noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            if (names[i] == text) return static_cast<Word>(i);
        }
        return std::nullopt;
    }
};

constexpr Names<State, 10> states{
    {"scheduled", "queued", "sent", "delivered", "succeeded", "failed", "expired", "timed_out", "cancelled", "rejected"}};
constexpr Names<Executed, 3> executions{{"unknown", "no", "yes"}};
constexpr Names<Offline, 3> offlines{{"fail", "wait", "queue"}};
constexpr Names<Order, 2> orders{{"device", "none"}};
constexpr Names<Reason, 19> reasons{{"none", "device_succeeded", "device_failed", "device_rejected", "delivered_only",
                                     "device_offline", "device_unknown", "device_disabled", "no_cluster", "not_subscribed",
                                     "node_unreachable", "node_refused", "channel_lost", "no_answer", "deadline_passed",
                                     "attempts_exhausted", "cancelled", "job_stopped", "not_encodable"}};
constexpr Names<Reason, 19> sentences{{
    "it has not ended"sv,
    "the device answered that it is done"sv,
    "the device answered that it could not"sv,
    "the device answered that it will not"sv,
    "the device has it, and devices of its kind do not answer"sv,
    "the device was not connected, and the command was not to wait"sv,
    "there is no such device"sv,
    "an operator has disabled the device"sv,
    "no cluster serves the device"sv,
    "the node took it and found nobody who listens on the topic"sv,
    "the channel has no session with the device's node"sv,
    "the node answered with a failure"sv,
    "the channel that had it has not said what became of it"sv,
    "it was sent, and nothing came back in time"sv,
    "its deadline came before this could be done"sv,
    "it was tried as often as it may be"sv,
    "it was taken back"sv,
    "the job it belongs to was stopped"sv,
    "the device's profile cannot express it"sv,
}};

}  // namespace

std::string_view to_string(State state) noexcept {
    return states.of(state);
}
std::optional<State> state_from(std::string_view text) noexcept {
    return states.from(text);
}

std::string_view to_string(Executed executed) noexcept {
    return executions.of(executed);
}
std::optional<Executed> executed_from(std::string_view text) noexcept {
    return executions.from(text);
}

std::string_view to_string(Reason reason) noexcept {
    return reasons.of(reason);
}
std::optional<Reason> reason_from(std::string_view text) noexcept {
    return reasons.from(text);
}
std::string_view sentence(Reason reason) noexcept {
    return sentences.of(reason);
}

std::string_view to_string(Offline offline) noexcept {
    return offlines.of(offline);
}
std::optional<Offline> offline_from(std::string_view text) noexcept {
    return offlines.from(text);
}

std::string_view to_string(Order order) noexcept {
    return orders.of(order);
}
std::optional<Order> order_from(std::string_view text) noexcept {
    return orders.from(text);
}

}  // namespace holdfast::command
