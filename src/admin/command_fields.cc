#include "admin/command_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "admin/api.h"
#include "admin/json_slices.h"
#include "admin/json_text.h"
#include "admin/problem.h"
#include "admin/rfc3339.h"
#include "settings/values.h"

namespace holdfast::admin {
namespace {

constexpr std::size_t max_webhook_length = 2048;
constexpr std::size_t max_base64_length = command::max_payload_size / 3 * 4 + 4;
constexpr Duration longest_wait = std::chrono::hours(24);
constexpr std::array<std::string_view, 3> offline_names = {"fail", "wait", "queue"};
constexpr std::array<std::string_view, 2> order_names = {"device", "none"};

void read_payload(JsonFields& fields, std::string_view text, command::Submission& submission) {
    const bool has_data = fields.anything("data");
    const auto encoded = fields.text("payload_base64", max_base64_length);
    submission.content_type = fields.text("content_type", command::max_content_type_length).value_or("");
    if (has_data && encoded) fields.complain("payload_base64", "give 'data' or 'payload_base64', not both");
    if (has_data) {
        submission.payload = member_text(text, "data").value_or("");
        if (submission.content_type.empty()) submission.content_type = "application/json";
    }
    if (!encoded) return;
    auto bytes = from_base64(*encoded);
    if (!bytes) fields.complain("payload_base64", "'payload_base64' is not well-formed base64");
    submission.payload = std::move(bytes).value_or("");
}

}  // namespace

command::Submission read_submission(JsonFields& fields, std::string_view text) {
    command::Submission submission;
    fields.require("name");
    submission.name = fields.text("name", command::max_name_length).value_or("");
    read_payload(fields, text, submission);
    submission.deliver_at = fields.moment("deliver_at");
    submission.deadline = fields.moment("deadline");
    submission.deadline_in = fields.span("deadline_in");
    if (const auto offline = fields.choice("offline", offline_names))
        submission.offline = command::offline_from(offline_names[*offline]);
    if (const auto order = fields.choice("order", order_names)) submission.order = command::order_from(order_names[*order]);
    if (const auto attempts = fields.whole("attempts", 1, command::max_attempts))
        submission.attempts = static_cast<std::uint16_t>(*attempts);
    submission.answer_timeout = fields.span("answer_timeout");
    submission.webhook = fields.text("webhook", max_webhook_length).value_or("");
    submission.idempotency_key = fields.text("idempotency_key", command::max_key_length).value_or("");
    return submission;
}

std::optional<Response> add_key_of_header(const Request& request, command::Submission& submission) {
    std::string_view key = request.idempotency_key;
    if (key.size() >= 2 && key.front() == '"' && key.back() == '"') key = key.substr(1, key.size() - 2);
    if (key.empty()) return std::nullopt;
    if (key.size() > command::max_key_length || !is_plain_utf8(key)) {
        return bad_request(
            fmt::format("the header Idempotency-Key may have at most {} bytes of UTF-8 text", command::max_key_length),
            "/idempotency_key");
    }
    if (!submission.idempotency_key.empty() && submission.idempotency_key != key)
        return bad_request("the header Idempotency-Key and the field 'idempotency_key' differ", "/idempotency_key");
    submission.idempotency_key = key;
    return std::nullopt;
}

std::optional<Response> read_wait(const Request& request, WaitFor& wait) {
    const auto value = request.query.get("wait");
    if (!value || *value == "false") return std::nullopt;
    wait.wanted = true;
    if (value->empty() || *value == "true") return std::nullopt;
    const auto span = settings::parse_duration(*value);
    if (!span) return bad_request(fmt::format("'wait' {}", span.error().message()), "?wait");
    wait.at_most = std::min(*span, longest_wait);
    return std::nullopt;
}

namespace {

std::optional<Response> read_moment(const Request& request, std::string_view name, std::optional<WallTime>& moment) {
    const auto value = request.query.get(name);
    if (!value) return std::nullopt;
    moment = parse_rfc3339(*value);
    if (moment) return std::nullopt;
    return bad_request(fmt::format("'{}' must be a time with its zone, e.g. 2026-12-01T08:00:00Z", name),
                       fmt::format("?{}", name));
}

std::optional<Response> read_states(const Request& request, std::vector<command::State>& states) {
    for (const auto& [name, value] : request.query.all()) {
        if (name != "state") continue;
        std::string_view rest = value;
        while (true) {
            const std::size_t comma = rest.find(',');
            const auto state = command::state_from(rest.substr(0, comma));
            if (!state) {
                return bad_request(
                    fmt::format("there is no state '{}'; there are: scheduled, queued, sent, delivered, succeeded, "
                                "failed, expired, timed_out, cancelled, rejected",
                                rest.substr(0, std::min<std::size_t>(comma, 40))),
                    "?state");
            }
            if (std::ranges::find(states, *state) == states.end()) states.push_back(*state);
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<Response> read_command_query(const Api& api, const Request& request, storage::CommandQuery& query) {
    if (const auto device = request.query.get("device")) query.device = *device;
    if (const auto job = request.query.get("job")) query.job = *job;
    if (auto refusal = read_states(request, query.states)) return refusal;
    if (auto refusal = read_moment(request, "from", query.from)) return refusal;
    if (auto refusal = read_moment(request, "until", query.until)) return refusal;
    for (const std::string_view name : {"before", "cursor"}) {
        const auto value = request.query.get(name);
        if (!value) continue;
        query.before = command::CommandId::parse(*value);
        if (!query.before)
            return bad_request(fmt::format("'{}' must be a command's id; older ones are given", name),
                               fmt::format("?{}", name));
    }
    query.limit = std::min<std::size_t>(api.options.page_size, 1000);
    if (const auto limit = request.query.get("limit")) {
        const char* const end = limit->data() + limit->size();
        const auto read = std::from_chars(limit->data(), end, query.limit);
        if (read.ec != std::errc() || read.ptr != end || query.limit < 1)
            return bad_request("'limit' must be a whole number from 1", "?limit");
        query.limit = std::min<std::size_t>({query.limit, api.options.max_page_size, 1000});
    }
    return std::nullopt;
}

}  // namespace holdfast::admin
