// What only the file's queue promises: several processes, some of which are killed, and files that cannot be used.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "file_queue_stage.h"
#include "queue/queue_file.h"
#include "runtime/log.h"

namespace holdfast::queue {
namespace {

using namespace testing;

class FileQueueTest : public ::testing::Test {
protected:
    FileQueueTest() {
        log::set_sink([](std::string_view) {});
    }
    ~FileQueueTest() override { log::set_sink({}); }

    [[nodiscard]] std::unique_ptr<FileQueue> open(QueueLimits limits = {}) {
        auto queue = FileQueue::open(io_, clock_, directory_.file(), quick_options(limits));
        EXPECT_TRUE(queue) << queue.error().message();
        return queue ? std::move(*queue) : nullptr;
    }
    template <class Condition>
    bool until(Condition condition) {
        const auto give_up = std::chrono::steady_clock::now() + patience;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > give_up) return false;
            io_.restart();
            io_.run_one_for(5ms);
        }
        return true;
    }
    Result<> publish(Queue& to, std::vector<OutMessage> messages) {
        std::optional<Result<>> answer;
        to.publish(std::move(messages), [&answer](Result<> result) { answer = std::move(result); });
        if (!until([&] { return answer.has_value(); })) return fail(QueueErrc::unavailable, "no answer came");
        return *answer;
    }

    QueueDirectory directory_;
    runtime::SystemClock clock_;
    boost::asio::io_context io_;
};

TEST_F(FileQueueTest, WhatWasPublishedSurvivesTheProcess) {
    {
        const auto queue = open();
        {
            Reader reader(*queue, "t", "g");
        }
        ASSERT_TRUE(publish(*queue, {{"t", "a", "1"}, {"t", "a", "2"}}));
    }
    const auto queue = open();
    EXPECT_EQ(queue->status().waiting, 2U);
    Reader reader(*queue, "t", "g");
    ASSERT_TRUE(until([&] { return reader.got.size() == 2; }));
    EXPECT_EQ(reader.payloads(), (std::vector<std::string>{"1", "2"}));
}

TEST_F(FileQueueTest, AProcessThatEndsLeavesNothingBehind) {
    {
        const auto queue = open();
        Reader reader(*queue, "t", "g");
        ASSERT_TRUE(publish(*queue, {{"t", "a", "1"}}));
        ASSERT_TRUE(until([&] { return reader.got.size() == 1; }));
    }
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
        EXPECT_EQ(entry.path().filename().string(), "queue.db");
}

TEST_F(FileQueueTest, AProcessThatComesTakesItsShareAndGivesItBack) {
    const auto first = open();
    Reader one(*first, "t", "g");
    std::map<std::string, int> seen;
    std::size_t published = 0;
    const auto publish_some = [&](Queue& queue) {
        for (int i = 0; i < 40; ++i)
            queue.publish({{"t", "k" + std::to_string(i), std::to_string(published++)}});
    };
    {
        const auto second = open();
        Reader two(*second, "t", "g");
        ASSERT_TRUE(until([&] {
            if (one.got.size() + two.got.size() + 80 > published) publish_some(*first);
            return !two.got.empty();
        }));
        ASSERT_TRUE(until([&] { return one.got.size() + two.got.size() == published && first->status().waiting == 0; }));
        for (const auto& got : two.got)
            ++seen[got.payload];
    }
    const std::size_t before = one.got.size();
    publish_some(*first);
    ASSERT_TRUE(until([&] { return one.got.size() == before + 40; }));
    for (const auto& got : one.got)
        ++seen[got.payload];
    EXPECT_EQ(seen.size(), published);
    for (const auto& [payload, times] : seen)
        EXPECT_EQ(times, 1) << payload;
}

TEST_F(FileQueueTest, EveryPartIsReached) {
    std::set<std::uint32_t> parts;
    for (int i = 0; i < 1000; ++i)
        parts.insert(part_of("device-" + std::to_string(i)));
    EXPECT_EQ(parts.size(), FileQueue::parts);
    EXPECT_EQ(part_of("device-1"), part_of("device-1"));
}

TEST_F(FileQueueTest, AForeignFileIsLeftAlone) {
    std::ofstream(directory_.file()) << std::string(5000, 'x');
    const auto queue = FileQueue::open(io_, clock_, directory_.file(), quick_options());
    ASSERT_FALSE(queue);
    EXPECT_TRUE(queue.error().is(QueueErrc::unavailable));
    EXPECT_NE(queue.error().message().find("was left alone"), std::string::npos) << queue.error().message();
}

TEST_F(FileQueueTest, ADirectoryThatIsNotThereIsTold) {
    const auto queue = FileQueue::open(io_, clock_, directory_.file() + "/missing/queue.db", quick_options());
    ASSERT_FALSE(queue);
    EXPECT_NE(queue.error().message().find("cannot open"), std::string::npos) << queue.error().message();
}

TEST_F(FileQueueTest, AFileThatAnotherProgramHoldsIsToldAndOutlived) {
    const auto queue = open();
    Reader reader(*queue, "t", "g");
    ASSERT_TRUE(publish(*queue, {{"t", "k", "before"}}));
    sqlite3* holder = nullptr;
    ASSERT_EQ(sqlite3_open(directory_.file().c_str(), &holder), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(holder, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    const auto refused = publish(*queue, {{"t", "k", "meanwhile"}});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(QueueErrc::unavailable));
    EXPECT_EQ(refused.error().message(), "another program holds " + directory_.file() + "; close what has it open");
    EXPECT_FALSE(queue->status().ok);
    EXPECT_EQ(queue->status().sentence, refused.error().message());
    sqlite3_close(holder);
    ASSERT_TRUE(until([&] { return queue->status().ok; }));
    ASSERT_TRUE(publish(*queue, {{"t", "k", "after"}}));
    ASSERT_TRUE(until([&] { return reader.has("after") && queue->status().waiting == 0; }));
    EXPECT_EQ(reader.payloads(), (std::vector<std::string>{"before", "after"}));
}

/// In a process of its own, because a limit on file sizes would disturb the others.
TEST_F(FileQueueTest, AFullDiskIsToldAndOutlived) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        const auto queue = open();
        Reader reader(*queue, "t", "g", Reader::Manner::keeps, 1);
        rlimit limit{};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        const rlim_t before = limit.rlim_cur;
        limit.rlim_cur = 200 * 1024;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        Result<> refused;
        std::size_t taken = 0;
        while (taken < 1000 && (refused = publish(*queue, {{"t", "k" + std::to_string(taken), std::string(2000, 'x')}})))
            ++taken;
        if (refused) ::_exit(1);
        if (!refused.error().is(QueueErrc::unavailable)) ::_exit(2);
        limit.rlim_cur = before;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        if (!until([&] { return queue->status().ok; })) ::_exit(3);
        if (!publish(*queue, {{"t", "last", "x"}})) ::_exit(4);
        ::_exit(queue->status().waiting == taken + 1 ? 0 : 5);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

/// In a process of its own, because nothing is read-only for root.
TEST_F(FileQueueTest, AReadOnlyFileIsToldAtTheStart) {
    {
        const auto queue = open();
    }
    std::filesystem::permissions(directory_.path(), std::filesystem::perms::all);
    std::filesystem::permissions(directory_.file(), std::filesystem::perms::owner_read | std::filesystem::perms::others_read);
    const pid_t child = ::fork();
    if (child == 0) {
        if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(77);
        const auto queue = FileQueue::open(io_, clock_, directory_.file(), quick_options());
        if (queue) ::_exit(1);
        // Which of the two depends on how the system refuses.
        for (const char* reason : {"can only be read", "Permission denied"}) {
            if (queue.error().message().find(reason) != std::string::npos) ::_exit(0);
        }
        std::fprintf(stderr, "it said: %s\n", queue.error().message().c_str());
        ::_exit(2);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "this process may not become another user";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

/// Consumes in a process of its own, and tells each message through a pipe before it acknowledges it.
[[noreturn]] void consume_for_ever(const std::string& path, int out) {
    const runtime::SystemClock clock;
    boost::asio::io_context io;
    auto queue = std::move(FileQueue::open(io, clock, path, quick_options()).value());
    std::unique_ptr<Consumer> consumer;
    consumer = queue->subscribe("t", "g", {.window = 8}, [&](const Delivery& it) {
        const int number = std::stoi(std::string(it.payload));
        if (::write(out, &number, sizeof number) != sizeof number) ::_exit(1);
        consumer->ack(it.id);
    });
    const auto work = boost::asio::make_work_guard(io);
    io.run();
    ::_exit(0);
}

class FileQueueKill : public FileQueueTest, public ::testing::WithParamInterface<unsigned> {};

/// Two consuming processes, one of which is killed again and again: every message is seen, and no key goes back behind what it
/// has acknowledged for longer than the last moments before a kill.
TEST_P(FileQueueKill, NothingIsLostWhenConsumersAreKilled) {
    constexpr int messages = 600;
    std::minstd_rand random(GetParam());
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(::pipe2(pipe_ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
    const auto start = [&] {
        const pid_t child = ::fork();
        if (child == 0) {
            ::fcntl(pipe_ends[1], F_SETFL, 0);
            consume_for_ever(directory_.file(), pipe_ends[1]);
        }
        return child;
    };
    // This process publishes only, in a further child, so that no child inherits an open queue.
    const pid_t publisher = ::fork();
    if (publisher == 0) {
        const auto queue = open();
        {
            Reader first(*queue, "t", "g");
        }
        for (int i = 0; i < messages; ++i) {
            if (!publish(*queue, {{"t", "k" + std::to_string(i % 50), std::to_string(i)}})) ::_exit(1);
        }
        ::_exit(0);
    }
    std::array<pid_t, 2> children{};
    std::set<int> seen;
    int status = 0;
    std::size_t since_kill = 0;
    const auto give_up = std::chrono::steady_clock::now() + patience;
    // The group must be there before the first message, which is the publisher's doing.
    while (seen.size() < messages && std::chrono::steady_clock::now() < give_up) {
        for (pid_t& child : children) {
            if (child == 0) child = start();
        }
        pollfd readable{pipe_ends[0], POLLIN, 0};
        ::poll(&readable, 1, 50);
        int number = 0;
        while (::read(pipe_ends[0], &number, sizeof number) == sizeof number) {
            seen.insert(number);
            ++since_kill;
        }
        if (since_kill > 30 + random() % 60) {
            since_kill = 0;
            pid_t& victim = children[random() % 2];
            ::kill(victim, SIGKILL);
            ::waitpid(std::exchange(victim, 0), &status, 0);
        }
    }
    for (const pid_t child : children) {
        if (child == 0) continue;
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
    }
    ASSERT_EQ(::waitpid(publisher, &status, 0), publisher);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(messages));
}

INSTANTIATE_TEST_SUITE_P(Seeds, FileQueueKill, ::testing::Range(1U, 4U));

/// A process that hangs keeps nothing from the others, and is one of them again when it goes on.
TEST_F(FileQueueTest, WhatAHangingProcessHadGoesToAnother) {
    FileQueueOptions options = quick_options();
    options.lease = 200ms;
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(::pipe2(pipe_ends.data(), O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto queue = std::move(FileQueue::open(io_, clock_, directory_.file(), options).value());
        std::unique_ptr<Consumer> consumer;
        consumer = queue->subscribe("t", "g", {}, [&](const Delivery& it) {
            if (::write(pipe_ends[1], "m", 1) != 1) ::_exit(1);
            if (it.payload != "kept") consumer->ack(it.id);
        });
        queue->publish({{"t", "k", "kept"}});
        until([] { return false; });
        ::_exit(0);
    }
    char byte = 0;
    ASSERT_EQ(::read(pipe_ends[0], &byte, 1), 1);
    ::kill(child, SIGSTOP);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);

    const auto queue = std::move(FileQueue::open(io_, clock_, directory_.file(), options).value());
    Reader heir(*queue, "t", "g");
    ASSERT_TRUE(until([&] { return heir.has("kept"); }));
    EXPECT_EQ(heir.got[0].times, 2U);
    ::kill(child, SIGCONT);
    ::fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK);
    std::size_t published = 0;
    EXPECT_TRUE(until([&] {
        if (heir.got.size() + 10 > published) {
            queue->publish({{"t", "k" + std::to_string(published), std::to_string(published)}});
            ++published;
        }
        return ::read(pipe_ends[0], &byte, 1) == 1;
    }));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, &status, 0), child);
}

/// A message that kills its process is set aside after some lives.
TEST_F(FileQueueTest, AMessageThatKillsItsProcessIsSetAside) {
    const auto child_with = [&](const std::function<void()>& body) {
        const pid_t child = ::fork();
        if (child == 0) {
            body();
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFSIGNALED(status) ? 200 + WTERMSIG(status) : WEXITSTATUS(status);
    };
    ASSERT_EQ(child_with([&] {
                  const auto queue = open({.max_deliveries = 3});
                  {
                      Reader reader(*queue, "t", "g");
                  }
                  if (!publish(*queue, {{"t", "k", "deadly"}, {"t", "k", "harmless"}})) ::_exit(1);
              }),
              0);
    int deaths = 0;
    for (int life = 0; life < 6; ++life) {
        const int result = child_with([&] {
            const auto queue = open({.max_deliveries = 3});
            bool done = false;
            const auto consumer = queue->subscribe("t", "g", {}, [&](const Delivery& it) {
                if (it.payload == "deadly") ::kill(::getpid(), SIGKILL);
                done = true;
            });
            ::_exit(until([&] { return done; }) ? 0 : 1);
        });
        if (result == 0) break;
        EXPECT_EQ(result, 200 + SIGKILL);
        ++deaths;
    }
    EXPECT_EQ(deaths, 3);
    const auto queue = open();
    const auto poison = queue->poison(10);
    ASSERT_EQ(poison.size(), 1U);
    EXPECT_EQ(poison[0].payload, "deadly");
    EXPECT_EQ(poison[0].times, 3U);
}

/// Printed for people, judged by nobody.
TEST_F(FileQueueTest, Throughput) {
    constexpr std::size_t messages = 20'000;
    for (const bool elsewhere : {false, true}) {
        const auto queue = open();
        const auto other = elsewhere ? open() : nullptr;
        Queue& consuming = elsewhere ? *other : *queue;
        const std::string topic = elsewhere ? "t" : "u";
        std::size_t got = 0;
        std::unique_ptr<Consumer> consumer;
        consumer = consuming.subscribe(topic, "g", {}, [&](const Delivery& it) {
            ++got;
            consumer->ack(it.id);
        });
        const auto began = std::chrono::steady_clock::now();
        std::size_t sent = 0;
        std::size_t answered = 0;
        ASSERT_TRUE(until([&] {
            for (; sent < messages && sent < answered + 64; ++sent)
                queue->publish({{topic, "device-" + std::to_string(sent % 1000), std::string(100, 'x')}},
                               [&](const Result<>&) { ++answered; });
            return got == messages;
        }));
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
        std::printf("%s: %.0f messages a second\n", elsewhere ? "to another process" : "within a process",
                    static_cast<double>(messages) / took.count());
        got = 0;
        std::vector<double> trips;
        for (int i = 0; i < 200; ++i) {
            const auto at = std::chrono::steady_clock::now();
            const std::size_t before = got;
            queue->publish({{topic, "k", "x"}});
            ASSERT_TRUE(until([&] { return got > before; }));
            trips.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - at).count());
        }
        std::ranges::sort(trips);
        std::printf("  one at a time: p50 %.0f us, p99 %.0f us\n", trips[100], trips[197]);
    }
}

}  // namespace
}  // namespace holdfast::queue
