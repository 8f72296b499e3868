#include "command/submission.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "command/errors.h"
#include "mqtt/utf8.h"

namespace holdfast::command {

namespace {

constexpr std::size_t max_device_length = 65'535;
constexpr std::size_t max_webhook_length = 2048;
constexpr std::size_t max_job_length = 128;
constexpr Duration shortest_answer_timeout = std::chrono::milliseconds(10);
constexpr Duration longest_answer_timeout = std::chrono::hours(24);

double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// The first failure among the checks, which are made in order.
template <class... Checks>
Result<> check_all(Checks&&... checks) {
    Result<> result;
    static_cast<void>(((result = checks(), result.has_value()) && ...));
    return result;
}

/// A text that fits into an MQTT string, and at most `most` bytes.
Result<> check_text(std::string_view field, std::string_view text, std::size_t most) {
    if (text.size() > most) {
        return fail(Errc::bad_field, fmt::format("{}: {} bytes are too many; at most {}", field, text.size(), most));
    }
    if (!mqtt::is_mqtt_text(as_bytes(text)))
        return fail(Errc::bad_field, fmt::format("{}: must be valid UTF-8 without NUL", field));
    return {};
}

Result<> check_no_control(std::string_view field, std::string_view text) {
    const bool control = std::ranges::any_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F;
    });
    if (control) return fail(Errc::bad_field, fmt::format("{}: must not contain control characters", field));
    return {};
}

Result<> check_webhook(std::string_view webhook) {
    if (webhook.empty()) return {};
    const std::size_t scheme = webhook.starts_with("https://") ? 8 : webhook.starts_with("http://") ? 7 : 0;
    if (scheme == 0 || webhook.size() == scheme || webhook[scheme] == '/') {
        return fail(Errc::bad_field, "webhook: must be a URL that begins with http:// or https:// and names a host");
    }
    if (webhook.find(' ') != std::string_view::npos) return fail(Errc::bad_field, "webhook: must not contain spaces");
    return check_all([&] { return check_text("webhook", webhook, max_webhook_length); },
                     [&] { return check_no_control("webhook", webhook); });
}

Result<> check_texts(const Submission& asked, const SubmissionLimits& limits) {
    if (asked.device.empty()) return fail(Errc::bad_field, "device: must not be empty");
    if (asked.name.empty()) return fail(Errc::bad_field, "name: must not be empty");
    const std::size_t most = std::min(limits.max_payload, max_payload_size);
    if (asked.payload.size() > most) {
        return fail(Errc::bad_field, fmt::format("payload: {} bytes are too many; at most {}", asked.payload.size(), most));
    }
    return check_all(
        [&] { return check_text("device", asked.device, max_device_length); },
        [&] { return check_text("name", asked.name, max_name_length); }, [&] { return check_no_control("name", asked.name); },
        [&] { return check_text("content_type", asked.content_type, max_content_type_length); },
        [&] { return check_no_control("content_type", asked.content_type); },
        [&] { return check_text("idempotency_key", asked.idempotency_key, max_key_length); },
        [&] { return check_text("job", asked.job, max_job_length); }, [&] { return check_webhook(asked.webhook); });
}

Result<> check_retry(const Submission& asked) {
    if (asked.attempts && (*asked.attempts < 1 || *asked.attempts > max_attempts)) {
        return fail(Errc::bad_field, fmt::format("attempts: {} is out of bounds; from 1 to {}", *asked.attempts, max_attempts));
    }
    if (asked.answer_timeout &&
        (*asked.answer_timeout < shortest_answer_timeout || *asked.answer_timeout > longest_answer_timeout)) {
        return fail(Errc::bad_field,
                    fmt::format("answer_timeout: {} s is out of bounds; from {} s to {} s", seconds(*asked.answer_timeout),
                                seconds(shortest_answer_timeout), seconds(longest_answer_timeout)));
    }
    return {};
}

/// The command's deadline.
Result<WallTime> check_times(const Submission& asked, const SubmissionLimits& limits, WallTime now) {
    if (asked.deliver_at && *asked.deliver_at > now + std::chrono::floor<WallTime::duration>(limits.furthest_schedule)) {
        return fail(Errc::bad_field,
                    fmt::format("deliver_at: too far ahead; at most {} s from now", seconds(limits.furthest_schedule)));
    }
    if (asked.deadline && asked.deadline_in) {
        return fail(Errc::bad_field, "deadline: give either a moment or a length of time, not both");
    }
    // Counted from when it may go: a time to deliver that has passed already is now.
    const WallTime from = std::max(now, asked.deliver_at.value_or(now));
    const WallTime latest = from + std::chrono::floor<WallTime::duration>(limits.longest_deadline);
    if (asked.deadline) {
        if (*asked.deadline <= now) return fail(Errc::deadline_passed, "deadline: has passed already");
        if (*asked.deadline <= from) return fail(Errc::deadline_passed, "deadline: is not after deliver_at");
        if (*asked.deadline > latest) {
            return fail(Errc::bad_field,
                        fmt::format("deadline: too far ahead; at most {} s", seconds(limits.longest_deadline)));
        }
        return *asked.deadline;
    }
    const Duration length = asked.deadline_in.value_or(std::min(limits.default_deadline, limits.longest_deadline));
    if (length <= Duration::zero()) return fail(Errc::deadline_passed, "deadline: must lie ahead");
    if (length > limits.longest_deadline) {
        return fail(Errc::bad_field, fmt::format("deadline: too far ahead; at most {} s", seconds(limits.longest_deadline)));
    }
    return from + std::chrono::ceil<WallTime::duration>(length);
}

/// Everything that was asked, so that two askings are the same exactly when these bytes are.
std::string canonical(const Submission& asked) {
    std::string bytes;
    bytes.reserve(128 + asked.device.size() + asked.name.size() + asked.payload.size());
    const auto text = [&](std::string_view value) { bytes.append(fmt::format("{}:", value.size())).append(value); };
    const auto number = [&](std::int64_t value) { bytes.append(fmt::format("{};", value)); };
    const auto perhaps = [&](bool given, auto value) { given ? number(static_cast<std::int64_t>(value)) : text({}); };
    for (const std::string* field :
         {&asked.device, &asked.name, &asked.payload, &asked.content_type, &asked.webhook, &asked.job})
        text(*field);
    perhaps(asked.deliver_at.has_value(), asked.deliver_at.value_or(WallTime{}).time_since_epoch().count());
    perhaps(asked.deadline.has_value(), asked.deadline.value_or(WallTime{}).time_since_epoch().count());
    perhaps(asked.deadline_in.has_value(), asked.deadline_in.value_or(Duration{}).count());
    perhaps(asked.offline.has_value(), std::to_underlying(asked.offline.value_or(Offline::fail)));
    perhaps(asked.order.has_value(), std::to_underlying(asked.order.value_or(Order::device)));
    perhaps(asked.attempts.has_value(), asked.attempts.value_or(0));
    perhaps(asked.answer_timeout.has_value(), asked.answer_timeout.value_or(Duration{}).count());
    return bytes;
}

std::string hash_of(const Submission& asked) {
    const std::string bytes = canonical(asked);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    const int made = EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
    HF_ASSERT(made == 1, "SHA-256 is always there");
    std::string text;
    text.reserve(std::size_t{2} * length);
    for (unsigned i = 0; i < length; ++i)
        text.append(fmt::format("{:02x}", digest[i]));
    return text;
}

}  // namespace

Result<Command> make_command(const Submission& submission, CommandId id, const SubmissionLimits& limits, WallTime now) {
    auto checked = check_all([&] { return check_texts(submission, limits); }, [&] { return check_retry(submission); });
    if (!checked) return std::unexpected(std::move(checked.error()));
    auto deadline = check_times(submission, limits, now);
    if (!deadline) return std::unexpected(std::move(deadline.error()));

    Command command;
    command.id = id;
    command.device = submission.device;
    command.name = submission.name;
    command.payload = submission.payload;
    command.content_type = submission.content_type;
    command.created_at = now;
    command.deliver_at = submission.deliver_at;
    command.deadline = *deadline;
    command.offline = submission.offline.value_or(submission.wait ? Offline::fail : Offline::queue);
    command.order = submission.order.value_or(Order::device);
    command.retry = limits.retry;
    command.retry.attempts = submission.attempts.value_or(limits.retry.attempts);
    command.retry.answer_timeout = submission.answer_timeout.value_or(limits.retry.answer_timeout);
    command.idempotency_key = submission.idempotency_key;
    // Only a key makes two askings comparable.
    if (!submission.idempotency_key.empty()) command.body_hash = hash_of(submission);
    command.submitted_by = submission.submitted_by;
    command.job = submission.job;
    command.webhook = submission.webhook;
    command.state = submission.deliver_at && *submission.deliver_at > now ? State::scheduled : State::queued;
    return command;
}

}  // namespace holdfast::command
