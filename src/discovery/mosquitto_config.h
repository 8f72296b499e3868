#pragma once
// The configuration file of a local Mosquitto node, as text.

#include <cstdint>
#include <string>

namespace holdfast::discovery {

struct MosquittoConfig {
    std::string node;     ///< for the heading only
    std::string address;  ///< a number: where it listens
    std::uint16_t port = 0;
    std::string persistence_dir;  ///< absolute; its mosquitto.db lives there
    /// The user to stay when started by root. Mosquitto would else become "mosquitto", which cannot write here.
    std::string user;
    /// Messages waiting for one client that is away, or has not acknowledged yet.
    std::uint32_t max_queued_messages = 100'000;
    std::uint64_t max_queued_bytes = 256ULL << 20;
    /// Sessions of clients that never came back are forgotten after this many days.
    std::uint32_t persistent_client_expiration_days = 14;
    std::uint32_t autosave_seconds = 60;
};

/// Mosquitto 2's configuration syntax.
[[nodiscard]] std::string mosquitto_config_text(const MosquittoConfig& config);

}  // namespace holdfast::discovery
