#pragma once
// How a refusal is said: which MQTT answer goes with which reason, and whether it is worth a delay.

#include "fleet/refusal.h"
#include "mqtt/connect_view.h"
#include "mqtt/refusal.h"
#include "proxy/end_reason.h"

namespace holdfast::proxy {

/// The answer to a device whose CONNECT is refused for `reason`.
[[nodiscard]] mqtt::RefusalReason answer_for(fleet::RefuseReason reason) noexcept;

/// The reason under which a faulty CONNECT is counted.
[[nodiscard]] fleet::RefuseReason refuse_reason_of(mqtt::ConnectFaultReason fault) noexcept;

/// True for refusals that many devices get at the same moment and that pass: no room, no node, too fast.
[[nodiscard]] bool worth_a_delay(fleet::RefuseReason reason) noexcept;

/// The reason code of the DISCONNECT that a v5 device gets when its connection is ended for `reason`.
[[nodiscard]] mqtt::ReasonCode goodbye_for(EndReason reason) noexcept;

}  // namespace holdfast::proxy
