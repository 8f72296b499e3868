#include "cli/command_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "cli/plain_json.h"
#include "cli/text_table.h"
#include "cli/time_text.h"

namespace holdfast::cli {

namespace json = boost::json;

namespace {

using Align = TextTable::Align;

Tone tone_of_command(std::string_view state) noexcept {
    if (state == "succeeded") return Tone::good;
    if (state == "failed" || state == "rejected" || state == "timed_out" || state == "expired" || state == "aborted")
        return Tone::bad;
    if (state == "cancelled" || state == "scheduled") return Tone::faint;
    return Tone::plain;
}

TextTable::Cell command_state(const json::value& object) {
    std::string text = shown_at(object, "state");
    const Tone tone = tone_of_command(text);
    return {std::move(text), tone};
}

/// "35 ms", "1.20 s", and coarser for what takes longer.
std::string length_words(std::chrono::milliseconds length) {
    const auto count = length.count();
    if (count < 1000) return fmt::format("{} ms", count);
    if (count < 60'000) return fmt::format("{:.2f} s", static_cast<double>(count) / 1000);
    return in_words(length);
}

/// From one moment of the command to another; "-" when one of them is not there.
std::string between(const json::value& command, const json::value& object, std::string_view name) {
    const auto begin = parse_rfc3339(text_at(command, "created_at"));
    const auto end = parse_rfc3339(text_at(object, name));
    if (!begin || !end) return "-";
    return "+" + length_words(*end - *begin);
}

/// "2026-12-01T08:00:00.000Z" and how far that is from now.
std::string moment_words(std::string_view text, WallTime now) {
    const auto moment = parse_rfc3339(text);
    if (!moment) return "-";
    if (*moment <= now) return fmt::format("{}, {} ago", text, in_words(now - *moment));
    return fmt::format("{}, in {}", text, in_words(*moment - now));
}

std::string payload_words(const json::value& command) {
    if (const std::string encoded = text_at(command, "payload_base64"); !encoded.empty())
        return fmt::format("{} bytes ({})", encoded.size() / 4 * 3, shown_at(command, "content_type"));
    const json::value& data = member(command, "data");
    return data.is_null() ? "-" : plain_json(data);
}

std::string result_words(const json::value& command) {
    if (const std::string encoded = text_at(command, "result_base64"); !encoded.empty())
        return fmt::format("{} bytes, as base64: {}", encoded.size() / 4 * 3, encoded);
    const json::value& result = member(command, "result");
    if (result.is_null()) return {};
    // Text that a device gave as its answer is shown without quotes.
    return result.is_string() ? text_at(command, "result") : plain_json(result);
}

std::size_t attempts_of(const json::value& command) {
    return list_at(command, "attempts").size();
}

std::string tries_words(const json::value& command) {
    const std::size_t attempts = attempts_of(command);
    return fmt::format("{} attempt{}", attempts, attempts == 1 ? "" : "s");
}

}  // namespace

bool command_has_ended(const json::value& command) {
    return !member(command, "ended_at").is_null();
}

void print_commands(const Call& call, const json::value& answer) {
    TextTable table(
        {{"COMMAND"}, {"DEVICE"}, {"NAME"}, {"STATE"}, {"EXECUTED"}, {"REASON"}, {"TRIES", Align::right}, {"CREATED"}});
    for (const json::value& command : list_at(answer, "items")) {
        table.add({{text_at(command, "id")},
                   {text_at(command, "device")},
                   {text_at(command, "name")},
                   command_state(command),
                   {text_at(command, "executed")},
                   {shown_at(command, "reason")},
                   {fmt::format("{}", attempts_of(command))},
                   {ago_words(text_at(command, "created_at"), call.now())}});
    }
    if (table.empty()) {
        call.print("No such commands.\n");
        return;
    }
    call.print(table.render(call.colour()));
    if (!member(answer, "next").is_null()) call.print("... and more; see them with --limit 0\n");
}

void print_command(const Call& call, const json::value& command) {
    const WallTime now = call.now();
    std::vector<std::pair<std::string, TextTable::Cell>> fields = {
        {"command", {text_at(command, "id")}},
        {"device", {text_at(command, "device")}},
        {"name", {text_at(command, "name")}},
        {"data", {payload_words(command)}},
        {"state", command_state(command)},
        {"executed", {text_at(command, "executed")}},
        {"explanation", {shown_at(command, "explanation")}},
    };
    if (const std::string result = result_words(command); !result.empty())
        fields.push_back({"result", {flag_at(command, "result_cut") ? result + " (cut)" : result}});
    fields.push_back({"created", {moment_words(text_at(command, "created_at"), now)}});
    if (!member(command, "deliver_at").is_null())
        fields.push_back({"deliver at", {moment_words(text_at(command, "deliver_at"), now)}});
    fields.push_back({"deadline", {moment_words(text_at(command, "deadline"), now)}});
    if (command_has_ended(command))
        fields.push_back(
            {"ended",
             {fmt::format("{}, after {}", text_at(command, "ended_at"), between(command, command, "ended_at").substr(1))}});
    fields.push_back({"while offline", {text_at(command, "offline")}});
    fields.push_back({"order", {text_at(command, "order")}});
    fields.push_back({"sent by", {text_at(command, "submitted_by")}});
    for (const auto& [name, title] :
         {std::pair("job", "job"), std::pair("idempotency_key", "key"), std::pair("webhook", "webhook")}) {
        if (!text_at(command, name).empty()) fields.push_back({title, {text_at(command, name)}});
    }
    call.print(render_fields(fields, call.colour()));
    if (attempts_of(command) == 0) return;
    TextTable table({{"TRY", Align::right},
                     {"QUEUED", Align::right},
                     {"SENT", Align::right},
                     {"DELIVERED", Align::right},
                     {"ENDED", Align::right},
                     {"NODE"},
                     {"FATE"},
                     {"WHY"}});
    for (const json::value& attempt : list_at(command, "attempts")) {
        const std::string detail = text_at(attempt, "detail");
        table.add(
            {{text_at(attempt, "number")},
             {between(command, attempt, "queued_at")},
             {between(command, attempt, "sent_at")},
             {between(command, attempt, "delivered_at")},
             {between(command, attempt, "ended_at")},
             {shown_at(attempt, "node")},
             {text_at(attempt, "fate")},
             {detail.empty() ? shown_at(attempt, "reason") : fmt::format("{}: {}", shown_at(attempt, "reason"), detail)}});
    }
    call.print("\n" + table.render(call.colour()));
}

void print_outcome(const Call& call, const json::value& command) {
    const std::string state = text_at(command, "state");
    const std::string what = printable(fmt::format("{} on {}", text_at(command, "name"), text_at(command, "device")));
    const std::string painted_state = painted(state, tone_of_command(state), call.colour());
    if (!command_has_ended(command)) {
        call.print(fmt::format("{} is {}: {}.\nGo on waiting with: holdfast command watch {}\n", what, painted_state,
                               printable(text_at(command, "explanation")), text_at(command, "id")));
        return;
    }
    const std::string took = between(command, command, "ended_at").substr(1);
    if (state == "succeeded") {
        call.print(fmt::format("{} {} after {} ({}).\n", what, painted_state, took, tries_words(command)));
    } else {
        call.print(fmt::format("{} {} after {} ({}): {}.\nExecuted: {}. More: holdfast command show {}\n", what, painted_state,
                               took, tries_words(command), printable(text_at(command, "explanation")),
                               text_at(command, "executed"), text_at(command, "id")));
    }
    if (const std::string result = result_words(command); !result.empty()) call.print(printable(result) + "\n");
}

void print_command_change(const Call& call, const json::value& command) {
    const std::string state = text_at(command, "state");
    const std::string padded = fmt::format("{:<9}", state);
    std::string line = fmt::format("{}  {}  {}", text_at(command, "id"), painted(padded, tone_of_command(state), call.colour()),
                                   printable(fmt::format("{} on {}", text_at(command, "name"), text_at(command, "device"))));
    if (command_has_ended(command) && state != "succeeded")
        line += printable(fmt::format(": {}", text_at(command, "explanation")));
    call.print(line + "\n");
}

std::string job_progress(const json::value& job) {
    std::uint64_t ended = count_at(job, "refused");
    std::string tally;
    const auto add = [&tally](std::uint64_t count, std::string_view word) {
        if (count > 0) tally += fmt::format("{}{} {}", tally.empty() ? ": " : ", ", count, word);
    };
    const json::value& by_state = member(job, "ended");
    for (const std::string_view state : {"succeeded", "failed", "rejected", "expired", "timed_out", "cancelled"}) {
        const std::uint64_t count = count_at(by_state, state);
        ended += count;
        add(count, state);
    }
    add(count_at(job, "refused"), "refused");
    return fmt::format("{} of {} ended{}", ended, text_at(job, "devices"), tally);
}

void print_jobs(const Call& call, const json::value& answer) {
    TextTable table({{"JOB"}, {"NAME"}, {"STATE"}, {"DEVICES", Align::right}, {"PROGRESS"}, {"STARTED"}});
    for (const json::value& job : list_at(answer, "items")) {
        table.add({{text_at(job, "id")},
                   {text_at(member(job, "command"), "name")},
                   state_cell(job, "state"),
                   {text_at(job, "devices")},
                   {job_progress(job)},
                   {ago_words(text_at(job, "created_at"), call.now())}});
    }
    if (table.empty()) {
        call.print("No jobs.\n");
        return;
    }
    call.print(table.render(call.colour()));
}

void print_job(const Call& call, const json::value& job) {
    const json::value& command = member(job, "command");
    const double pace = member(job, "pace").is_number() ? member(job, "pace").to_number<double>() : 0;
    std::vector<std::pair<std::string, TextTable::Cell>> fields = {
        {"job", {text_at(job, "id")}},
        {"command", {fmt::format("{} {}", text_at(command, "name"), payload_words(command))}},
        {"devices",
         {text_at(job, "tag").empty() ? fmt::format("{}, from a list", text_at(job, "devices"))
                                      : fmt::format("{}, with tag {}", text_at(job, "devices"), text_at(job, "tag"))}},
        {"state", state_cell(job, "state")},
        {"progress", {job_progress(job)}},
        {"under way", {text_at(job, "under_way")}},
        {"pace", {pace > 0 ? fmt::format("{:g}/s", pace) : std::string("all at once")}},
        {"started", {moment_words(text_at(job, "created_at"), call.now())}},
        {"ended", {moment_words(text_at(job, "ended_at"), call.now())}},
        {"sent by", {text_at(job, "submitted_by")}},
    };
    call.print(render_fields(fields, call.colour()));
}

}  // namespace holdfast::cli
