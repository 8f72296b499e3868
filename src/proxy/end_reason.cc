#include "proxy/end_reason.h"

#include <array>

namespace holdfast::proxy {

namespace {
constexpr std::array<std::string_view, end_reason_count> names = {"none",
                                                                  "device_disconnected",
                                                                  "device_closed",
                                                                  "device_broken",
                                                                  "device_silent",
                                                                  "device_malformed",
                                                                  "node_disconnected",
                                                                  "node_closed",
                                                                  "node_broken",
                                                                  "node_malformed",
                                                                  "moved",
                                                                  "drained",
                                                                  "node_down",
                                                                  "node_left",
                                                                  "superseded",
                                                                  "device_disabled",
                                                                  "device_removed",
                                                                  "ended_by_operator",
                                                                  "shutting_down"};
static_assert(!names.back().empty());
}  // namespace

std::string_view to_string(EndReason reason) noexcept {
    return names[static_cast<std::size_t>(reason)];
}

bool by_node(EndReason reason) noexcept {
    return reason == EndReason::node_disconnected || reason == EndReason::node_closed || reason == EndReason::node_broken ||
           reason == EndReason::node_malformed;
}

EndReason end_reason_of(fleet::EndCause cause) noexcept {
    switch (cause) {
        case fleet::EndCause::moved:
            return EndReason::moved;
        case fleet::EndCause::drained:
            return EndReason::drained;
        case fleet::EndCause::node_down:
            return EndReason::node_down;
        case fleet::EndCause::node_left:
            return EndReason::node_left;
        case fleet::EndCause::superseded:
            return EndReason::superseded;
        case fleet::EndCause::device_disabled:
            return EndReason::device_disabled;
        case fleet::EndCause::device_removed:
            return EndReason::device_removed;
        case fleet::EndCause::ended_by_operator:
            return EndReason::ended_by_operator;
    }
    return EndReason::none;
}

}  // namespace holdfast::proxy
