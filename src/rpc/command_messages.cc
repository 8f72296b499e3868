#include "rpc/command_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "command/errors.h"
#include "control/command_words.h"

namespace holdfast::rpc {
namespace {

using command::Errc;

constexpr std::size_t max_list = 1000;
constexpr std::size_t default_list = 100;
/// Times beyond the years 1 to 9999 are none of protobuf's either.
constexpr std::int64_t first_second = -62'135'596'800;
constexpr std::int64_t last_second = 253'402'300'799;
constexpr std::int64_t longest_seconds = 100LL * 366 * 24 * 3600;

void write_moment(WallTime wall, google::protobuf::Timestamp& message) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(wall);
    message.set_seconds(seconds.time_since_epoch().count());
    message.set_nanos(static_cast<std::int32_t>(std::chrono::nanoseconds(wall - seconds).count()));
}

void write_attempt(const command::Attempt& attempt, v1::Attempt& message) {
    message.set_number(attempt.number);
    message.set_fate(std::string(to_string(attempt.fate)));
    if (attempt.reason != command::Reason::none) message.set_reason(std::string(to_string(attempt.reason)));
    message.set_node(attempt.node);
    write_moment(attempt.queued_at, *message.mutable_queued_at());
    if (attempt.sent_at) write_moment(*attempt.sent_at, *message.mutable_sent_at());
    if (attempt.delivered_at) write_moment(*attempt.delivered_at, *message.mutable_delivered_at());
    if (attempt.ended_at) write_moment(*attempt.ended_at, *message.mutable_ended_at());
    message.set_detail(attempt.detail);
}

Result<WallTime> read_moment(const google::protobuf::Timestamp& message, std::string_view field) {
    if (message.seconds() < first_second || message.seconds() > last_second || message.nanos() < 0 ||
        message.nanos() > 999'999'999) {
        return fail(Errc::bad_field, fmt::format("{}: this is no time", field));
    }
    return WallTime(std::chrono::seconds(message.seconds())) +
           std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(message.nanos()));
}

/// Reads a time into `to` when the message has it; the first error is kept.
template <class Message>
void take_moment(bool has, const Message& message, std::string_view field, std::optional<WallTime>& to,
                 std::optional<Error>& error) {
    if (!has || error) return;
    const auto read = read_moment(message, field);
    if (read) {
        to = *read;
    } else {
        error = read.error();
    }
}

void take_duration(bool has, const google::protobuf::Duration& message, std::string_view field, std::optional<Duration>& to,
                   std::optional<Error>& error) {
    if (!has || error) return;
    const auto read = read_duration(message, field);
    if (read) {
        to = *read;
    } else {
        error = read.error();
    }
}

}  // namespace

Result<Duration> read_duration(const google::protobuf::Duration& message, std::string_view field) {
    const bool too_long = message.seconds() > longest_seconds || message.seconds() < 0;
    if (too_long || message.nanos() < 0 || message.nanos() > 999'999'999)
        return fail(Errc::bad_field, fmt::format("{}: this is no length of time from 0 to 100 years", field));
    return std::chrono::seconds(message.seconds()) + std::chrono::nanoseconds(message.nanos());
}

void write_command(const command::Command& command, v1::Command& message) {
    message.set_id(command.id.text());
    message.set_device(command.device);
    message.set_name(command.name);
    message.set_payload(command.payload);
    message.set_content_type(command.content_type);
    write_moment(command.created_at, *message.mutable_created_at());
    if (command.deliver_at) write_moment(*command.deliver_at, *message.mutable_deliver_at());
    write_moment(command.deadline, *message.mutable_deadline());
    message.set_offline(static_cast<v1::Offline>(static_cast<int>(command.offline) + 1));
    message.set_order(static_cast<v1::Order>(static_cast<int>(command.order) + 1));
    message.set_max_attempts(command.retry.attempts);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(command.retry.answer_timeout);
    message.mutable_answer_timeout()->set_seconds(seconds.count());
    message.mutable_answer_timeout()->set_nanos(static_cast<std::int32_t>((command.retry.answer_timeout - seconds).count()));
    message.set_idempotency_key(command.idempotency_key);
    message.set_submitted_by(command.submitted_by);
    message.set_job(command.job);
    message.set_webhook(command.webhook);
    message.set_centre(command.centre);
    message.set_state(static_cast<v1::State>(static_cast<int>(command.state) + 1));
    message.set_executed(static_cast<v1::Executed>(static_cast<int>(command.executed)));
    if (command.reason != command::Reason::none) message.set_reason(std::string(to_string(command.reason)));
    message.set_explanation(control::explanation(command));
    message.set_result(command.result);
    message.set_result_type(command.result_type);
    message.set_result_cut(command.result_cut);
    message.set_cancel_wanted(command.cancel_wanted);
    if (command.ended_at) write_moment(*command.ended_at, *message.mutable_ended_at());
    for (const command::Attempt& attempt : command.attempts)
        write_attempt(attempt, *message.add_attempts());
}

void write_job(const command::Job& job, v1::Job& message) {
    message.set_id(job.id);
    message.set_state(std::string(to_string(job.state)));
    write_moment(job.created_at, *message.mutable_created_at());
    if (job.ended_at) write_moment(*job.ended_at, *message.mutable_ended_at());
    message.set_submitted_by(job.submitted_by);
    message.set_centre(job.centre);
    message.set_tag(job.tag);
    message.set_name(job.command.name);
    message.set_pace(job.pace);
    message.set_abort_percent(job.abort_percent);
    message.set_abort_after(job.abort_after);
    message.set_devices(job.devices);
    message.set_submitted(job.submitted);
    message.set_refused(job.refused);
    for (std::size_t i = 0; i < job.ended.size(); ++i) {
        const auto state = static_cast<command::State>(i);
        if (is_terminal(state)) (*message.mutable_ended())[std::string(to_string(state))] = job.ended[i];
    }
}

Result<command::Submission> read_submission(const v1::Submission& message) {
    command::Submission submission;
    std::optional<Error> error;
    submission.device = message.device();
    submission.name = message.name();
    submission.payload = message.payload();
    submission.content_type = message.content_type();
    take_moment(message.has_deliver_at(), message.deliver_at(), "deliver_at", submission.deliver_at, error);
    take_moment(message.has_deadline(), message.deadline(), "deadline", submission.deadline, error);
    take_duration(message.has_deadline_in(), message.deadline_in(), "deadline_in", submission.deadline_in, error);
    take_duration(message.has_answer_timeout(), message.answer_timeout(), "answer_timeout", submission.answer_timeout, error);
    if (error) return std::unexpected(std::move(*error));
    if (!v1::Offline_IsValid(message.offline())) return fail(Errc::bad_field, "offline: there is no such value");
    if (!v1::Order_IsValid(message.order())) return fail(Errc::bad_field, "order: there is no such value");
    if (message.attempts() > command::max_attempts) {
        return fail(Errc::bad_field, fmt::format("attempts: at most {}", command::max_attempts));
    }
    if (message.offline() != v1::OFFLINE_UNSPECIFIED)
        submission.offline = static_cast<command::Offline>(static_cast<int>(message.offline()) - 1);
    if (message.order() != v1::ORDER_UNSPECIFIED)
        submission.order = static_cast<command::Order>(static_cast<int>(message.order()) - 1);
    if (message.attempts() != 0) submission.attempts = static_cast<std::uint16_t>(message.attempts());
    submission.webhook = message.webhook();
    submission.idempotency_key = message.idempotency_key();
    return submission;
}

Result<control::JobRequest> read_job(const v1::CreateJobRequest& message) {
    auto submission = read_submission(message.command());
    if (!submission) return std::unexpected(std::move(submission).error());
    if (message.tag().empty() == message.devices().empty())
        return fail(Errc::bad_field, "devices: say which: either a tag or a list of devices");
    if (message.devices_size() > static_cast<int>(command::max_job_devices))
        return fail(Errc::bad_field, fmt::format("devices: at most {}", command::max_job_devices));
    if (!(message.pace() >= 0)) return fail(Errc::bad_field, "pace: a number from 0");
    if (message.abort_percent() > 100) return fail(Errc::bad_field, "abort_percent: from 0 to 100");
    control::JobRequest job;
    job.command = std::move(*submission);
    job.tag = message.tag();
    job.devices.assign(message.devices().begin(), message.devices().end());
    job.pace = message.pace();
    job.abort_percent = static_cast<std::uint8_t>(message.abort_percent());
    if (message.abort_after() != 0) job.abort_after = message.abort_after();
    return job;
}

Result<storage::CommandQuery> read_query(const v1::ListRequest& message) {
    storage::CommandQuery query;
    std::optional<Error> error;
    if (!message.device().empty()) query.device = message.device();
    if (!message.job().empty()) query.job = message.job();
    for (const int state : message.states()) {
        if (state == v1::STATE_UNSPECIFIED || !v1::State_IsValid(state))
            return fail(Errc::bad_field, "states: there is no such state");
        query.states.push_back(static_cast<command::State>(state - 1));
    }
    take_moment(message.has_from(), message.from(), "from", query.from, error);
    take_moment(message.has_until(), message.until(), "until", query.until, error);
    if (error) return std::unexpected(std::move(*error));
    if (!message.before().empty()) {
        query.before = command::CommandId::parse(message.before());
        if (!query.before) return fail(Errc::bad_field, "before: this is no command's id");
    }
    query.limit = message.limit() == 0 ? default_list : std::min<std::size_t>(message.limit(), max_list);
    return query;
}

static_assert(static_cast<int>(command::State::rejected) + 1 == static_cast<int>(v1::STATE_REJECTED));
static_assert(static_cast<int>(command::Executed::yes) == static_cast<int>(v1::EXECUTED_YES));
static_assert(static_cast<int>(command::Offline::queue) + 1 == static_cast<int>(v1::OFFLINE_QUEUE));
static_assert(static_cast<int>(command::Order::none) + 1 == static_cast<int>(v1::ORDER_NONE));

}  // namespace holdfast::rpc
