#pragma once
// What the command centre and its channels need to know of a device, as it is now.

#include <cstdint>
#include <string>

namespace holdfast::command {

struct DevicePlace {
    bool known = false;
    bool disabled = false;
    std::string cluster = {};  ///< that serves it; empty: none
    std::string node = {};     ///< where it is connected; empty while it is not
    /// Of its present connection: another number means another session. 0 while it is not connected.
    std::uint64_t session = 0;
    std::uint8_t mqtt_version = 0;  ///< 3, 4 or 5 while it is connected

    [[nodiscard]] bool connected() const noexcept { return session != 0; }
    friend bool operator==(const DevicePlace&, const DevicePlace&) = default;
};

}  // namespace holdfast::command
