// What may be asked for. What cannot be honoured is refused at once, by the name of its field.

#include "command/submission.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "command/errors.h"

namespace holdfast::command {
namespace {

using namespace std::chrono_literals;

constexpr WallTime now{std::chrono::milliseconds(1'790'000'000'000)};
constexpr CommandId id(1, 2);

Submission plain() {
    Submission submission;
    submission.device = "meter-7";
    submission.name = "set-rate";
    submission.payload = R"({"hz":2})";
    return submission;
}

Result<Command> make(const Submission& submission, const SubmissionLimits& limits = {}) {
    return make_command(submission, id, limits, now);
}

TEST(Submission, BecomesACommandWithTheDefaults) {
    Submission asked = plain();
    asked.submitted_by = "ci";
    asked.content_type = "application/json";
    const Command command = make(asked).value();
    EXPECT_EQ(command.id, id);
    EXPECT_EQ(command.device, "meter-7");
    EXPECT_EQ(command.payload, R"({"hz":2})");
    EXPECT_EQ(command.content_type, "application/json");
    EXPECT_EQ(command.created_at, now);
    EXPECT_EQ(command.deadline, now + 30s);
    EXPECT_EQ(command.offline, Offline::queue);
    EXPECT_EQ(command.order, Order::device);
    EXPECT_EQ(command.retry, Retry{});
    EXPECT_EQ(command.submitted_by, "ci");
    EXPECT_EQ(command.state, State::queued);
    EXPECT_EQ(command.executed, Executed::no);
    asked.wait = true;
    EXPECT_EQ(make(asked)->offline, Offline::fail);
    asked.offline = Offline::wait;
    EXPECT_EQ(make(asked)->offline, Offline::wait);
}

TEST(Submission, EveryFieldHasItsBounds) {
    struct Row {
        const char* field;
        std::function<void(Submission&)> spoil;
    };
    const Row rows[] = {
        {"device", [](Submission& s) { s.device.clear(); }},
        {"device", [](Submission& s) { s.device = "m\xFF"; }},
        {"device", [](Submission& s) { s.device = std::string("a\0b", 3); }},
        {"device", [](Submission& s) { s.device.assign(65'536, 'm'); }},
        {"name", [](Submission& s) { s.name.clear(); }},
        {"name", [](Submission& s) { s.name = "re\nboot"; }},
        {"name", [](Submission& s) { s.name = "\xC0\xAF"; }},
        {"name", [](Submission& s) { s.name.assign(max_name_length + 1, 'n'); }},
        {"payload", [](Submission& s) { s.payload.assign(64 * 1024 + 1, 'p'); }},
        {"content_type", [](Submission& s) { s.content_type.assign(max_content_type_length + 1, 't'); }},
        {"content_type", [](Submission& s) { s.content_type = "text/\xED\xA0\x80"; }},
        {"idempotency_key", [](Submission& s) { s.idempotency_key.assign(max_key_length + 1, 'k'); }},
        {"idempotency_key", [](Submission& s) { s.idempotency_key = "\x80"; }},
        {"attempts", [](Submission& s) { s.attempts = 0; }},
        {"attempts", [](Submission& s) { s.attempts = 101; }},
        {"answer_timeout", [](Submission& s) { s.answer_timeout = 9ms; }},
        {"answer_timeout", [](Submission& s) { s.answer_timeout = 25h; }},
        {"deadline", [](Submission& s) { s.deadline_in = 24h * 7 + 1ms; }},
        {"deadline", [](Submission& s) { s.deadline = now + 24h * 8; }},
        {"deadline", [](Submission& s) { s.deadline = now + 1s, s.deadline_in = 1s; }},
        {"deadline", [](Submission& s) { s.deadline = WallTime::max(); }},
        {"deadline", [](Submission& s) { s.deadline_in = Duration::max(); }},
        {"deliver_at", [](Submission& s) { s.deliver_at = now + 24h * 367; }},
        {"deliver_at", [](Submission& s) { s.deliver_at = WallTime::max(); }},
        {"webhook", [](Submission& s) { s.webhook = "ftp://x"; }},
        {"webhook", [](Submission& s) { s.webhook = "https://"; }},
        {"webhook", [](Submission& s) { s.webhook = "http://a b"; }},
        {"webhook", [](Submission& s) { s.webhook = "http://a\r\nX: y"; }},
        {"webhook", [](Submission& s) { s.webhook = "http://" + std::string(2048, 'a'); }},
        {"job", [](Submission& s) { s.job.assign(129, 'j'); }},
    };
    for (const Row& row : rows) {
        Submission asked = plain();
        row.spoil(asked);
        const auto made = make(asked);
        ASSERT_FALSE(made) << row.field;
        EXPECT_TRUE(made.error().is(Errc::bad_field)) << made.error().message();
        EXPECT_TRUE(made.error().message().starts_with(std::string(row.field) + ": ")) << made.error().message();
    }
}

TEST(Submission, ADeadlineThatCannotBeHonouredIsRefused) {
    const auto refused = [](const std::function<void(Submission&)>& spoil) {
        Submission asked = plain();
        spoil(asked);
        const auto made = make(asked);
        return !made && made.error().is(Errc::deadline_passed) && made.error().message().starts_with("deadline: ");
    };
    EXPECT_TRUE(refused([](Submission& s) { s.deadline = now; }));
    EXPECT_TRUE(refused([](Submission& s) { s.deadline = now - 1h; }));
    EXPECT_TRUE(refused([](Submission& s) { s.deadline = WallTime::min(); }));
    EXPECT_TRUE(refused([](Submission& s) { s.deadline_in = 0s; }));
    EXPECT_TRUE(refused([](Submission& s) { s.deadline_in = -1s; }));
    EXPECT_TRUE(refused([](Submission& s) { s.deliver_at = now + 1h, s.deadline = now + 30min; }));
}

TEST(Submission, DeadlinesCountFromWhenItMayGo) {
    Submission asked = plain();
    asked.deliver_at = now + 1h;
    asked.deadline_in = 10min;
    EXPECT_EQ(make(asked)->deadline, now + 70min);
    EXPECT_EQ(make(asked)->state, State::scheduled);
    asked.deadline_in.reset();
    EXPECT_EQ(make(asked)->deadline, now + 1h + 30s);
    asked.deliver_at = now - 1h;
    EXPECT_EQ(make(asked)->deadline, now + 30s) << "a time that has passed is now";
    EXPECT_EQ(make(asked)->state, State::queued);
    asked.deadline_in = 1500us;
    EXPECT_EQ(make(asked)->deadline, now + 2ms) << "never shorter than asked";
}

TEST(Submission, ASettingLowersTheBoundsOfPayloads) {
    SubmissionLimits limits;
    limits.max_payload = 3;
    EXPECT_FALSE(make(plain(), limits));
    limits.max_payload = 1'000'000;
    Submission asked = plain();
    asked.payload.assign(max_payload_size + 1, 'p');
    EXPECT_FALSE(make(asked, limits));
    asked.payload.pop_back();
    EXPECT_TRUE(make(asked, limits));
}

TEST(Submission, TheHashTellsARepetitionFromAConflict) {
    Submission asked = plain();
    EXPECT_TRUE(make(asked)->body_hash.empty()) << "only a key makes two askings comparable";
    asked.idempotency_key = "k1";
    const std::string hash = make(asked)->body_hash;
    EXPECT_EQ(hash.size(), 64U);
    Submission again = asked;
    again.idempotency_key = "k2";
    again.wait = true;
    again.submitted_by = "other";
    EXPECT_EQ(make_command(again, CommandId(7, 7), {}, now + 5s)->body_hash, hash);
    const std::function<void(Submission&)> changes[] = {
        [](Submission& s) { s.device = "meter-8"; },    [](Submission& s) { s.name = "set-rat", s.payload = "e" + s.payload; },
        [](Submission& s) { s.payload += " "; },        [](Submission& s) { s.content_type = "text/plain"; },
        [](Submission& s) { s.deliver_at = now + 1s; }, [](Submission& s) { s.deadline_in = 29s; },
        [](Submission& s) { s.deadline = now + 29s; },  [](Submission& s) { s.offline = Offline::queue; },
        [](Submission& s) { s.order = Order::device; }, [](Submission& s) { s.attempts = 5; },
        [](Submission& s) { s.answer_timeout = 5s; },   [](Submission& s) { s.webhook = "http://x"; },
    };
    for (const auto& change : changes) {
        Submission other = asked;
        change(other);
        EXPECT_NE(make(other)->body_hash, hash);
    }
}

}  // namespace
}  // namespace holdfast::command
