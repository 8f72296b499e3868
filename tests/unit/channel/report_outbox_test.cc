// Reports against a queue that is full and has room again.

#include "channel/report_outbox.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "queue/memory_queue.h"
#include "runtime/system_clock.h"
#include "support/run_until.h"

namespace holdfast::channel {
namespace {

using test::run_until;

class ReportOutboxTest : public ::testing::Test {
protected:
    static constexpr std::size_t room = 4;

    ReportOutboxTest() {
        queue::MemoryQueueOptions options;
        options.limits.max_messages = room;
        queue_ = std::make_unique<queue::MemoryQueue>(io_, clock_, options);
        outbox_ =
            std::make_shared<ReportOutbox>(io_, *queue_, 10, [this](std::uint64_t delivery) { done_.push_back(delivery); });
        listen();
    }

    void listen() {
        centre_ = queue_->subscribe("response.c1", "centre", {.window = 100}, [this](const queue::Delivery& delivery) {
            heard_.emplace_back(delivery.payload);
            if (takes_) {
                centre_->ack(delivery.id);
            } else {
                held_.push_back(delivery.id);
            }
        });
    }
    void take_all() {
        takes_ = true;
        for (const auto id : held_)
            centre_->ack(id);
        held_.clear();
    }
    static queue::OutMessage report(int number) {
        return {"response.c1", "device-" + std::to_string(number), std::to_string(number)};
    }
    void add(int number) {
        const auto delivery = static_cast<std::uint64_t>(number);
        outbox_->add(report(number), {&delivery, 1});
    }

    net::IoContext io_;
    runtime::SystemClock clock_;
    std::unique_ptr<queue::MemoryQueue> queue_;
    std::shared_ptr<ReportOutbox> outbox_;
    std::unique_ptr<queue::Consumer> centre_;
    bool takes_ = true;
    std::vector<std::uint64_t> held_;
    std::vector<std::string> heard_;
    std::vector<std::uint64_t> done_;
};

TEST_F(ReportOutboxTest, ARequestIsDoneWhenItsReportIsIn) {
    add(1);
    EXPECT_TRUE(outbox_->add(report(2)));
    add(3);
    EXPECT_TRUE(done_.empty());
    EXPECT_EQ(outbox_->waiting(), 3U);
    ASSERT_TRUE(run_until(io_, [this] { return heard_.size() == 3 && outbox_->waiting() == 0; }));
    EXPECT_EQ(heard_, (std::vector<std::string>{"1", "2", "3"}));
    EXPECT_EQ(done_, (std::vector<std::uint64_t>{1, 3}));
    EXPECT_EQ(outbox_->trouble(), "");
}

TEST_F(ReportOutboxTest, WhatTheQueueDoesNotTakeIsOfferedAgain) {
    takes_ = false;
    for (int number = 1; number <= 4; ++number)
        add(number);
    ASSERT_TRUE(run_until(io_, [this] { return done_.size() == room; }));
    add(5);
    add(6);
    ASSERT_TRUE(run_until(io_, [this] { return !outbox_->trouble().empty(); }));
    EXPECT_EQ(done_.size(), room) << "nothing is done that is not in the queue";
    EXPECT_EQ(outbox_->waiting(), 2U);
    take_all();
    ASSERT_TRUE(run_until(io_, [this] { return done_.size() == 6; }));
    EXPECT_EQ(outbox_->trouble(), "");
    EXPECT_TRUE(run_until(io_, [this] { return heard_.size() == 6; }));
}

TEST_F(ReportOutboxTest, RepliesAreDroppedWhenTooManyWait) {
    takes_ = false;
    for (int number = 1; number <= 4; ++number)
        add(number);
    ASSERT_TRUE(run_until(io_, [this] { return done_.size() == room; }));
    int taken = 0;
    for (int number = 5; number <= 25; ++number)
        taken += outbox_->add(report(number)) ? 1 : 0;
    EXPECT_EQ(taken, 10);
    add(26);
    EXPECT_EQ(outbox_->waiting(), 11U) << "reports about requests always find room";
}

TEST_F(ReportOutboxTest, AfterTheStopNothingIsTold) {
    add(1);
    outbox_->stop();
    add(2);
    io_.run_for(std::chrono::milliseconds(50));
    EXPECT_TRUE(done_.empty());
}

}  // namespace
}  // namespace holdfast::channel
