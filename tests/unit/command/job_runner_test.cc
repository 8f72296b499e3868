// Jobs: pace, tally, the end by success, by a person or by too many failures, and going on after a restart.

#include "command/job_runner.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::command {
namespace {

using namespace std::chrono_literals;

constexpr WallTime start{std::chrono::milliseconds(1'790'000'000'000)};

Moment at(Duration since) {
    return {Time(1h) + since, start + std::chrono::floor<std::chrono::milliseconds>(since)};
}

Job job_of(std::uint32_t devices, double pace = 0) {
    Job job;
    job.id = "j1";
    job.submitted_by = "ci";
    job.command.name = "ping";
    job.pace = pace;
    job.devices = devices;
    return job;
}

std::string device(std::uint32_t position) {
    return fmt::format("meter-{}", position);
}

void feed(JobRunner& runner, Moment moment) {
    while (const auto wanted = runner.wanted()) {
        std::vector<std::string> devices;
        for (std::uint32_t i = 0; i < wanted->count; ++i)
            devices.push_back(device(wanted->from + i));
        runner.load(wanted->from, std::move(devices), moment);
    }
}

/// Takes all that is due, and says how many that was.
std::size_t take_due(JobRunner& runner, Moment moment) {
    std::size_t taken = 0;
    for (;;) {
        feed(runner, moment);
        const auto due = runner.due(moment);
        if (due.empty()) return taken;
        for (const auto& each : due) {
            EXPECT_EQ(each.submission.device, device(each.position));
            runner.taken(each.position);
            ++taken;
        }
    }
}

TEST(JobRunner, SubmitsEachDeviceOnceAndFinishes) {
    JobRunner runner(job_of(1000));
    feed(runner, at(0s));
    const auto first = runner.due(at(0s));
    ASSERT_EQ(first.size(), JobRunner::max_batch);
    EXPECT_EQ(first[3].submission.idempotency_key, "job/j1/3");
    EXPECT_EQ(first[3].submission.job, "j1");
    EXPECT_EQ(first[3].submission.submitted_by, "ci");
    EXPECT_EQ(first[3].submission.name, "ping");
    for (const auto& due : first)
        runner.taken(due.position);
    EXPECT_EQ(take_due(runner, at(0s)), 1000 - JobRunner::max_batch);
    EXPECT_EQ(runner.job().submitted, 1000U);
    EXPECT_FALSE(runner.done());
    for (std::uint32_t i = 0; i < 1000; ++i) {
        runner.ended(i, i % 10 == 0 ? State::failed : State::succeeded, at(1s));
        runner.ended(i, State::timed_out, at(1s));
    }
    EXPECT_TRUE(runner.done());
    EXPECT_EQ(runner.job().state, JobState::finished);
    EXPECT_EQ(runner.job().ended_at, start + 1s);
    EXPECT_EQ(runner.job().ended[static_cast<std::size_t>(State::succeeded)], 900U);
    EXPECT_EQ(runner.job().ended[static_cast<std::size_t>(State::failed)], 100U);
    EXPECT_TRUE(runner.take_changed());
    EXPECT_FALSE(runner.take_changed());
}

TEST(JobRunner, KeepsItsPace) {
    JobRunner runner(job_of(100, 10));
    std::size_t taken = take_due(runner, at(0s));
    EXPECT_LE(taken, 2U);
    for (int i = 1; i <= 50; ++i) {
        const auto next = runner.next(at(i * 100ms).now);
        ASSERT_TRUE(next);
        EXPECT_LE(*next, at((i + 1) * 100ms).now);
        taken += take_due(runner, at(i * 100ms));
    }
    EXPECT_NEAR(static_cast<double>(taken), 51, 2);
}

TEST(JobRunner, DoesNotRunAheadOfItsAnswers) {
    JobRunner runner(job_of(5000));
    std::size_t given = 0;
    for (int i = 0; i < 20; ++i) {
        feed(runner, at(0s));
        given += runner.due(at(0s)).size();
    }
    EXPECT_EQ(given, JobRunner::max_undecided);
    EXPECT_FALSE(runner.next(at(0s).now));
}

TEST(JobRunner, CountsWhatTheCentreRefuses) {
    JobRunner runner(job_of(3));
    feed(runner, at(0s));
    for (const auto& due : runner.due(at(0s))) {
        if (due.position == 1) {
            runner.refused(due.position, at(0s));
        } else {
            runner.taken(due.position);
        }
    }
    runner.ended(0, State::succeeded, at(0s));
    runner.ended(2, State::succeeded, at(0s));
    EXPECT_EQ(runner.job().refused, 1U);
    EXPECT_EQ(runner.job().submitted, 3U);
    EXPECT_EQ(runner.job().state, JobState::finished);
}

TEST(JobRunner, WaitsForRoom) {
    JobRunner runner(job_of(2));
    feed(runner, at(0s));
    auto due = runner.due(at(0s));
    ASSERT_EQ(due.size(), 2U);
    runner.taken(0);
    runner.postponed(1, due[1].submission.device, at(0s));
    EXPECT_TRUE(runner.due(at(500ms)).empty());
    EXPECT_EQ(runner.next(at(500ms).now), at(1s).now);
    due = runner.due(at(1s));
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].position, 1U);
    EXPECT_EQ(due[0].submission.device, device(1));
}

TEST(JobRunner, StopsWhenTooManyFail) {
    Job job = job_of(100, 50);
    job.abort_percent = 20;
    job.abort_after = 10;
    JobRunner runner(job);
    std::size_t taken = 0;
    for (int i = 0; taken < 20; ++i)
        taken += take_due(runner, at(i * 100ms));
    for (std::uint32_t i = 0; i < 9; ++i)
        runner.ended(i, State::timed_out, at(1s));
    EXPECT_EQ(runner.job().state, JobState::running) << "not before so many have ended";
    runner.ended(9, State::succeeded, at(1s));
    EXPECT_EQ(runner.job().state, JobState::stopping);
    EXPECT_TRUE(runner.take_stop());
    EXPECT_FALSE(runner.take_stop());
    EXPECT_FALSE(runner.wanted());
    EXPECT_TRUE(runner.due(at(9s)).empty());
    const std::uint32_t submitted = runner.job().submitted;
    for (std::uint32_t i = 10; i < submitted; ++i)
        runner.ended(i, State::cancelled, at(2s));
    EXPECT_EQ(runner.job().state, JobState::aborted);
    EXPECT_TRUE(runner.done());
}

TEST(JobRunner, ExactlyTheShareIsNotTooMany) {
    Job job = job_of(10);
    job.abort_percent = 20;
    JobRunner runner(job);
    static_cast<void>(take_due(runner, at(0s)));
    for (std::uint32_t i = 0; i < 10; ++i)
        runner.ended(i, i < 2 ? State::failed : State::succeeded, at(0s));
    EXPECT_EQ(runner.job().state, JobState::finished);
}

TEST(JobRunner, IsStoppedByAPerson) {
    JobRunner runner(job_of(10));
    feed(runner, at(0s));
    const auto due = runner.due(at(0s));
    EXPECT_TRUE(runner.stop(JobState::cancelled, at(0s)));
    EXPECT_FALSE(runner.stop(JobState::cancelled, at(0s)));
    EXPECT_EQ(runner.job().state, JobState::stopping) << "some are not decided yet";
    for (const auto& each : due) {
        runner.taken(each.position);
        runner.ended(each.position, State::cancelled, at(1s));
    }
    EXPECT_EQ(runner.job().state, JobState::cancelled);
}

TEST(JobRunner, AnEndMayBeToldBeforeTheCommandIsTaken) {
    JobRunner runner(job_of(1));
    feed(runner, at(0s));
    ASSERT_EQ(runner.due(at(0s)).size(), 1U);
    runner.ended(0, State::rejected, at(0s));
    EXPECT_FALSE(runner.done()) << "the answer to its submission is still to come";
    runner.taken(0);
    EXPECT_TRUE(runner.done());
    EXPECT_EQ(runner.job().ended[static_cast<std::size_t>(State::rejected)], 1U);
}

TEST(JobRunner, ReadsOnlyItsOwnKeys) {
    EXPECT_EQ(job_position("j1", job_key("j1", 0)), 0U);
    EXPECT_EQ(job_position("j1", job_key("j1", 999'999)), 999'999U);
    for (const char* key : {"", "job/", "job/j1", "job/j1/", "job/j12/3", "job/j2/3", "job/j1/x", "job/j1/3x", "job/j1/-1",
                            "job/j1/99999999999", "jobs/j1/3"})
        EXPECT_FALSE(job_position("j1", key)) << key;
}

TEST(JobRunner, GoesOnAfterARestartWithoutSendingTwice) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        std::mt19937_64 random(seed);
        const auto devices = static_cast<std::uint32_t>(1 + random() % 60);
        Job durable = job_of(devices);
        std::map<std::uint32_t, State> commands;  // what the store has
        std::set<std::uint32_t> refused;
        bool done = false;
        for (int life = 0; life < 20 && !done; ++life) {
            JobRunner runner(durable);
            if (life > 0) {
                for (const auto& [position, state] : commands)
                    runner.known(position, state);
                runner.restored(at(0s));
            }
            const bool dies = life < 19 && random() % 3 != 0;
            for (int step = 0; step < (dies ? static_cast<int>(random() % 20) : 1000) && !runner.done(); ++step) {
                feed(runner, at(0s));
                for (const auto& due : runner.due(at(0s))) {
                    ASSERT_TRUE(!commands.contains(due.position)) << "seed " << seed;
                    if (dies && due.position % 7 != 3 && random() % 20 == 0) {
                        // Recorded, and the centre dies before the runner hears of it.
                        commands[due.position] = State::queued;
                        step = 100'000;
                        break;
                    }
                    if (due.position % 7 == 3) {
                        refused.insert(due.position);
                        runner.refused(due.position, at(0s));
                    } else {
                        commands[due.position] = State::queued;
                        runner.taken(due.position);
                    }
                }
                for (auto& [position, state] : commands) {
                    if (is_terminal(state) || random() % 4 != 0 || step >= 100'000) continue;
                    state = random() % 5 == 0 ? State::failed : State::succeeded;
                    if (random() % 10 != 0 || !dies) runner.ended(position, state, at(0s));
                }
                if (random() % 2 == 0 && runner.take_changed()) durable = runner.job();
            }
            done = runner.done();
            if (!done) continue;
            const Job& job = runner.job();
            EXPECT_EQ(job.submitted, devices) << "seed " << seed;
            EXPECT_EQ(job.refused, refused.size()) << "seed " << seed;
            std::uint32_t ended = 0;
            for (const std::uint32_t count : job.ended)
                ended += count;
            EXPECT_EQ(ended + job.refused, devices) << "seed " << seed;
        }
        EXPECT_TRUE(done) << "seed " << seed;
    }
}

TEST(JobRunner, AListThatEndsEarlyCountsAsRefused) {
    JobRunner runner(job_of(3));
    runner.load(0, {device(0)}, at(0s));
    ASSERT_EQ(runner.due(at(0s)).size(), 1U);
    runner.taken(0);
    runner.load(1, {}, at(0s));
    EXPECT_EQ(runner.job().refused, 2U);
    runner.ended(0, State::succeeded, at(0s));
    EXPECT_TRUE(runner.done());
}

}  // namespace
}  // namespace holdfast::command
