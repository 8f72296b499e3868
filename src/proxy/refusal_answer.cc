#include "proxy/refusal_answer.h"

namespace holdfast::proxy {

using fleet::RefuseReason;
using mqtt::ConnectFaultReason;
using mqtt::ReasonCode;
using mqtt::RefusalReason;

RefusalReason answer_for(RefuseReason reason) noexcept {
    switch (reason) {
        case RefuseReason::unknown_device:
            return RefusalReason::not_authorized;
        case RefuseReason::disabled_device:
            return RefusalReason::banned;
        case RefuseReason::no_identity:
            return RefusalReason::identifier_rejected;
        case RefuseReason::fleet_full:
            return RefusalReason::quota_exceeded;
        case RefuseReason::rate_limited:
            return RefusalReason::rate_exceeded;
        case RefuseReason::too_many:
            return RefusalReason::busy;
        case RefuseReason::malformed:
            return RefusalReason::malformed;
        case RefuseReason::unsupported:
            return RefusalReason::unsupported_version;
        case RefuseReason::too_large:
            return RefusalReason::too_large;
        case RefuseReason::going_away:
            return RefusalReason::shutting_down;
        case RefuseReason::no_cluster:
        case RefuseReason::no_live_node:
        case RefuseReason::nodes_unreachable:
            return RefusalReason::unavailable;
        case RefuseReason::none:
        case RefuseReason::node_refused:
        case RefuseReason::timed_out:
        case RefuseReason::gave_up:
            break;
    }
    return RefusalReason::unspecified;
}

RefuseReason refuse_reason_of(ConnectFaultReason fault) noexcept {
    switch (fault) {
        case ConnectFaultReason::unsupported_version:
            return RefuseReason::unsupported;
        case ConnectFaultReason::too_large:
            return RefuseReason::too_large;
        case ConnectFaultReason::empty_client_id:
            return RefuseReason::no_identity;
        default:
            return RefuseReason::malformed;
    }
}

bool worth_a_delay(RefuseReason reason) noexcept {
    switch (reason) {
        case RefuseReason::no_cluster:
        case RefuseReason::no_live_node:
        case RefuseReason::nodes_unreachable:
        case RefuseReason::rate_limited:
        case RefuseReason::too_many:
            return true;
        default:
            return false;
    }
}

ReasonCode goodbye_for(EndReason reason) noexcept {
    switch (reason) {
        case EndReason::device_silent:
            return ReasonCode::keep_alive_timeout;
        case EndReason::device_malformed:
            return ReasonCode::malformed_packet;
        case EndReason::moved:
            return ReasonCode::server_moved;
        case EndReason::node_closed:
        case EndReason::node_broken:
        case EndReason::drained:
        case EndReason::node_down:
        case EndReason::node_left:
            return ReasonCode::use_another_server;
        case EndReason::superseded:
            return ReasonCode::session_taken_over;
        // "Banned" is a word for CONNACK only (MQTT5 table 3-13).
        case EndReason::device_disabled:
        case EndReason::device_removed:
        case EndReason::ended_by_operator:
            return ReasonCode::administrative_action;
        case EndReason::shutting_down:
            return ReasonCode::server_shutting_down;
        default:
            return ReasonCode::unspecified_error;
    }
}

}  // namespace holdfast::proxy
