#include "admin/command_views.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

#include "control/command_words.h"
#include "json_text/json_text.h"

namespace holdfast::admin {
namespace {

constexpr std::size_t states = 10;

std::uint64_t milliseconds(Duration duration) noexcept {
    return static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()));
}

bool may_be_json(std::string_view content_type) noexcept {
    const std::string_view type = content_type.substr(0, content_type.find(';'));
    return type.empty() || type == "application/json" || type.ends_with("+json");
}

void write_json(JsonText& json, std::string_view text) {
    // An event's data is one line.
    if (text.find_first_of("\r\n") == std::string_view::npos) {
        json.raw(text);
    } else {
        json.raw(on_one_line(text));
    }
}

void write_payload(JsonText& json, std::string_view payload, std::string_view content_type) {
    if (payload.empty()) {
        json.key("data").null();
    } else if (may_be_json(content_type) && json_text::is_json(payload)) {
        write_json(json.key("data"), payload);
    } else {
        json.key("payload_base64").base64(payload);
    }
    json.key("content_type").text_or_null(content_type);
}

void write_result(JsonText& json, const command::Command& command) {
    if (command.result.empty()) {
        json.key("result").null();
    } else if (may_be_json(command.result_type) && json_text::is_json(command.result)) {
        write_json(json.key("result"), command.result);
    } else if (is_plain_utf8(command.result)) {
        json.key("result").text(command.result);
    } else {
        json.key("result").null();
        json.key("result_base64").base64(command.result);
    }
    json.key("result_type").text_or_null(command.result_type);
    if (command.result_cut) json.key("result_cut").boolean(true);
}

void write_attempt(JsonText& json, const command::Attempt& attempt) {
    json.open_object();
    json.key("number").number(std::uint64_t{attempt.number});
    json.key("fate").text(to_string(attempt.fate));
    json.key("reason").text_or_null(attempt.reason == command::Reason::none ? std::string_view() : to_string(attempt.reason));
    json.key("node").text_or_null(attempt.node);
    json.key("queued_at").moment(attempt.queued_at);
    json.key("sent_at").moment_or_null(attempt.sent_at);
    json.key("delivered_at").moment_or_null(attempt.delivered_at);
    json.key("ended_at").moment_or_null(attempt.ended_at);
    json.key("detail").text_or_null(attempt.detail);
    json.close_object();
}

/// What a job asks of each device, as it was asked.
void write_submission(JsonText& json, const command::Submission& submission) {
    json.open_object();
    json.key("name").text(submission.name);
    write_payload(json, submission.payload, submission.content_type);
    json.key("deliver_at").moment_or_null(submission.deliver_at);
    json.key("deadline").moment_or_null(submission.deadline);
    if (submission.deadline_in) json.key("deadline_in_ms").number(milliseconds(*submission.deadline_in));
    if (submission.offline) json.key("offline").text(to_string(*submission.offline));
    if (submission.order) json.key("order").text(to_string(*submission.order));
    if (submission.attempts) json.key("attempts").number(std::uint64_t{*submission.attempts});
    if (submission.answer_timeout) json.key("answer_timeout_ms").number(milliseconds(*submission.answer_timeout));
    json.close_object();
}

/// From state `first` on.
void write_counts(JsonText& json, std::span<const std::uint64_t> by_state, command::State first) {
    json.open_object();
    for (auto i = static_cast<std::size_t>(first); i < by_state.size(); ++i)
        json.key(to_string(static_cast<command::State>(i))).number(by_state[i]);
    json.close_object();
}

}  // namespace

void write_command(JsonText& json, const command::Command& command) {
    json.open_object();
    json.key("id").text(command.id.text());
    json.key("device").text(command.device);
    json.key("name").text(command.name);
    json.key("state").text(to_string(command.state));
    json.key("executed").text(to_string(command.executed));
    json.key("reason").text_or_null(command.reason == command::Reason::none ? std::string_view() : to_string(command.reason));
    json.key("explanation").text(control::explanation(command));
    write_result(json, command);
    json.key("created_at").moment(command.created_at);
    json.key("deliver_at").moment_or_null(command.deliver_at);
    json.key("deadline").moment(command.deadline);
    json.key("ended_at").moment_or_null(command.ended_at);
    write_payload(json, command.payload, command.content_type);
    json.key("offline").text(to_string(command.offline));
    json.key("order").text(to_string(command.order));
    json.key("max_attempts").number(std::uint64_t{command.retry.attempts});
    json.key("answer_timeout_ms").number(milliseconds(command.retry.answer_timeout));
    json.key("cancel_wanted").boolean(command.cancel_wanted);
    json.key("idempotency_key").text_or_null(command.idempotency_key);
    json.key("submitted_by").text(command.submitted_by);
    json.key("job").text_or_null(command.job);
    json.key("webhook").text_or_null(command.webhook);
    json.key("centre").text(command.centre);
    json.key("attempts").open_array();
    for (const command::Attempt& attempt : command.attempts)
        write_attempt(json, attempt);
    json.close_array();
    json.close_object();
}

std::string command_text(const command::Command& command) {
    std::string out;
    // Most fit; what does not only grows once or twice.
    out.reserve(1024 + 256 * command.attempts.size() + command.payload.size() + command.result.size());
    JsonText json(out);
    write_command(json, command);
    return out;
}

void write_job(JsonText& json, const command::Job& job) {
    std::array<std::uint64_t, states> ended{};
    std::uint64_t ended_in_all = 0;
    for (std::size_t i = 0; i < states; ++i) {
        ended[i] = job.ended[i];
        ended_in_all += job.ended[i];
    }
    const std::uint64_t over = ended_in_all + job.refused;
    json.open_object();
    json.key("id").text(job.id);
    json.key("state").text(to_string(job.state));
    json.key("created_at").moment(job.created_at);
    json.key("ended_at").moment_or_null(job.ended_at);
    json.key("submitted_by").text(job.submitted_by);
    json.key("centre").text(job.centre);
    json.key("tag").text_or_null(job.tag);
    json.key("command");
    write_submission(json, job.command);
    json.key("pace").number(job.pace);
    json.key("abort_percent").number(std::uint64_t{job.abort_percent});
    json.key("abort_after").number(std::uint64_t{job.abort_after});
    json.key("devices").number(std::uint64_t{job.devices});
    json.key("submitted").number(std::uint64_t{job.submitted});
    json.key("refused").number(std::uint64_t{job.refused});
    json.key("under_way").number(job.submitted > over ? job.submitted - over : 0);
    json.key("ended");
    write_counts(json, ended, command::State::succeeded);
    json.close_object();
}

void write_summary(JsonText& json, const storage::CommandSummary& summary) {
    json.open_object();
    json.key("total").number(summary.total);
    json.key("by_state");
    write_counts(json, summary.by_state, command::State::scheduled);
    json.close_object();
}

void write_centre(JsonText& json, const control::CentreStatus& status) {
    json.open_object();
    json.key("name").text(status.name);
    json.key("open").number(status.counts.open);
    json.key("under_way").number(status.counts.under_way);
    json.key("waiting_callers").number(status.waiting_callers);
    json.key("store").open_object();
    json.key("ok").boolean(status.store.ok);
    json.key("detail").text_or_null(status.store.sentence);
    json.key("pending").number(std::uint64_t{status.store.pending});
    json.close_object();
    json.key("queue").open_object();
    json.key("ok").boolean(status.queue.ok);
    json.key("detail").text_or_null(status.queue.sentence);
    json.key("waiting").number(status.queue.waiting);
    json.key("published").number(status.queue.published);
    json.key("redelivered").number(status.queue.redelivered);
    json.key("poisoned").number(status.queue.poisoned);
    json.close_object();
    json.key("channels").open_array();
    for (const control::CentreStatus::Channel& channel : status.channels) {
        json.open_object();
        json.key("cluster").text(channel.cluster);
        json.key("connected").boolean(channel.connected);
        json.key("detail").text_or_null(channel.sentence);
        json.close_object();
    }
    json.close_array();
    json.close_object();
}

}  // namespace holdfast::admin
