#include "channel/known_requests.h"

#include <gtest/gtest.h>

namespace holdfast::channel {
namespace {

command::Request request(std::uint64_t id, std::uint16_t attempt = 1, std::string centre = "c1") {
    command::Request request;
    request.id = command::CommandId(1, id);
    request.attempt = attempt;
    request.device = "meter-7";
    request.centre = std::move(centre);
    return request;
}

TEST(KnownRequests, RemembersWhoWantsTheReply) {
    KnownRequests known(10);
    EXPECT_EQ(known.find(command::CommandId(1, 1)), nullptr);
    known.remember(request(1));
    const auto* const found = known.find(command::CommandId(1, 1));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->centre, "c1");
    EXPECT_EQ(found->device, "meter-7");
    known.remember(request(1, 1, "c2"));
    EXPECT_EQ(known.find(command::CommandId(1, 1))->centre, "c2") << "the command went over to another centre";
}

TEST(KnownRequests, ANewAttemptHasNoOutcomeYet) {
    KnownRequests known(10);
    known.remember(request(1)).outcome = command::Sent{"east-1"};
    EXPECT_TRUE(std::holds_alternative<command::Sent>(known.remember(request(1)).outcome));
    EXPECT_TRUE(std::holds_alternative<std::monostate>(known.remember(request(1, 2)).outcome));
    EXPECT_EQ(known.remember(request(1, 1)).attempt, 2) << "an older one changes nothing";
}

TEST(KnownRequests, TheOldestGoFirst) {
    KnownRequests known(3);
    for (std::uint64_t id = 1; id <= 5; ++id)
        known.remember(request(id));
    EXPECT_EQ(known.size(), 3U);
    EXPECT_EQ(known.find(command::CommandId(1, 2)), nullptr);
    EXPECT_NE(known.find(command::CommandId(1, 3)), nullptr);
}

}  // namespace
}  // namespace holdfast::channel
