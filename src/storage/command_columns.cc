#include "storage/command_columns.h"

#include <chrono>

#include "storage/command_blobs.h"

namespace holdfast::storage {

const std::string_view command_columns =
    "id, device, name, payload, content_type, created_at, deliver_at, deadline, offline, keeps_order, retry_attempts, "
    "answer_timeout, backoff_first, backoff_longest, idempotency_key, body_hash, submitted_by, job, webhook, centre, state, "
    "executed, reason, detail, result, result_type, result_cut, cancel_wanted, ended_at, attempts";
const std::string_view insert_command_sql =
    "INSERT OR IGNORE INTO commands VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
    "?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, 0)";
// Whose command it is changes by adoption only.
const std::string_view update_command_sql =
    "UPDATE commands SET state = ?2, executed = ?3, reason = ?4, detail = ?5, result = ?6, result_type = ?7, result_cut = ?8, "
    "cancel_wanted = ?9, ended_at = ?10, attempts = ?11 WHERE id = ?1 AND state < 4";

const std::string_view job_columns =
    "id, created_at, ended_at, submitted_by, centre, tag, command, pace, abort_percent, abort_after, state, stop_as, devices, "
    "submitted, refused, ended";
const std::string_view insert_job_sql =
    "INSERT OR IGNORE INTO jobs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
const std::string_view update_job_sql =
    "UPDATE jobs SET ended_at = ?2, state = ?3, stop_as = ?4, submitted = ?5, refused = ?6, ended = ?7, pace = ?8 "
    "WHERE id = ?1 AND state < 2";

namespace {

template <class Enum>
std::int64_t number_of(Enum value) {
    return static_cast<std::int64_t>(value);
}

void bind_time(Statement& statement, int index, const std::optional<WallTime>& time) {
    if (time) {
        statement.bind(index, milliseconds(*time));
    } else {
        statement.bind_null(index);
    }
}

/// Reads one row's columns in their order; `good` is false after a number that names nothing.
class Row {
public:
    explicit Row(const Statement& statement) : statement_(statement) {}

    std::string_view view() { return statement_.text(next_++); }
    std::string text() { return std::string(view()); }
    std::int64_t number() { return statement_.number(next_++); }
    double real() { return statement_.real(next_++); }
    bool flag() { return number() != 0; }
    WallTime time() { return wall_time(number()); }
    Duration duration() { return Duration(number()); }
    std::optional<WallTime> maybe_time() {
        if (!statement_.is_null(next_)) return time();
        ++next_;
        return std::nullopt;
    }
    template <class Enum>
    Enum one_of(Enum last) {
        const std::int64_t value = number();
        if (value < 0 || value > number_of(last)) good_ = false;
        return static_cast<Enum>(value);
    }
    [[nodiscard]] bool good() const { return good_; }

private:
    const Statement& statement_;
    int next_ = 0;
    bool good_ = true;
};

}  // namespace

IdBytes id_bytes(command::CommandId id) noexcept {
    IdBytes bytes;
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[i] = static_cast<Byte>(id.high() >> (56 - 8 * i));
        bytes[8 + i] = static_cast<Byte>(id.low() >> (56 - 8 * i));
    }
    return bytes;
}

std::optional<command::CommandId> id_from(std::string_view bytes) noexcept {
    if (bytes.size() != 16) return std::nullopt;
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        high = high << 8 | static_cast<Byte>(bytes[i]);
        low = low << 8 | static_cast<Byte>(bytes[8 + i]);
    }
    return command::CommandId(high, low);
}

void bind_new(Statement& statement, const command::Command& command, const IdBytes& id, std::string_view attempts) {
    statement.bind_blob(1, id)
        .bind(2, command.device)
        .bind(3, command.name)
        .bind_blob(4, as_bytes(command.payload))
        .bind(5, command.content_type)
        .bind(6, milliseconds(command.created_at))
        .bind(8, milliseconds(command.deadline))
        .bind(9, number_of(command.offline))
        .bind(10, number_of(command.order))
        .bind(11, std::int64_t{command.retry.attempts})
        .bind(12, command.retry.answer_timeout.count())
        .bind(13, command.retry.backoff_first.count())
        .bind(14, command.retry.backoff_longest.count())
        .bind(15, command.idempotency_key)
        .bind_blob(16, as_bytes(command.body_hash))
        .bind(17, command.submitted_by)
        .bind(18, command.job)
        .bind(19, command.webhook)
        .bind(20, command.centre)
        .bind(21, number_of(command.state))
        .bind(22, number_of(command.executed))
        .bind(23, number_of(command.reason))
        .bind(24, command.detail)
        .bind_blob(25, as_bytes(command.result))
        .bind(26, command.result_type)
        .bind(27, std::int64_t{command.result_cut})
        .bind(28, std::int64_t{command.cancel_wanted})
        .bind_blob(30, as_bytes(attempts));
    bind_time(statement, 7, command.deliver_at);
    bind_time(statement, 29, command.ended_at);
}

void bind_changed(Statement& statement, const command::Command& command, const IdBytes& id, std::string_view attempts) {
    statement.bind_blob(1, id)
        .bind(2, number_of(command.state))
        .bind(3, number_of(command.executed))
        .bind(4, number_of(command.reason))
        .bind(5, command.detail)
        .bind_blob(6, as_bytes(command.result))
        .bind(7, command.result_type)
        .bind(8, std::int64_t{command.result_cut})
        .bind(9, std::int64_t{command.cancel_wanted})
        .bind_blob(11, as_bytes(attempts));
    bind_time(statement, 10, command.ended_at);
}

std::optional<command::Command> command_from(const Statement& statement) {
    Row row(statement);
    command::Command command;
    const auto id = id_from(row.view());
    if (!id) return std::nullopt;
    command.id = *id;
    command.device = row.text();
    command.name = row.text();
    command.payload = row.text();
    command.content_type = row.text();
    command.created_at = row.time();
    command.deliver_at = row.maybe_time();
    command.deadline = row.time();
    command.offline = row.one_of(command::Offline::queue);
    command.order = row.one_of(command::Order::none);
    command.retry.attempts = static_cast<std::uint16_t>(row.number());
    command.retry.answer_timeout = row.duration();
    command.retry.backoff_first = row.duration();
    command.retry.backoff_longest = row.duration();
    command.idempotency_key = row.text();
    command.body_hash = row.text();
    command.submitted_by = row.text();
    command.job = row.text();
    command.webhook = row.text();
    command.centre = row.text();
    command.state = row.one_of(command::State::rejected);
    command.executed = row.one_of(command::Executed::yes);
    command.reason = row.one_of(command::Reason::not_encodable);
    command.detail = row.text();
    command.result = row.text();
    command.result_type = row.text();
    command.result_cut = row.flag();
    command.cancel_wanted = row.flag();
    command.ended_at = row.maybe_time();
    auto attempts = unpack_attempts(row.view());
    if (!attempts || !row.good()) return std::nullopt;
    command.attempts = std::move(*attempts);
    return command;
}

void bind_new(Statement& statement, const command::Job& job, std::string_view submission, std::string_view ended) {
    statement.bind(1, job.id)
        .bind(2, milliseconds(job.created_at))
        .bind(4, job.submitted_by)
        .bind(5, job.centre)
        .bind(6, job.tag)
        .bind_blob(7, as_bytes(submission))
        .bind_real(8, job.pace)
        .bind(9, std::int64_t{job.abort_percent})
        .bind(10, std::int64_t{job.abort_after})
        .bind(11, number_of(job.state))
        .bind(12, number_of(job.stop_as))
        .bind(13, std::int64_t{job.devices})
        .bind(14, std::int64_t{job.submitted})
        .bind(15, std::int64_t{job.refused})
        .bind_blob(16, as_bytes(ended));
    bind_time(statement, 3, job.ended_at);
}

void bind_changed(Statement& statement, const command::Job& job, std::string_view ended) {
    statement.bind(1, job.id)
        .bind(3, number_of(job.state))
        .bind(4, number_of(job.stop_as))
        .bind(5, std::int64_t{job.submitted})
        .bind(6, std::int64_t{job.refused})
        .bind_blob(7, as_bytes(ended))
        .bind_real(8, job.pace);
    bind_time(statement, 2, job.ended_at);
}

std::optional<command::Job> job_from(const Statement& statement) {
    Row row(statement);
    command::Job job;
    job.id = row.text();
    job.created_at = row.time();
    job.ended_at = row.maybe_time();
    job.submitted_by = row.text();
    job.centre = row.text();
    job.tag = row.text();
    auto submission = unpack_submission(row.view());
    job.pace = row.real();
    job.abort_percent = static_cast<std::uint8_t>(row.number());
    job.abort_after = static_cast<std::uint32_t>(row.number());
    job.state = row.one_of(command::JobState::aborted);
    job.stop_as = row.one_of(command::JobState::aborted);
    job.devices = static_cast<std::uint32_t>(row.number());
    job.submitted = static_cast<std::uint32_t>(row.number());
    job.refused = static_cast<std::uint32_t>(row.number());
    const auto ended = unpack_ended(row.view());
    if (!submission || !ended || !row.good()) return std::nullopt;
    job.command = std::move(*submission);
    job.ended = *ended;
    return job;
}

}  // namespace holdfast::storage
