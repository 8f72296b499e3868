#pragma once
// A device: connects, publishes numbered messages, comes back with back-off. It can go away properly, or lose its power.

#include <cstdint>
#include <memory>
#include <string>

#include "mqtt/client_session.h"
#include "world.h"

namespace holdfast::sim {

struct DeviceTraits {
    std::string id;  ///< empty: without identity
    mqtt::Version version = mqtt::Version::v311;
    std::uint16_t keep_alive = 30;
    bool clean = true;
};

class Device final : public WireUser {
public:
    Device(World& world, const DeviceTraits& traits, std::uint16_t gateway_port);

    /// Connects and stays connected as well as it can.
    void arrive();
    /// Says goodbye and stays away until `arrive`.
    void go_away();
    /// Is gone without a word, and back after a while.
    void lose_power();
    /// Publishes nothing any more.
    void be_quiet() { quiet_ = true; }

    [[nodiscard]] bool connected() const noexcept { return session_.is_connected(); }
    [[nodiscard]] bool wants_to_be_connected() const noexcept { return present_; }
    /// What it calls itself now; a v5 device may have been given a name.
    [[nodiscard]] const std::string& id() const noexcept { return session_.client_id(); }
    [[nodiscard]] const DeviceTraits& traits() const noexcept { return traits_; }
    [[nodiscard]] std::uint64_t connects() const noexcept { return connects_; }
    [[nodiscard]] std::uint64_t refusals() const noexcept { return refusals_; }
    [[nodiscard]] std::uint64_t received() const noexcept { return received_in_all_; }

    void wire_open(Wire& wire) override;
    void wire_failed(Wire& wire, bool refused) override;
    void wire_bytes(Wire& wire, ByteView bytes) override;
    void wire_ended(Wire& wire, bool broken) override;

private:
    void connect();
    void come_back_later();
    void handle(const mqtt::ClientEvent& event);
    void flush();
    void hang_up();
    void arm();
    void publish();
    void publish_later();

    World& world_;
    DeviceTraits traits_;
    std::uint16_t gateway_port_;
    mqtt::ClientSession session_;
    std::shared_ptr<Wire> wire_;
    bool present_ = false;
    bool quiet_ = false;
    bool coming_back_ = false;
    bool publishing_ = false;
    Duration back_off_{};
    std::optional<Time> armed_;
    std::uint64_t last_published_ = 0;
    std::uint64_t last_received_ = 0;
    std::uint64_t connects_ = 0;
    std::uint64_t refusals_ = 0;
    std::uint64_t received_in_all_ = 0;
};

}  // namespace holdfast::sim
