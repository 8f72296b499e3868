#pragma once
// One simulated device: its plan, its client, and what it is waiting for.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/mqtt_client.h"
#include "simulate/command_answerer.h"
#include "simulate/device_plan.h"
#include "simulate/echo_ledger.h"
#include "simulate/fleet_ground.h"
#include "simulate/telemetry.h"

namespace holdfast::simulate {

class SimulatedDevice final : public net::MqttClientHandler {
public:
    /// `number` from 1. The ground must outlive the device.
    SimulatedDevice(FleetGround& ground, std::uint32_t number, Time first_connect);

    /// Does what its plan says is due.
    void on_time(Time now);
    [[nodiscard]] Time deadline() const noexcept {
        return answerer_ ? std::min(plan_.deadline(), answerer_->deadline()) : plan_.deadline();
    }

    /// No further messages; the connection stays.
    void stop_publishing() noexcept { plan_.stop(); }
    void say_goodbye() { client_.disconnect(); }
    void step_aside(Time now);
    [[nodiscard]] bool is_closed() const noexcept { return client_.is_closed(); }
    /// Messages whose fate is not known yet.
    [[nodiscard]] std::size_t on_the_way() const noexcept { return ledger_.size(); }

    void on_event(net::MqttClient& client, const mqtt::ClientEvent& event) override;
    void on_closed(net::MqttClient& client, const net::MqttClosed& closed) override;

private:
    void connect(Time now);
    void subscribe();
    void publish(Time now);
    void on_command(const mqtt::PublishView& message, Time now);
    void give_answers(Time now);
    void crash(Time now);
    void on_message(const mqtt::PublishView& message, Time now);
    void on_disconnected(const mqtt::client_event::Disconnected& disconnected, Time now);
    void go_aside(Time now);
    void gone();
    [[nodiscard]] bool was_taken_over_in_silence();

    FleetGround& ground_;
    std::string id_;
    DevicePlan plan_;
    Dice dice_;
    net::MqttClient client_;
    std::unique_ptr<CommandAnswerer> answerer_;  ///< only when it answers commands
    EchoLedger ledger_;                          ///< with echo by seq, else by ticket
    std::uint64_t seq_ = 0;
    Time connecting_since_{};
    /// When the connection was lost without a word, if it was.
    Time lost_at_ = Time::min();
    std::uint32_t number_;
    bool connected_ = false;
    bool was_connected_ = false;
    bool ended_without_a_word_ = false;
    bool told_of_takeover_ = false;
    bool aside_ = false;
};

}  // namespace holdfast::simulate
