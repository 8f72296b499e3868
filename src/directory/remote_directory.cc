#include "directory/remote_directory.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <random>
#include <utility>

#include "control/watchers.h"
#include "directory/fleet_picture.h"
#include "runtime/log.h"

namespace holdfast::directory {

namespace asio = boost::asio;

class RemoteDirectory::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::io_context& io, const Clock& clock, FindFleet find_fleet, const RemoteDirectoryOptions& options)
        : io_(io),
          clock_(clock),
          find_fleet_(std::move(find_fleet)),
          options_(options),
          picture(options.max_devices),
          random_(std::random_device{}()),
          pause_(io) {}

    void start(std::function<void()> complete) {
        complete_ = std::move(complete);
        asio::co_spawn(io_, live(shared_from_this()), [](const std::exception_ptr& thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
    }

    void stop() {
        stopped_ = true;
        complete_ = nullptr;
        pause_.cancel();
        if (stream_) stream_->stop();
    }

    [[nodiscard]] RemoteDirectoryStatus status() const {
        return {.complete = picture.complete(), .connected = connected_, .sentence = sentence_, .devices = picture.size()};
    }

private:
    asio::io_context& io_;
    const Clock& clock_;
    const FindFleet find_fleet_;
    const RemoteDirectoryOptions options_;

public:
    FleetPicture picture;
    control::Watchers<std::string_view> device_watchers;
    control::Watchers<> node_watchers;

private:
    static asio::awaitable<void> live(std::shared_ptr<Impl> self) {
        while (!self->stopped_) {
            const Error why = co_await self->follow();
            if (self->stopped_) co_return;
            self->lost(why);
            self->pause_.expires_after(self->next_pause());
            co_await self->pause_.async_wait(asio::as_tuple(asio::use_awaitable));
        }
    }

    asio::awaitable<Error> follow() {
        auto place = find_fleet_();
        if (!place) co_return std::move(place).error();
        picture.begin();
        stream_.emplace(io_);
        Error why = co_await stream_->run(std::move(*place),
                                          [this](std::string_view event, std::string_view data) { return take(event, data); });
        stream_.reset();
        co_return why;
    }

    Result<> take(std::string_view event, std::string_view data) {
        if (stopped_) return {};
        auto changes = picture.take(event, data);
        if (!changes) return std::unexpected(std::move(changes).error());
        if (changes->completed) {
            connected_ = true;
            failures_ = 0;
            sentence_.clear();
            log::info("directory", "the fleet's picture is complete: {} devices in {} clusters", picture.size(),
                      picture.clusters().size());
        }
        // Nodes first: a channel that hears of a device must know where its node is.
        if (changes->nodes) node_watchers.tell();
        for (const std::string& device : changes->devices) {
            if (stopped_) return {};
            device_watchers.tell(device);
        }
        if (changes->completed && complete_) std::exchange(complete_, nullptr)();
        return {};
    }

    void lost(const Error& why) {
        sentence_ = why.message();
        if (std::exchange(connected_, false)) {
            log::warning("directory", "{}; the last picture of the fleet stays until there is a new one", sentence_);
        } else {
            repeated_.write(clock_.now(), log::Level::warning, "directory", sentence_);
        }
    }

    Duration next_pause() {
        const Duration longest =
            std::min(options_.backoff_longest, options_.backoff_first * (std::int64_t{1} << std::min(failures_, 20U)));
        ++failures_;
        return Duration(std::uniform_int_distribution<std::int64_t>(0, longest.count())(random_));
    }

    std::mt19937_64 random_;
    asio::steady_timer pause_;
    std::optional<PlaceStream> stream_;
    std::function<void()> complete_;
    log::RepeatLimit repeated_{1, std::chrono::seconds(30)};
    std::string sentence_ = "the fleet's API was not asked yet";
    unsigned failures_ = 0;
    bool connected_ = false;
    bool stopped_ = false;
};

RemoteDirectory::RemoteDirectory(asio::io_context& io, const Clock& clock, FindFleet find_fleet, RemoteDirectoryOptions options)
    : impl_(std::make_shared<Impl>(io, clock, std::move(find_fleet), options)) {}

RemoteDirectory::~RemoteDirectory() {
    stop();
}

void RemoteDirectory::start(std::function<void()> complete) {
    impl_->start(std::move(complete));
}

void RemoteDirectory::stop() {
    impl_->stop();
}

RemoteDirectoryStatus RemoteDirectory::status() const {
    return impl_->status();
}

command::DevicePlace RemoteDirectory::find(std::string_view device) {
    return impl_->picture.find(device);
}

std::vector<std::string> RemoteDirectory::tagged(std::string_view tag, std::string_view after, std::size_t limit) {
    return impl_->picture.tagged(tag, after, limit);
}

std::vector<std::string> RemoteDirectory::clusters() {
    return impl_->picture.clusters();
}

std::vector<control::NodePlace> RemoteDirectory::nodes(std::string_view cluster) {
    return impl_->picture.nodes(cluster);
}

std::unique_ptr<control::Watching> RemoteDirectory::watch_devices(std::function<void(std::string_view device)> changed) {
    return impl_->device_watchers.add(std::move(changed));
}

std::unique_ptr<control::Watching> RemoteDirectory::watch_nodes(std::function<void()> changed) {
    return impl_->node_watchers.add(std::move(changed));
}

}  // namespace holdfast::directory
