#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <chrono>
#include <memory>
#include <ostream>
#include <thread>

#include "cli/commands.h"
#include "cli/sentinel_client.h"
#include "cli/text_table.h"
#include "cli/time_text.h"

namespace holdfast::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t page_size = 1000;
constexpr std::chrono::seconds reconnect_pause{1};

struct EventArguments {
    bool follow = false;
    std::string since;
    std::size_t count = 0;  ///< with --follow: end after so many; 0: never
    std::size_t limit = 50;
};

Tone tone_of_severity(std::string_view severity) noexcept {
    if (severity == "warning") return Tone::bad;
    return severity == "notice" ? Tone::warn : Tone::faint;
}

void print_event(const Call& call, const json::value& event) {
    if (call.json) {
        call.print_json(event);
    } else {
        // The date is left out: the log of one process is looked at while it runs.
        const std::string time = text_at(event, "time");
        const std::string clock = time.size() > 19 ? time.substr(11, 8) : time;
        const std::string kind = fmt::format("{:<20}", text_at(event, "kind"));
        call.print(fmt::format("{}  {}  {}\n", clock,
                               painted(kind, tone_of_severity(text_at(event, "severity")), call.colour()),
                               printable(text_at(event, "sentence"))));
    }
    call.surroundings().out.flush();
}

bool is_number(std::string_view text) noexcept {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Where to begin, as an event's id: the one given, the first one within the time given, or so that `limit` are left.
Result<std::string> find_start(ApiClient& api, const Call& call, const EventArguments& arguments) {
    if (is_number(arguments.since)) return arguments.since;
    const auto newest = api.get(Target("/api/v1/events").with("limit", "1").text());
    if (!newest) return std::unexpected(newest.error());
    const std::uint64_t last = count_at(*newest, "last");
    const auto span = parse_span(arguments.since);
    if (!span) {
        const std::size_t wanted = arguments.follow ? 0 : arguments.limit;
        return std::to_string(last > wanted ? last - wanted : 0);
    }
    const WallTime begin = call.now() - *span;
    std::uint64_t after = 0;
    while (true) {
        const auto page = api.get(
            Target("/api/v1/events").with("limit", std::to_string(page_size)).with("since", std::to_string(after)).text());
        if (!page) return std::unexpected(page.error());
        for (const json::value& event : list_at(*page, "items")) {
            const auto moment = parse_rfc3339(text_at(event, "time"));
            if (moment && *moment >= begin) return std::to_string(after);
            after = count_at(event, "id");
        }
        if (member(*page, "next").is_null()) return std::to_string(after);
    }
}

ExitCode list_events(ApiClient& api, const Call& call, std::string since) {
    while (true) {
        const auto page =
            api.get(Target("/api/v1/events").with("limit", std::to_string(page_size)).with("since", since).text());
        if (!page) return call.fail(page.error());
        for (const json::value& event : list_at(*page, "items"))
            print_event(call, event);
        if (member(*page, "next").is_null()) return ExitCode::ok;
        since = text_at(*page, "next");
    }
}

ExitCode follow_events(ApiClient& api, const Call& call, const EventArguments& arguments, std::string since) {
    std::size_t seen = 0;
    bool told = false;
    while (true) {
        const auto ended = api.follow("/api/v1/events", since, [&](const ApiClient::StreamEvent& event) {
            told = false;
            boost::system::error_code malformed;
            const json::value data = json::parse(event.data, malformed);
            if (malformed) return true;
            if (event.event == "missed") {
                call.surroundings().err << "holdfast: " << text_at(data, "missed") << " events were missed\n";
                return true;
            }
            since = event.id;
            print_event(call, data);
            return arguments.count == 0 || ++seen < arguments.count;
        });
        if (arguments.count > 0 && seen >= arguments.count) return ExitCode::ok;
        if (!ended && exit_code_of(ended.error()) != ExitCode::unreachable) return call.fail(ended.error());
        if (!told) call.surroundings().err << "holdfast: the stream ended; connecting again\n";
        told = true;
        std::this_thread::sleep_for(reconnect_pause);
    }
}

/// As one of the API's events.
json::value event_of_sentinel(const Call& call, const std::string& event, const std::string& text) {
    const bool is_bad = event == "+sdown" || event == "+odown" || event.starts_with("-failover");
    json::object view;
    view["time"] = format_rfc3339(call.now());
    view["kind"] = event;
    view["severity"] = is_bad ? "warning" : event.starts_with("+switch") ? "notice" : "info";
    view["sentence"] = text;
    return view;
}

ExitCode follow_sentinel(const Call& call, const EventArguments& arguments) {
    if (!arguments.follow || !arguments.since.empty())
        return call.fail(ExitCode::usage, "a sentinel keeps no events: only --follow, without --since");
    const auto place = find_sentinel(call.sentinel.address, call.sentinel, call.surroundings().environment);
    if (!place) return call.fail(place.error());
    if (const auto there = SentinelClient(*place).ask({"PING"}); !there) return call.fail(there.error());
    std::size_t seen = 0;
    bool told = false;
    while (true) {
        SentinelClient sentinel(*place);
        const auto ended = sentinel.follow([&](const std::string& event, const std::string& text) {
            told = false;
            print_event(call, event_of_sentinel(call, event, text));
            return arguments.count == 0 || ++seen < arguments.count;
        });
        if (ended) return ExitCode::ok;
        if (exit_code_of(ended.error()) != ExitCode::unreachable) return call.fail(ended.error());
        if (!told) call.surroundings().err << "holdfast: the stream ended; connecting again\n";
        told = true;
        std::this_thread::sleep_for(reconnect_pause);
    }
}

ExitCode events(const Call& call, const EventArguments& arguments) {
    if (!arguments.since.empty() && !is_number(arguments.since) && !parse_span(arguments.since)) {
        return call.fail(ExitCode::usage, "--since takes an event's id, or how far back: 90s, 5m, 2h, 1d");
    }
    if (!call.sentinel.address.empty()) return follow_sentinel(call, arguments);
    auto api = call.client();
    if (!api) return call.fail(api.error());
    const auto since = find_start(*api, call, arguments);
    if (!since) return call.fail(since.error());
    return arguments.follow ? follow_events(*api, call, arguments, *since) : list_events(*api, call, *since);
}

}  // namespace

void add_event_command(CLI::App& app, CommandSet& set) {
    const auto arguments = std::make_shared<EventArguments>();
    Call& call = set.call;
    CLI::App* const command = app.add_subcommand("events", "What happens: nodes, devices, moves, fights");
    command->add_flag("-f,--follow", arguments->follow, "Go on with what happens from now on, until Ctrl-C");
    command->add_option("--since", arguments->since, "Begin after the event of this id, or so far back: 90s, 5m, 2h, 1d");
    command->add_option("--limit", arguments->limit, "Without --since: the last so many")->capture_default_str();
    command->add_option("--count", arguments->count, "With --follow: end after so many events");
    add_sentinel_place_options(*command, call);
    // The variable is left to commands that a sentinel answers as the API does.
    command->get_option("--sentinel")->description("Follow the events of this sentinel, host:port, and not the API's");
    command->callback([&set, &call, arguments] { set.choose([&call, arguments] { return events(call, *arguments); }); });
}

}  // namespace holdfast::cli
