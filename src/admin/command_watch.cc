#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <memory>
#include <utility>

#include "admin/command_answers.h"
#include "admin/command_views.h"
#include "admin/handlers.h"
#include "admin/page.h"

namespace holdfast::admin {

namespace asio = boost::asio;

namespace {

/// Follows commands for one client. What the client has not taken waits here, up to a bound; beyond it the oldest go, and the
/// client is told how many. One that takes nothing at all is ended by the session's time-out.
class CommandFollower final : public ResponseSource {
public:
    using Filter = control::CommandPort::WatchFilter;

    CommandFollower(Api& api, const Filter& filter)
        : options_(api.options), timer_(api.io), streams_(api.event_streams), one_(filter.id.has_value()) {
        ++*streams_;
        watching_ = api.commands->watch(filter, [this](const command::Command& command) { changed(command); });
    }
    ~CommandFollower() override { --*streams_; }
    CommandFollower(const CommandFollower&) = delete;
    CommandFollower& operator=(const CommandFollower&) = delete;

    void changed(const command::Command& command) {
        if (last_) return;
        last_ = one_ && is_terminal(command.state);
        waiting_.push_back(fmt::format("event: {}\ndata: {}\n\n", to_string(command.state), command_text(command)));
        bytes_ += waiting_.back().size();
        while (waiting_.size() > 1 &&
               (waiting_.size() > options_.max_followed_commands || bytes_ > options_.max_followed_bytes)) {
            bytes_ -= waiting_.front().size();
            waiting_.pop_front();
            ++missed_;
        }
        timer_.cancel();
    }

    asio::awaitable<std::optional<std::string>> next() override {
        if (!greeted_) {
            greeted_ = true;
            co_return std::string("retry: 1000\n: holdfast commands\n\n");
        }
        if (!cancelled_ && waiting_.empty()) {
            if (last_) co_return std::nullopt;
            timer_.expires_after(options_.event_heartbeat);
            co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
        }
        if (cancelled_) co_return std::nullopt;
        if (waiting_.empty()) co_return std::string(": still here\n\n");
        std::string text;
        if (missed_ > 0) text = fmt::format("event: missed\ndata: {{\"missed\":{}}}\n\n", std::exchange(missed_, 0));
        for (std::size_t i = 0; i < options_.event_batch && !waiting_.empty(); ++i) {
            text += waiting_.front();
            bytes_ -= waiting_.front().size();
            waiting_.pop_front();
        }
        co_return text;
    }

    void cancel() override {
        cancelled_ = true;
        timer_.cancel();
    }

private:
    const AdminOptions& options_;
    asio::steady_timer timer_;
    std::shared_ptr<std::size_t> streams_;
    std::deque<std::string> waiting_;
    std::size_t bytes_ = 0;
    std::uint64_t missed_ = 0;
    bool one_ = false;   ///< follows one command, and ends with it
    bool last_ = false;  ///< nothing comes behind what waits
    bool greeted_ = false;
    bool cancelled_ = false;
    std::unique_ptr<control::Watching> watching_;
};

}  // namespace

Answer watch_commands(Api& api, const Request& request) {
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal = refuse_unknown_parameters(request, {"device", "job", "id"})) co_return std::move(*refusal);
    if (*api.event_streams >= api.options.max_event_streams)
        co_return unavailable(fmt::format("{} clients follow events already, which is as many as may", *api.event_streams));
    CommandFollower::Filter filter;
    if (const auto device = request.query.get("device")) filter.device = *device;
    if (const auto job = request.query.get("job")) filter.job = *job;
    std::optional<command::Command> now;
    if (const auto text = request.query.get("id")) {
        filter.id = command::CommandId::parse(*text);
        if (!filter.id) co_return no_such_command(*text);
        auto command = api.commands->get(*filter.id);
        if (!command) co_return refuse_command(command.error());
        now = std::move(*command);
    }
    Response response;
    response.content_type = "text/event-stream";
    auto follower = std::make_unique<CommandFollower>(api, filter);
    // Who follows one command first learns how it stands.
    if (now) follower->changed(*now);
    response.source = std::move(follower);
    co_return response;
}

}  // namespace holdfast::admin
