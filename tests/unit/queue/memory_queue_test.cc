// What only the in-process queue promises.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "memory_queue_stage.h"

namespace holdfast::queue {
namespace {

using namespace testing;

TEST(MemoryQueue, AnswersWhatWasPublishedBeforeItsEnd) {
    const runtime::SystemClock clock;
    boost::asio::io_context io;
    int answered = 0;
    int delivered = 0;
    auto queue = std::make_unique<MemoryQueue>(io, clock, MemoryQueueOptions{});
    const auto consumer = queue->subscribe("t", "g", {}, [&](const Delivery&) { ++delivered; });
    queue->publish({{"t", "k", "1"}}, [&](const Result<>& result) { answered += result ? 1 : 100; });
    queue.reset();
    io.run();
    EXPECT_EQ(answered, 1);
    EXPECT_EQ(delivered, 0);
    consumer->ack(1);
}

TEST(MemoryQueue, AHandlerMayEndTheQueue) {
    const runtime::SystemClock clock;
    boost::asio::io_context io;
    auto queue = std::make_unique<MemoryQueue>(io, clock, MemoryQueueOptions{});
    int calls = 0;
    const auto consumer = queue->subscribe("t", "g", {}, [&](const Delivery&) {
        ++calls;
        queue.reset();
    });
    queue->publish({{"t", "a", "1"}, {"t", "b", "2"}});
    io.run();
    EXPECT_EQ(calls, 1);
}

TEST(MemoryQueue, WhatNobodyWantsIsNotHeld) {
    MemoryQueueStage stage({.max_messages = 2});
    for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(stage.publish("nobody", "k", "x"));
    EXPECT_EQ(stage.queue().status().waiting, 0U);
    EXPECT_EQ(stage.queue().status().published, 10U);
}

/// The cost of a message must not grow with what waits; printed for people, judged by nobody.
TEST(MemoryQueue, Throughput) {
    for (const int waiting : {1'000, 100'000}) {
        MemoryQueueStage stage({});
        std::size_t got = 0;
        std::unique_ptr<Consumer> consumer;
        consumer = stage.queue().subscribe("t", "g", {}, [&](const Delivery& it) {
            ++got;
            consumer->ack(it.id);
        });
        const auto began = std::chrono::steady_clock::now();
        for (int i = 0; i < waiting; ++i)
            stage.queue().publish({{"t", "device-" + std::to_string(i % 1000), std::string(100, 'x')}});
        ASSERT_TRUE(stage.run_until([&] { return got == static_cast<std::size_t>(waiting); }));
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
        std::printf("%d waiting: %.0f messages a second\n", waiting, waiting / took.count());
    }
}

}  // namespace
}  // namespace holdfast::queue
