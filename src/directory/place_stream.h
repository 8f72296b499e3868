#pragma once
// One reading of `GET /api/v1/places`, from the connection to its end.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::directory {

enum class StreamErrc : std::uint16_t { unreachable, refused, broken };
[[nodiscard]] const ErrorCategory& error_category(StreamErrc) noexcept;

/// Where the fleet's API is, and what opens it. The token is never logged.
struct FleetPlace {
    std::string host = {};
    std::string port = {};
    std::string token = {};
};

class PlaceStream {
public:
    /// What the stream says, event by event. An error ends the stream.
    using Take = std::function<Result<>(std::string_view event, std::string_view data)>;

    explicit PlaceStream(boost::asio::io_context& io);
    ~PlaceStream();
    PlaceStream(const PlaceStream&) = delete;
    PlaceStream& operator=(const PlaceStream&) = delete;

    /// Reads until the stream ends, and says why it did. Once; the stream must live until then.
    [[nodiscard]] boost::asio::awaitable<Error> run(FleetPlace place, Take take);
    /// Ends `run` soon.
    void stop();

private:
    struct Connection;
    std::unique_ptr<Connection> connection_;
};

}  // namespace holdfast::directory
