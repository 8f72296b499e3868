// The heap of due moments, beside a sorted set.

#include "command/due_heap.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <set>
#include <utility>

namespace holdfast::command {
namespace {

struct Item {
    int number = 0;
    std::size_t heap_position = not_in_heap;
};

TEST(DueHeap, AgreesWithASortedSetUnderRandomUse) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937 random(seed);
        std::deque<Item> items(100);
        for (int i = 0; i < 100; ++i)
            items[static_cast<std::size_t>(i)].number = i;
        std::set<std::pair<int, int>> model;
        std::vector<int> due(100, -1);
        DueHeap<int, Item> heap;
        const auto forget = [&](const Item& item) {
            int& at = due[static_cast<std::size_t>(item.number)];
            model.erase({at, item.number});
            at = -1;
        };
        for (int step = 0; step < 5000; ++step) {
            Item& item = items[random() % items.size()];
            const auto what = random() % 10;
            if (what < 6) {
                forget(item);
                const int at = static_cast<int>(random() % 1000);
                due[static_cast<std::size_t>(item.number)] = at;
                model.insert({at, item.number});
                heap.set(item, at);
            } else if (what < 8) {
                forget(item);
                heap.remove(item);
            } else if (!heap.empty()) {
                ASSERT_EQ(heap.next(), model.begin()->first);
                ASSERT_EQ(due[static_cast<std::size_t>(heap.first().number)], heap.next());
                forget(heap.first());
                heap.remove(heap.first());
            }
            ASSERT_EQ(heap.size(), model.size());
            ASSERT_EQ(item.heap_position == not_in_heap, due[static_cast<std::size_t>(item.number)] < 0);
        }
    }
}

}  // namespace
}  // namespace holdfast::command
