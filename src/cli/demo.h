#pragma once
// `holdfast up --demo`: settings for two local clusters, a simulated fleet, and one screen that tells what to try.

#include <string>
#include <string_view>

#include "simulate/options.h"

namespace holdfast::cli {

/// The demo's settings file.
[[nodiscard]] std::string_view demo_settings() noexcept;

/// A hundred devices that connect to `address` ("host:port", as the gateway listens), publish telemetry and answer commands.
/// They leave an id to whoever else takes it, so that a person can play any of them.
[[nodiscard]] simulate::Options demo_fleet(const std::string& address);

struct Screen {
    std::string devices;  ///< where devices connect, "host:port"
    std::string api;
    std::string rpc;  ///< empty: none
    std::string token_file;
    std::string data_dir;
};
/// What `holdfast up` prints once it is up; with the demo's part or without.
[[nodiscard]] std::string screen(const Screen& what, bool demo);

}  // namespace holdfast::cli
