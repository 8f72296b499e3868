#pragma once
// What MQTT asks of its UTF-8 Encoded Strings (MQTT5 1.5.4): well-formed UTF-8 without overlong forms, without surrogates
// (D800..DFFF), at most U+10FFFF, and without U+0000. Other control and non-characters are allowed.

#include "base/bytes.h"

namespace holdfast::mqtt {

/// True when `bytes` may be an MQTT string. [MQTT-1.5.4-1] [MQTT-1.5.4-2]
[[nodiscard]] bool is_mqtt_text(ByteView bytes) noexcept;

}  // namespace holdfast::mqtt
