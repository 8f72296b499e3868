// What every adapter of the queue promises, tried on each of them.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "file_queue_stage.h"
#include "memory_queue_stage.h"
#include "queue_stage.h"

namespace holdfast::queue {
namespace {

using namespace testing;
using Manner = Reader::Manner;

struct Adapter {
    std::string name;
    StageMaker make;
};

class QueueContract : public ::testing::TestWithParam<Adapter> {
protected:
    QueueStage& stage(QueueLimits limits = {}) {
        stage_ = GetParam().make(limits);
        return *stage_;
    }
    template <class Condition>
    bool until(Condition condition) {
        return stage_->run_until(condition);
    }
    /// Lets everything come that is on its way to the consumers of a topic: a message of a key of its own, published last, has
    /// been seen by this group.
    void settle(const std::string& topic, Reader& reader) {
        const std::string mark = "mark " + std::to_string(++marks_);
        ASSERT_TRUE(stage_->publish(topic, mark, mark));
        ASSERT_TRUE(until([&] { return reader.has(mark); })) << mark;
    }

    std::unique_ptr<QueueStage> stage_;
    int marks_ = 0;
};

std::vector<std::string> numbers(int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i)
        all.push_back(std::to_string(i));
    return all;
}

TEST_P(QueueContract, BringsWhatWasPublished) {
    auto& s = stage();
    Reader reader(s.queue(), "t", "g");
    const std::string bytes("\0\xFF\n'\"", 5);
    ASSERT_TRUE(s.publish("t", "k", bytes));
    ASSERT_TRUE(until([&] { return reader.got.size() == 1; }));
    EXPECT_EQ(reader.got[0].key, "k");
    EXPECT_EQ(reader.got[0].payload, bytes);
    EXPECT_EQ(reader.got[0].times, 1U);
}

TEST_P(QueueContract, TakesNothingPublishedAndEmptyKeysAndPayloads) {
    auto& s = stage();
    Reader reader(s.queue(), "t", "g");
    ASSERT_TRUE(s.publish({}));
    ASSERT_TRUE(s.publish("t", "", ""));
    ASSERT_TRUE(until([&] { return reader.got.size() == 1; }));
    EXPECT_EQ(reader.got[0].key, "");
    EXPECT_EQ(reader.got[0].payload, "");
}

TEST_P(QueueContract, EveryGroupGetsEveryMessageOfItsTopicOnly) {
    auto& s = stage();
    Reader one(s.queue(), "t", "one");
    Reader two(s.queue(), "t", "two");
    Reader elsewhere(s.queue(), "u", "one");
    ASSERT_TRUE(s.publish({{"t", "a", "1"}, {"u", "a", "2"}, {"t", "b", "3"}}));
    ASSERT_TRUE(until([&] { return one.got.size() == 2 && two.got.size() == 2 && elsewhere.got.size() == 1; }));
    EXPECT_EQ(elsewhere.got[0].payload, "2");
}

TEST_P(QueueContract, KeepsTheOrderOfAKey) {
    auto& s = stage();
    Reader reader(s.queue(), "t", "g");
    std::vector<OutMessage> messages;
    for (const std::string& number : numbers(300))
        messages.push_back({"t", "k" + std::to_string(messages.size() % 3), number});
    ASSERT_TRUE(s.publish(std::move(messages)));
    ASSERT_TRUE(until([&] { return reader.got.size() == 300; }));
    for (const std::string key : {"k0", "k1", "k2"}) {
        const auto got = reader.payloads(key);
        EXPECT_TRUE(std::ranges::is_sorted(got, {}, [](const std::string& text) { return std::stoi(text); }));
    }
}

TEST_P(QueueContract, ALaterMessageOfAKeyWaitsForTheEarlierOne) {
    auto& s = stage();
    Reader reader(s.queue(), "t", "g", Manner::keeps);
    ASSERT_TRUE(s.publish({{"t", "k", "first"}, {"t", "k", "second"}, {"t", "other", "third"}}));
    settle("t", reader);
    EXPECT_TRUE(reader.has("first"));
    EXPECT_TRUE(reader.has("third"));
    EXPECT_FALSE(reader.has("second"));
    const auto first = std::ranges::find(reader.got, "first", &Reader::Got::payload) - reader.got.begin();
    reader.ack(static_cast<std::size_t>(first));
    EXPECT_TRUE(until([&] { return reader.has("second"); }));
}

TEST_P(QueueContract, AWindowBoundsWhatIsOut) {
    auto& s = stage();
    Reader reader(s.queue(), "t", "g", Manner::keeps, 3);
    Reader settled(s.queue(), "t", "settled");
    std::vector<OutMessage> messages;
    for (const std::string& number : numbers(10))
        messages.push_back({"t", number, number});
    ASSERT_TRUE(s.publish(std::move(messages)));
    ASSERT_TRUE(until([&] { return reader.got.size() == 3; }));
    settle("t", settled);
    EXPECT_EQ(reader.got.size(), 3U);
    reader.ack(0);
    reader.ack(1);
    ASSERT_TRUE(until([&] { return reader.got.size() == 5; }));
    settle("t", settled);
    EXPECT_EQ(reader.got.size(), 5U);
}

TEST_P(QueueContract, TwoConsumersOfAGroupShare) {
    auto& s = stage();
    Reader one(s.queue(), "t", "g", Manner::keeps);
    Reader two(s.other(), "t", "g", Manner::keeps);
    // How soon and how evenly they share is the adapter's business.
    std::size_t published = 0;
    const auto both_have_some = [&] {
        if (published < 5000) {
            s.queue().publish({{"t", "k" + std::to_string(published), std::to_string(published)}});
            ++published;
        }
        return !one.got.empty() && !two.got.empty();
    };
    ASSERT_TRUE(until(both_have_some));
    std::set<std::string> all;
    for (const Reader* reader : {&one, &two}) {
        for (const auto& got : reader->got)
            EXPECT_TRUE(all.insert(got.payload).second) << got.payload;
    }
}

TEST_P(QueueContract, OrderOfAKeyHoldsAcrossConsumers) {
    auto& s = stage();
    std::vector<std::string> seen;
    const auto note = [&seen](std::unique_ptr<Consumer>& consumer) {
        return [&seen, &consumer](const Delivery& it) {
            seen.emplace_back(it.payload);
            consumer->ack(it.id);
        };
    };
    std::unique_ptr<Consumer> one;
    std::unique_ptr<Consumer> two;
    one = s.queue().subscribe("t", "g", {.window = 4}, note(one));
    two = s.other().subscribe("t", "g", {.window = 4}, note(two));
    std::vector<OutMessage> messages;
    for (const std::string& number : numbers(40))
        messages.push_back({"t", "k", number});
    ASSERT_TRUE(s.publish(std::move(messages)));
    ASSERT_TRUE(until([&] { return seen.size() == 40; }));
    EXPECT_EQ(seen, numbers(40));
}

TEST_P(QueueContract, WhatALostConsumerHadGoesToAnother) {
    auto& s = stage();
    auto lost = std::make_unique<Reader>(s.other(), "t", "g", Manner::keeps);
    ASSERT_TRUE(s.publish({{"t", "a", "1"}, {"t", "b", "2"}, {"t", "a", "3"}}));
    ASSERT_TRUE(until([&] { return lost->got.size() == 2; }));
    Reader heir(s.queue(), "t", "g");
    lost.reset();
    ASSERT_TRUE(until([&] { return heir.got.size() == 3; }));
    EXPECT_EQ(heir.payloads("a"), (std::vector<std::string>{"1", "3"}));
    for (const auto& got : heir.got)
        EXPECT_EQ(got.times, got.payload == "3" ? 1U : 2U) << got.payload;
}

TEST_P(QueueContract, AGroupKeepsItsPlaceWithoutConsumers) {
    auto& s = stage();
    {
        Reader reader(s.queue(), "t", "g");
        ASSERT_TRUE(s.publish("t", "k", "before"));
        ASSERT_TRUE(until([&] { return reader.has("before"); }));
        ASSERT_TRUE(until([&] { return s.queue().status().waiting == 0; }));
    }
    ASSERT_TRUE(s.publish("t", "k", "meanwhile"));
    EXPECT_EQ(s.queue().status().waiting, 1U);
    Reader reader(s.other(), "t", "g");
    ASSERT_TRUE(until([&] { return !reader.got.empty(); }));
    EXPECT_EQ(reader.payloads(), std::vector<std::string>{"meanwhile"});
}

TEST_P(QueueContract, AGroupSeesNothingFromBeforeItsFirstSubscription) {
    auto& s = stage();
    Reader early(s.queue(), "t", "early");
    ASSERT_TRUE(s.publish("t", "k", "before"));
    Reader late(s.queue(), "t", "late");
    ASSERT_TRUE(s.publish("t", "k", "after"));
    ASSERT_TRUE(until([&] { return late.has("after") && early.has("after"); }));
    EXPECT_FALSE(late.has("before"));
}

TEST_P(QueueContract, AMessageGivenBackComesAgain) {
    auto& s = stage();
    Reader reader(s.queue(), "t", "g", Manner::keeps);
    ASSERT_TRUE(s.publish({{"t", "k", "first"}, {"t", "k", "second"}}));
    ASSERT_TRUE(until([&] { return reader.got.size() == 1; }));
    reader.nack(0);
    ASSERT_TRUE(until([&] { return reader.got.size() == 2; }));
    EXPECT_EQ(reader.got[1].payload, "first");
    EXPECT_EQ(reader.got[1].times, 2U);
    reader.nack(1, 30ms);
    const auto from = std::chrono::steady_clock::now();
    ASSERT_TRUE(until([&] { return reader.got.size() == 3; }));
    EXPECT_GE(std::chrono::steady_clock::now() - from, 29ms);
    EXPECT_EQ(reader.got[2].payload, "first");
    EXPECT_EQ(reader.got[2].times, 3U);
    reader.ack(2);
    ASSERT_TRUE(until([&] { return reader.got.size() == 4; }));
    EXPECT_EQ(reader.got[3].payload, "second");
    EXPECT_GE(s.queue().status().redelivered, 2U);
}

TEST_P(QueueContract, AnAcknowledgedMessageDoesNotComeAgain) {
    auto& s = stage();
    {
        Reader reader(s.queue(), "t", "g");
        ASSERT_TRUE(s.publish({{"t", "a", "1"}, {"t", "b", "2"}}));
        ASSERT_TRUE(until([&] { return reader.got.size() == 2; }));
    }
    ASSERT_TRUE(until([&] { return s.queue().status().waiting == 0; }));
    Reader heir(s.other(), "t", "g");
    settle("t", heir);
    EXPECT_EQ(heir.got.size(), 1U);
}

TEST_P(QueueContract, UnknownIdsAreIgnored) {
    auto& s = stage();
    Reader reader(s.queue(), "t", "g", Manner::keeps);
    std::unique_ptr<Consumer> stranger = s.queue().subscribe("t", "h", {}, [](const Delivery&) {});
    ASSERT_TRUE(s.publish({{"t", "k", "1"}, {"t", "k", "2"}}));
    ASSERT_TRUE(until([&] { return reader.got.size() == 1; }));
    stranger->ack(reader.got[0].id + 1000);
    stranger->nack(reader.got[0].id + 1000, {});
    reader.ack(0);
    reader.ack(0);
    reader.nack(0);
    ASSERT_TRUE(until([&] { return reader.got.size() == 2; }));
    EXPECT_EQ(reader.payloads(), (std::vector<std::string>{"1", "2"}));
}

TEST_P(QueueContract, PoisonIsSetAsideAndShownAndTheKeyGoesOn) {
    auto& s = stage({.max_deliveries = 3});
    std::unique_ptr<Consumer> consumer;
    std::vector<std::string> seen;
    consumer = s.queue().subscribe("t", "g", {}, [&](const Delivery& it) {
        seen.emplace_back(it.payload);
        if (it.payload == "bad") {
            consumer->nack(it.id, {});
        } else {
            consumer->ack(it.id);
        }
    });
    ASSERT_TRUE(s.publish({{"t", "k", "bad"}, {"t", "k", "good"}}));
    ASSERT_TRUE(until([&] { return seen.size() == 4; }));
    EXPECT_EQ(seen, (std::vector<std::string>{"bad", "bad", "bad", "good"}));
    ASSERT_TRUE(until([&] { return s.queue().status().waiting == 0; }));
    const auto shown = s.queue().poison(10);
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_EQ(shown[0].topic, "t");
    EXPECT_EQ(shown[0].group, "g");
    EXPECT_EQ(shown[0].key, "k");
    EXPECT_EQ(shown[0].payload, "bad");
    EXPECT_EQ(shown[0].times, 3U);
    EXPECT_GT(shown[0].set_aside_at, WallTime{});
    EXPECT_EQ(s.queue().status().poisoned, 1U);
    EXPECT_TRUE(s.queue().poison(0).empty());
}

TEST_P(QueueContract, AConsumerThatDiesOfAMessageIsNotFedItForEver) {
    auto& s = stage({.max_deliveries = 3});
    {
        Reader first(s.queue(), "t", "g", Manner::keeps);
    }
    ASSERT_TRUE(s.publish({{"t", "k", "deadly"}, {"t", "k", "harmless"}}));
    for (int life = 0; life < 3; ++life) {
        Reader reader(s.queue(), "t", "g", Manner::keeps);
        ASSERT_TRUE(until([&] { return !reader.got.empty(); })) << life;
        EXPECT_EQ(reader.got[0].payload, "deadly");
    }
    Reader reader(s.queue(), "t", "g");
    ASSERT_TRUE(until([&] { return !reader.got.empty(); }));
    EXPECT_EQ(reader.got[0].payload, "harmless");
    EXPECT_EQ(s.queue().poison(10).size(), 1U);
}

TEST_P(QueueContract, OnlySoMuchPoisonIsKept) {
    auto& s = stage({.max_deliveries = 1, .max_poison = 2});
    std::unique_ptr<Consumer> consumer;
    consumer = s.queue().subscribe("t", "g", {}, [&](const Delivery& it) { consumer->nack(it.id, {}); });
    for (const std::string& number : numbers(4))
        ASSERT_TRUE(s.publish("t", "k", number));
    ASSERT_TRUE(until([&] { return s.queue().status().poisoned == 4 && s.queue().status().waiting == 0; }));
    const auto shown = s.queue().poison(10);
    ASSERT_EQ(shown.size(), 2U);
    EXPECT_EQ(shown[0].payload, "2");
    EXPECT_EQ(shown[1].payload, "3");
}

TEST_P(QueueContract, AFullTopicSaysSoAndTakesAgainWhenThereIsRoom) {
    auto& s = stage({.max_messages = 4});
    Reader reader(s.queue(), "t", "g", Manner::keeps);
    ASSERT_TRUE(s.publish({{"t", "a", "1"}, {"t", "b", "2"}, {"t", "c", "3"}}));
    const auto refused = s.publish({{"t", "d", "4"}, {"u", "a", "x"}, {"t", "e", "5"}});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(QueueErrc::full));
    EXPECT_NE(refused.error().message().find("the topic t holds 3 messages"), std::string::npos) << refused.error().message();
    ASSERT_TRUE(s.publish("t", "d", "4"));
    EXPECT_FALSE(s.publish("t", "e", "5"));
    ASSERT_TRUE(until([&] { return reader.got.size() == 4; }));
    reader.ack(0);
    ASSERT_TRUE(until([&] { return s.queue().status().waiting == 3; }));
    EXPECT_TRUE(s.publish("t", "e", "6"));
    ASSERT_TRUE(until([&] { return reader.has("6"); }));
    EXPECT_FALSE(reader.has("5"));
}

TEST_P(QueueContract, BytesAreBoundedToo) {
    auto& s = stage({.max_bytes = 1000, .max_message_size = 800});
    Reader reader(s.queue(), "t", "g", Manner::keeps);
    const auto large = s.publish("t", "k", std::string(800, 'x'));
    ASSERT_FALSE(large);
    EXPECT_TRUE(large.error().is(QueueErrc::too_large)) << large.error().message();
    ASSERT_TRUE(s.publish("t", "k", std::string(700, 'x')));
    const auto full = s.publish("t", "l", std::string(400, 'x'));
    ASSERT_FALSE(full);
    EXPECT_TRUE(full.error().is(QueueErrc::full)) << full.error().message();
    ASSERT_TRUE(until([&] { return reader.got.size() == 1; }));
    reader.ack(0);
    ASSERT_TRUE(until([&] { return s.queue().status().waiting == 0; }));
    EXPECT_TRUE(s.publish("t", "l", std::string(400, 'x')));
}

TEST_P(QueueContract, AMessageIsHeldUntilTheSlowestGroupHasIt) {
    auto& s = stage();
    Reader fast(s.queue(), "t", "fast");
    Reader slow(s.queue(), "t", "slow", Manner::keeps);
    ASSERT_TRUE(s.publish("t", "k", "1"));
    ASSERT_TRUE(until([&] { return fast.got.size() == 1 && slow.got.size() == 1; }));
    ASSERT_TRUE(s.publish("t", "l", "2"));
    ASSERT_TRUE(until([&] { return fast.got.size() == 2; }));
    EXPECT_EQ(s.queue().status().waiting, 2U);
    slow.ack(0);
    ASSERT_TRUE(until([&] { return slow.got.size() == 2 && s.queue().status().waiting == 1; }));
    slow.ack(1);
    EXPECT_TRUE(until([&] { return s.queue().status().waiting == 0; }));
}

TEST_P(QueueContract, NoHandlerIsCalledAfterTheConsumersEnd) {
    auto& s = stage();
    Reader ended(s.queue(), "t", "g", Manner::keeps);
    Reader settled(s.queue(), "t", "settled");
    ASSERT_TRUE(s.publish("t", "a", "1"));
    ASSERT_TRUE(until([&] { return ended.got.size() == 1; }));
    s.queue().publish({{"t", "b", "2"}, {"t", "c", "3"}});
    ended.end();
    settle("t", settled);
    EXPECT_EQ(ended.got.size(), 1U);
}

TEST_P(QueueContract, AHandlerMayEndItsOwnConsumer) {
    auto& s = stage();
    std::unique_ptr<Consumer> consumer;
    int calls = 0;
    consumer = s.queue().subscribe("t", "g", {}, [&](const Delivery& it) {
        ++calls;
        const std::string key(it.key);
        consumer.reset();
        EXPECT_EQ(it.key, key);
    });
    Reader settled(s.queue(), "t", "settled");
    ASSERT_TRUE(s.publish({{"t", "a", "1"}, {"t", "b", "2"}}));
    ASSERT_TRUE(until([&] { return calls == 1; }));
    settle("t", settled);
    EXPECT_EQ(calls, 1);
    Reader heir(s.queue(), "t", "g");
    EXPECT_TRUE(until([&] { return heir.has("1") && heir.has("2"); }));
}

TEST_P(QueueContract, HandlersAreNotCalledFromWithinMethods) {
    auto& s = stage();
    bool inside = false;
    int calls = 0;
    std::unique_ptr<Consumer> consumer;
    consumer = s.queue().subscribe("t", "g", {}, [&](const Delivery& it) {
        EXPECT_FALSE(inside);
        inside = true;
        ++calls;
        if (calls < 5) s.queue().publish({{"t", "k", "more"}}, [&](const Result<>&) { EXPECT_FALSE(inside); });
        consumer->ack(it.id);
        inside = false;
    });
    inside = true;
    s.queue().publish({{"t", "k", "first"}}, [&](const Result<>&) { EXPECT_FALSE(inside); });
    inside = false;
    EXPECT_TRUE(until([&] { return calls == 5; }));
}

/// Any interleaving of publishing, consumers that come and go, acknowledge or give back: nothing is lost, and no key is out of
/// order: the first sight of each message comes after the acknowledgement of the one before.
TEST_P(QueueContract, LosesNothingAndKeepsOrderWhateverHappens) {
    for (unsigned seed = 1; seed <= 4; ++seed) {
        auto& s = stage({.max_deliveries = 1'000'000});
        std::minstd_rand random(seed);
        std::map<std::string, int> published;
        std::map<std::string, int> acknowledged;
        struct Live {
            std::unique_ptr<Consumer> consumer;
            std::vector<std::pair<std::uint64_t, std::string>> holds;
        };
        std::vector<std::unique_ptr<Live>> consumers;
        const auto add = [&] {
            auto live = std::make_unique<Live>();
            Queue& queue = random() % 2 == 0 ? s.queue() : s.other();
            live->consumer = queue.subscribe("t", "g", {.window = 1 + random() % 4}, [&, at = live.get()](const Delivery& it) {
                EXPECT_EQ(std::stoi(std::string(it.payload)), acknowledged[std::string(it.key)]);
                at->holds.emplace_back(it.id, std::string(it.key));
            });
            consumers.push_back(std::move(live));
        };
        const auto settle_one = [&](Live& live, bool give_back) {
            if (live.holds.empty()) return;
            const auto [id, key] = live.holds.back();
            live.holds.pop_back();
            if (give_back) {
                live.consumer->nack(id, std::chrono::microseconds(random() % 2000));
            } else {
                ++acknowledged[key];
                live.consumer->ack(id);
            }
        };
        add();
        for (int step = 0; step < 400; ++step) {
            const auto what = random() % 10;
            if (what < 3) {
                const std::string key = "k" + std::to_string(random() % 5);
                s.queue().publish({{"t", key, std::to_string(published[key]++)}});
            } else if (what == 3 && consumers.size() < 4) {
                add();
            } else if (what == 4 && !consumers.empty()) {
                consumers.erase(consumers.begin() + static_cast<std::ptrdiff_t>(random() % consumers.size()));
            } else if (!consumers.empty()) {
                settle_one(*consumers[random() % consumers.size()], what == 5);
            }
            s.io().restart();
            s.io().poll_one();
        }
        if (consumers.empty()) add();
        ASSERT_TRUE(until([&] {
            for (auto& live : consumers)
                settle_one(*live, false);
            return acknowledged == published && s.queue().status().waiting == 0;
        })) << "seed "
            << seed;
        consumers.clear();
    }
}

INSTANTIATE_TEST_SUITE_P(Adapters, QueueContract,
                         ::testing::Values(Adapter{"memory", make_memory_stage}, Adapter{"file", make_file_stage}),
                         [](const auto& chosen) { return chosen.param.name; });

}  // namespace
}  // namespace holdfast::queue
