#include "storage/command_blobs.h"

#include <chrono>
#include <type_traits>

namespace holdfast::storage {
namespace {

constexpr std::uint8_t version = 1;

/// Numbers as seven bits a byte, signed ones with their sign in the lowest bit.
class Packer {
public:
    void number(std::uint64_t value) {
        while (value >= 0x80) {
            bytes_ += static_cast<char>(0x80 | (value & 0x7F));
            value >>= 7;
        }
        bytes_ += static_cast<char>(value);
    }
    void signed_number(std::int64_t value) {
        number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
    }
    void text(std::string_view value) {
        number(value.size());
        bytes_ += value;
    }
    void time(WallTime value) { signed_number(value.time_since_epoch().count()); }
    void duration(Duration value) { signed_number(value.count()); }

    template <class Value, class Put>
    void maybe(const std::optional<Value>& value, Put put) {
        number(value ? 1 : 0);
        if (value) put(*value);
    }

    [[nodiscard]] std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

/// After the first thing that cannot be, everything reads as nothing and `good` is false.
class Unpacker {
public:
    explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if ((byte & 0x80) == 0) return value;
        }
        return wrong();
    }
    std::uint64_t number(std::uint64_t largest) {
        const std::uint64_t value = number();
        return value <= largest ? value : wrong();
    }
    std::int64_t signed_number() {
        const std::uint64_t value = number();
        return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
    }
    std::string text() {
        const std::uint64_t size = number();
        if (size > rest_.size()) {
            wrong();
            return {};
        }
        std::string value(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return value;
    }
    WallTime time() { return WallTime(std::chrono::milliseconds(signed_number())); }
    Duration duration() { return Duration(signed_number()); }
    template <class Enum>
    Enum one_of(Enum last) {
        return static_cast<Enum>(number(static_cast<std::uint64_t>(last)));
    }
    template <class Get>
    auto maybe(Get get) -> std::optional<std::decay_t<decltype(get())>> {
        if (number(1) == 0) return std::nullopt;
        return get();
    }

    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool complete() const { return good_ && rest_.empty(); }

private:
    std::uint64_t wrong() {
        good_ = false;
        rest_ = {};
        return 0;
    }
    std::string_view rest_;
    bool good_ = true;
};

void put_attempt(Packer& out, const command::Attempt& attempt) {
    const auto time = [&](WallTime at) { out.time(at); };
    out.number(attempt.number);
    out.number(static_cast<std::uint64_t>(attempt.fate));
    out.number(static_cast<std::uint64_t>(attempt.reason));
    out.time(attempt.queued_at);
    out.maybe(attempt.sent_at, time);
    out.maybe(attempt.delivered_at, time);
    out.maybe(attempt.ended_at, time);
    out.text(attempt.node);
    out.text(attempt.detail);
}

command::Attempt get_attempt(Unpacker& in) {
    const auto time = [&] { return in.time(); };
    command::Attempt attempt;
    attempt.number = static_cast<std::uint16_t>(in.number(UINT16_MAX));
    attempt.fate = in.one_of(command::Attempt::Fate::lost);
    attempt.reason = in.one_of(command::Reason::not_encodable);
    attempt.queued_at = in.time();
    attempt.sent_at = in.maybe(time);
    attempt.delivered_at = in.maybe(time);
    attempt.ended_at = in.maybe(time);
    attempt.node = in.text();
    attempt.detail = in.text();
    return attempt;
}

}  // namespace

std::string pack(const std::vector<command::Attempt>& attempts) {
    if (attempts.empty()) return {};
    Packer out;
    out.number(version);
    out.number(attempts.size());
    for (const command::Attempt& attempt : attempts)
        put_attempt(out, attempt);
    return out.take();
}

std::optional<std::vector<command::Attempt>> unpack_attempts(std::string_view bytes) {
    std::vector<command::Attempt> attempts;
    if (bytes.empty()) return attempts;
    Unpacker in(bytes);
    if (in.number() != version) return std::nullopt;
    for (auto count = in.number(command::max_attempts); count > 0 && in.good(); --count)
        attempts.push_back(get_attempt(in));
    if (!in.complete()) return std::nullopt;
    return attempts;
}

std::string pack(const command::Submission& submission) {
    Packer out;
    const auto time = [&](WallTime at) { out.time(at); };
    const auto duration = [&](Duration length) { out.duration(length); };
    const auto number = [&](auto value) { out.number(static_cast<std::uint64_t>(value)); };
    out.number(version);
    for (const std::string* text :
         {&submission.device, &submission.name, &submission.payload, &submission.content_type, &submission.idempotency_key,
          &submission.submitted_by, &submission.job, &submission.webhook})
        out.text(*text);
    out.maybe(submission.deliver_at, time);
    out.maybe(submission.deadline, time);
    out.maybe(submission.deadline_in, duration);
    out.maybe(submission.offline, number);
    out.maybe(submission.order, number);
    out.maybe(submission.attempts, number);
    out.maybe(submission.answer_timeout, duration);
    out.number(submission.wait ? 1 : 0);
    return out.take();
}

std::optional<command::Submission> unpack_submission(std::string_view bytes) {
    Unpacker in(bytes);
    if (in.number() != version) return std::nullopt;
    const auto time = [&] { return in.time(); };
    const auto duration = [&] { return in.duration(); };
    command::Submission submission;
    for (std::string* text : {&submission.device, &submission.name, &submission.payload, &submission.content_type,
                              &submission.idempotency_key, &submission.submitted_by, &submission.job, &submission.webhook})
        *text = in.text();
    submission.deliver_at = in.maybe(time);
    submission.deadline = in.maybe(time);
    submission.deadline_in = in.maybe(duration);
    submission.offline = in.maybe([&] { return in.one_of(command::Offline::queue); });
    submission.order = in.maybe([&] { return in.one_of(command::Order::none); });
    submission.attempts = in.maybe([&] { return static_cast<std::uint16_t>(in.number(UINT16_MAX)); });
    submission.answer_timeout = in.maybe(duration);
    submission.wait = in.number(1) == 1;
    if (!in.complete()) return std::nullopt;
    return submission;
}

std::string pack(const std::array<std::uint32_t, 10>& ended) {
    Packer out;
    out.number(version);
    for (const std::uint32_t count : ended)
        out.number(count);
    return out.take();
}

std::optional<std::array<std::uint32_t, 10>> unpack_ended(std::string_view bytes) {
    Unpacker in(bytes);
    if (in.number() != version) return std::nullopt;
    std::array<std::uint32_t, 10> ended{};
    for (std::uint32_t& count : ended)
        count = static_cast<std::uint32_t>(in.number(UINT32_MAX));
    if (!in.complete()) return std::nullopt;
    return ended;
}

}  // namespace holdfast::storage
