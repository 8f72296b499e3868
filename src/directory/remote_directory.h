#pragma once
// The device directory of a process without a fleet: a picture of it, kept from the API of the process that has it. While that
// one cannot be reached the last picture stays, and `status` says so; it is asked again, with full jitter, for as long as it
// takes.
//
// Threads: the thread that runs `io`.

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "control/device_directory.h"
#include "directory/place_stream.h"

namespace holdfast::directory {

struct RemoteDirectoryOptions {
    /// The n-th pause is evenly from 0 to min(longest, first * 2^(n-1)).
    Duration backoff_first = std::chrono::milliseconds(100);
    Duration backoff_longest = std::chrono::seconds(2);
    std::size_t max_devices = 10'000'000;
};

struct RemoteDirectoryStatus {
    bool complete = false;      ///< there is a picture
    bool connected = false;     ///< it is kept up to date now
    std::string sentence = {};  ///< while not connected: why
    std::size_t devices = 0;
};

class RemoteDirectory final : public control::DeviceDirectory {
public:
    /// Asked before each connection, as the other process may have come back elsewhere.
    using FindFleet = std::function<Result<FleetPlace>()>;

    /// `io` and `clock` must outlive this object.
    RemoteDirectory(boost::asio::io_context& io, const Clock& clock, FindFleet find_fleet, RemoteDirectoryOptions options = {});
    ~RemoteDirectory() override;
    RemoteDirectory(const RemoteDirectory&) = delete;
    RemoteDirectory& operator=(const RemoteDirectory&) = delete;

    /// Calls `complete` once, when there is a first whole picture. Until then no device is known.
    void start(std::function<void()> complete);
    /// Nothing is called back afterwards; the last picture stays.
    void stop();
    [[nodiscard]] RemoteDirectoryStatus status() const;

    [[nodiscard]] command::DevicePlace find(std::string_view device) override;
    [[nodiscard]] std::vector<std::string> tagged(std::string_view tag, std::string_view after, std::size_t limit) override;
    [[nodiscard]] std::vector<std::string> clusters() override;
    [[nodiscard]] std::vector<control::NodePlace> nodes(std::string_view cluster) override;
    [[nodiscard]] std::unique_ptr<control::Watching> watch_devices(
        std::function<void(std::string_view device)> changed) override;
    [[nodiscard]] std::unique_ptr<control::Watching> watch_nodes(std::function<void()> changed) override;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::directory
