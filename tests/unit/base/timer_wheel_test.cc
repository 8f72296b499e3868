#include "base/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

TEST(TimerWheel, FiresOnceAtItsTickAndNeverEarly) {
    Time now{};
    TimerWheel wheel(50ms, now);
    WheelTimer timer;
    wheel.schedule(timer, now + 120ms);
    int fired = 0;
    const auto fire = [&](WheelTimer&) { ++fired; };
    wheel.advance(now + 119ms, fire);
    EXPECT_EQ(fired, 0);
    wheel.advance(now + 150ms, fire);
    EXPECT_EQ(fired, 1);
    wheel.advance(now + 1h, fire);
    EXPECT_EQ(fired, 1);
    EXPECT_FALSE(wheel.next_tick());
}

TEST(TimerWheel, DeadlinesBeyondTheHorizonGoAround) {
    Time now{};
    TimerWheel wheel(50ms, now);
    WheelTimer timer;
    wheel.schedule(timer, now + 60s);
    int fired = 0;
    for (Time t = now; t < now + 60s; t += 30ms)
        wheel.advance(t, [&](WheelTimer&) { ++fired; });
    EXPECT_EQ(fired, 0);
    wheel.advance(now + 60s, [&](WheelTimer&) { ++fired; });
    EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, AFiringTimerMayCancelItsNeighboursAndScheduleItself) {
    Time now{};
    TimerWheel wheel(50ms, now);
    WheelTimer first;
    WheelTimer second;
    wheel.schedule(first, now + 50ms);
    wheel.schedule(second, now + 50ms);
    int fired = 0;
    wheel.advance(now + 50ms, [&](WheelTimer& timer) {
        ++fired;
        wheel.cancel(&timer == &first ? second : first);
        wheel.schedule(timer, now + 100ms);
    });
    EXPECT_EQ(fired, 1);
    EXPECT_EQ(wheel.count(), 1U);
    wheel.advance(now + 100ms, [&](WheelTimer&) { ++fired; });
    EXPECT_EQ(fired, 2);
}

TEST(TimerWheel, AgreesWithASortedMapUnderRandomUse) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937 random(seed);
        Time now{};
        const Duration tick = 10ms;
        TimerWheel wheel(tick, now);
        std::vector<std::unique_ptr<WheelTimer>> timers;
        for (int i = 0; i < 50; ++i)
            timers.push_back(std::make_unique<WheelTimer>());
        std::map<WheelTimer*, Time> model;
        for (int step = 0; step < 2000; ++step) {
            auto& timer = *timers[random() % timers.size()];
            switch (random() % 3) {
                case 0: {
                    const Time deadline = now + std::chrono::milliseconds(random() % 8000);
                    wheel.schedule(timer, deadline);
                    model[&timer] = deadline;
                    break;
                }
                case 1:
                    wheel.cancel(timer);
                    model.erase(&timer);
                    break;
                default:
                    now += std::chrono::milliseconds(random() % 200);
                    wheel.advance(now, [&](WheelTimer& due) {
                        ASSERT_TRUE(model.contains(&due));
                        EXPECT_LE(model[&due], now);
                        model.erase(&due);
                    });
                    for (const auto& [left, deadline] : model)
                        EXPECT_GT(deadline + tick, now) << "a timer is late, seed " << seed;
            }
            ASSERT_EQ(wheel.count(), model.size());
        }
        for (auto& timer : timers)
            wheel.cancel(*timer);
    }
}

}  // namespace
}  // namespace holdfast
