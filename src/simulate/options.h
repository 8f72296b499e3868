#pragma once
// What a simulation is asked to do.

#include <cstdint>
#include <string>

#include "base/time.h"
#include "mqtt/types.h"
#include "net/address.h"
#include "simulate/command_answerer.h"
#include "simulate/profile.h"

namespace holdfast::simulate {

struct Options {
    net::HostPort to{"127.0.0.1", 1883};
    std::uint32_t devices = 100;
    /// Messages per second of each device, on average.
    double rate = 0.2;
    Profile profile = Profile::steady;
    /// Ids are prefix + number from 1: "meter-1", "meter-2", ... Letters, digits and -_.:@ only.
    std::string prefix = "meter-";
    mqtt::Version version = mqtt::Version::v5;
    mqtt::QoS qos = mqtt::QoS::at_most_once;
    /// Bytes of a message at least; its natural size is about 150.
    std::uint32_t payload = 0;
    /// Seconds; 0 = none.
    std::uint16_t keepalive = 60;
    /// First connections per second, spread evenly. Returns are paced by each device's own back-off.
    double connect_rate = 200;
    /// How long publishing goes on after the start; zero = until stopped.
    Duration duration{};
    Duration report_interval = std::chrono::seconds(1);
    /// Each device subscribes to its own telemetry, so that loss and latency of the whole way are known.
    bool echo = false;
    /// Each device executes the commands on `holdfast/<id>/command/#` and answers them, as `answers` says.
    bool commands = false;
    AnswerOptions answers = {};
    /// The same seed plans the same lives.
    std::uint64_t seed = 1;
    /// Leave an id alone once somebody else has taken it over, instead of fighting for it. MQTT 5 servers may say so (0x8E).
    /// Many do not; so a connection that ends for no reason that is told, while no other does, is taken for the same.
    bool yield_ids = false;
    /// With `yield_ids`: for how long; Duration::max() = until stopped. Ends by itself because the above is a guess.
    Duration step_aside = std::chrono::minutes(10);
    std::string username;
    std::string password;
};

/// Nothing, or what is wrong with the options, as a sentence.
[[nodiscard]] std::string problem_with(const Options& options);

}  // namespace holdfast::simulate
