#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <chrono>
#include <utility>
#include <vector>

#include "admin/api_change.h"
#include "admin/handlers.h"
#include "admin/json_views.h"
#include "admin/page.h"
#include "admin/problem.h"

namespace holdfast::admin {

namespace asio = boost::asio;

namespace {

std::optional<std::uint64_t> read_number(std::string_view text) noexcept {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (text.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return value;
}

std::string sse_event(const fleet::Event& event) {
    // JSON has no raw newlines, so one `data` line is enough.
    return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.seq, to_string(event.kind),
                       boost::json::serialize(event_view(event)));
}

std::string sse_missed(std::uint64_t missed) {
    return fmt::format("event: missed\ndata: {{\"missed\":{}}}\n\n", missed);
}

/// Follows the fleet's event log for one client. It reads at the client's pace: what a slow client has not got is only in the
/// log, which forgets; the client is then told how many it missed. One that takes nothing at all is ended by the session's
/// time-out.
class EventFollower final : public ResponseSource {
public:
    EventFollower(Api& api, std::uint64_t after)
        : api_(api),
          after_(after),
          timer_(api.io),
          streams_(api.event_streams),
          subscription_(api.control->event_signal().subscribe([this] { timer_.cancel(); })) {
        ++*streams_;
    }
    ~EventFollower() override { --*streams_; }
    EventFollower(const EventFollower&) = delete;
    EventFollower& operator=(const EventFollower&) = delete;

    asio::awaitable<std::optional<std::string>> next() override {
        if (!greeted_) {
            greeted_ = true;
            // A comment at once, so that the client knows that the stream stands.
            co_return std::string("retry: 1000\n: holdfast events\n\n");
        }
        if (!cancelled_ && api_.control->fleet().events().last_seq() <= after_) {
            timer_.expires_after(api_.options.event_heartbeat);
            co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
        }
        if (cancelled_) co_return std::nullopt;
        const auto page = api_.control->fleet().events().after(after_, api_.options.event_batch);
        if (page.events.empty()) co_return std::string(": still here\n\n");
        std::string text;
        if (page.missed > 0) text += sse_missed(page.missed);
        for (const fleet::Event& event : page.events)
            text += sse_event(event);
        after_ = page.events.back().seq;
        co_return text;
    }

    void cancel() override {
        cancelled_ = true;
        timer_.cancel();
    }

private:
    Api& api_;
    std::uint64_t after_;
    asio::steady_timer timer_;
    std::shared_ptr<std::size_t> streams_;
    bool greeted_ = false;
    bool cancelled_ = false;
    control::EventSignal::Subscription subscription_;
};

Response follow(Api& api, std::uint64_t after) {
    if (*api.event_streams >= api.options.max_event_streams) {
        return unavailable(fmt::format("{} clients follow events already, which is as many as may", *api.event_streams));
    }
    Response response;
    response.content_type = "text/event-stream";
    response.source = std::make_unique<EventFollower>(api, after);
    return response;
}

}  // namespace

Answer list_or_follow_events(Api& api, const Request& request) {
    PageRequest page;
    if (auto refusal = refuse_unknown_parameters(request, {"limit", "since"})) co_return std::move(*refusal);
    if (auto refusal = read_page(api, request, page)) co_return std::move(*refusal);
    const fleet::EventLog& log = api.control->fleet().events();
    const bool as_json = request.accept.find("application/json") != std::string::npos;
    // A follower without a place begins with what happens from now on; a list with all that is kept.
    std::uint64_t after = as_json ? 0 : log.last_seq();
    if (const auto since = request.query.get("since")) {
        const auto number = read_number(*since);
        if (!number) co_return invalid_value("'since' must be an event's id; events after it are given", "?since");
        after = *number;
    }
    if (const auto last = read_number(request.last_event_id)) after = *last;
    // Ids of an earlier process are beyond this one's: begin with the first.
    if (after > log.last_seq()) after = 0;
    if (!as_json) co_return follow(api, after);

    const auto events = log.after(after, page.limit);
    boost::json::array items;
    for (const fleet::Event& event : events.events)
        items.emplace_back(event_view(event));
    boost::json::object body;
    body["items"] = std::move(items);
    body["missed"] = events.missed;
    const bool more = !events.events.empty() && events.events.back().seq < log.last_seq();
    body["next"] = more ? boost::json::value(events.events.back().seq) : boost::json::value(nullptr);
    body["last"] = log.last_seq();
    co_return json_response(std::move(body));
}

}  // namespace holdfast::admin
