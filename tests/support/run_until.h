#pragma once
// Waiting in tests: the io_context runs until a condition holds or its deadline has passed. No sleeps.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>

namespace holdfast::test {

/// True when `condition` came to hold in time.
inline bool run_until(boost::asio::io_context& io, const std::function<bool()>& condition,
                      std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    constexpr auto look_again = std::chrono::milliseconds(10);
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        if (io.stopped()) io.restart();
        io.run_one_for(look_again);
    }
    return true;
}

}  // namespace holdfast::test
