#include "mqtt/publish_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <vector>

namespace holdfast::mqtt {
namespace {

TEST(PacketIdSet, HoldsEachOnce) {
    PacketIdSet set;
    EXPECT_TRUE(set.insert(5));
    EXPECT_TRUE(set.insert(65'535));
    EXPECT_TRUE(set.insert(1));
    EXPECT_FALSE(set.insert(5));
    EXPECT_TRUE(set.contains(65'535));
    EXPECT_FALSE(set.contains(2));
    EXPECT_TRUE(set.erase(5));
    EXPECT_FALSE(set.erase(5));
    EXPECT_EQ(set.size(), 2U);
}

HeldPublish publish_of(std::uint64_t ticket) {
    HeldPublish publish;
    publish.ticket = ticket;
    publish.packet = {0x32, 5, 0, 1, 't', 0, 0};
    publish.packet_id_offset = 5;
    return publish;
}

TEST(PublishQueue, WritesTheIdentifierIntoThePacket) {
    PublishQueue queue;
    queue.push(publish_of(1));
    HeldPublish* publish = queue.next_to_send();
    queue.assign(*publish, 0x1234);
    EXPECT_EQ(publish->packet, (ByteBuffer{0x32, 5, 0, 1, 't', 0x12, 0x34}));
    EXPECT_EQ(queue.find(0x1234), publish);
    EXPECT_TRUE(queue.uses(0x1234));
    EXPECT_EQ(queue.find(1), nullptr);
}

/// Against the plainest model: a list of tickets in order.
RC_GTEST_PROP(PublishQueue, SendsInOrderWhateverIsAcknowledged, ()) {
    PublishQueue queue;
    std::vector<std::uint64_t> waiting;
    std::vector<std::pair<std::uint64_t, std::uint16_t>> sent;
    std::uint64_t ticket = 0;
    std::uint16_t packet_id = 0;
    for (int step = *rc::gen::inRange(0, 400); step > 0; --step) {
        switch (*rc::gen::inRange(0, 10)) {
            case 0: {
                queue.connection_lost();
                // What was sent is the first to be sent again, in order.
                for (auto& [again, id] : sent) {
                    HeldPublish* next = queue.next_to_send();
                    RC_ASSERT(next != nullptr);
                    RC_ASSERT(next->ticket == again);
                    RC_ASSERT(next->packet_id == id);
                    next->state = HeldPublish::State::published;
                    queue.count(*next);
                }
                break;
            }
            case 1:
            case 2:
            case 3:
                queue.push(publish_of(++ticket));
                waiting.push_back(ticket);
                break;
            case 4:
            case 5:
            case 6: {
                HeldPublish* next = queue.next_to_send();
                RC_ASSERT((next == nullptr) == waiting.empty());
                if (next == nullptr) break;
                RC_ASSERT(next->ticket == waiting.front());
                queue.assign(*next, ++packet_id);
                next->state = HeldPublish::State::published;
                queue.count(*next);
                sent.emplace_back(next->ticket, packet_id);
                waiting.erase(waiting.begin());
                break;
            }
            default: {
                if (sent.empty()) break;
                const auto which = *rc::gen::inRange<std::size_t>(0, sent.size());
                HeldPublish* publish = queue.find(sent[which].second);
                RC_ASSERT(publish != nullptr);
                RC_ASSERT(publish->ticket == sent[which].first);
                queue.finish(*publish);
                sent.erase(sent.begin() + static_cast<std::ptrdiff_t>(which));
            }
        }
        RC_ASSERT(queue.size() == waiting.size() + sent.size());
        RC_ASSERT(queue.inflight() == sent.size());
        RC_ASSERT((queue.first_sent() == nullptr) == sent.empty());
    }
}

}  // namespace
}  // namespace holdfast::mqtt
