#pragma once
// Messages between centre and channels as tests and the fuzzer make them.

#include <string>
#include <vector>

#include "command/channel_message.h"

namespace holdfast::command {

constexpr WallTime sample_time{std::chrono::milliseconds(1'790'000'000'000)};

inline Request sample_request() {
    return {.id = CommandId(0x0123'4567'89AB'CDEF, 42),
            .attempt = 7,
            .device = "meter-7",
            .name = "set-rate",
            .payload = std::string("\0\xFFpayload", 9),
            .content_type = "application/json",
            .deadline = sample_time,
            .centre = "centre-1"};
}

inline std::vector<Report> sample_reports() {
    std::vector<Report> reports;
    const auto add = [&](decltype(Report::what) what) {
        reports.push_back(
            {.id = CommandId(3, 4), .attempt = 2, .device = "meter-7", .at = sample_time, .what = std::move(what)});
    };
    add(NotSent{.reason = Reason::not_subscribed, .detail = "nobody listens"});
    add(Sent{.node = "east-1"});
    add(SendUnclear{.node = "east-2", .detail = "the session ended"});
    add(Delivered{.by_device = true, .last_word = false});
    add(Delivered{.by_device = false, .last_word = true});
    add(Replied{.verdict = Replied::Verdict::rejected,
                .result = std::string("\0result", 7),
                .content_type = "text/plain",
                .cut = true,
                .detail = "door is open"});
    return reports;
}

}  // namespace holdfast::command
