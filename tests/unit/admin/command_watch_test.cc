// Following commands over the API.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "admin_stage.h"
#include "raw_client.h"

namespace holdfast::test {
namespace {

using command::State;

std::string follow(std::string_view query) {
    return fmt::format("GET /api/v1/commands/watch{} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", query,
                       AdminStage::token);
}

command::CommandId submit(AdminStage& stage, std::string_view device) {
    return stage.on_centre([device](ScriptedCentre& centre) {
        command::Submission submission;
        submission.device = device;
        submission.name = "ping";
        centre.submit(std::move(submission), {}, [](const Result<control::Submitted>&) {});
        return centre.ids().back();
    });
}

void answer(AdminStage& stage, command::CommandId id) {
    stage.on_centre([id](ScriptedCentre& centre) { centre.answer(id, State::succeeded, "{\n}"); });
}

TEST(CommandWatch, TellsEveryChangeThatMatches) {
    AdminStage stage;
    RawClient client(stage.port());
    client.send(follow("?device=meter-7"));
    (void)client.read_until(": holdfast commands\n\n");
    submit(stage, "other");
    const auto id = submit(stage, "meter-7");
    const std::string queued = client.read_until("\n\n");
    EXPECT_NE(queued.find("event: queued\ndata: {\"id\":\"" + id.text()), std::string::npos) << queued;
    answer(stage, id);
    const std::string ended = client.read_until("event: succeeded\ndata: ");
    EXPECT_EQ(ended.find("other"), std::string::npos);
    // The device's line break does not break the event.
    (void)client.read_until("\"result\":{ }");
}

TEST(CommandWatch, OfOneCommandBeginsWithItsFormAndEndsWithIt) {
    AdminStage stage;
    const auto id = submit(stage, "meter-7");
    RawClient client(stage.port());
    client.send(follow("?id=" + id.text()));
    (void)client.read_until("event: queued\n");
    answer(stage, id);
    (void)client.read_until("event: succeeded\n");
    EXPECT_TRUE(client.wait_for_end());
    RawClient late(stage.port());
    late.send(follow("?id=" + id.text()));
    (void)late.read_until("event: succeeded\n");
    EXPECT_TRUE(late.wait_for_end());
    EXPECT_EQ(RawClient(stage.port()).ask("GET", "/api/v1/commands/watch?id=nonsense").status, 404u);
}

TEST(CommandWatch, EndsWithItsClient) {
    AdminStage stage;
    {
        RawClient client(stage.port());
        client.send(follow(""));
        (void)client.read_until(": holdfast commands\n\n");
        EXPECT_EQ(stage.on_centre([](ScriptedCentre& centre) { return centre.watching(); }), 1u);
    }
    while (stage.on_centre([](ScriptedCentre& centre) { return centre.watching(); }) > 0)
        std::this_thread::yield();
}

TEST(CommandWatch, CountsWhatASlowClientMisses) {
    StageOptions options;
    options.admin.max_followed_commands = 3;
    AdminStage stage(options);
    RawClient client(stage.port());
    client.send(follow(""));
    (void)client.read_until(": holdfast commands\n\n");
    // All in one turn of the control thread, so that nothing goes out in between.
    stage.on_centre([](ScriptedCentre& centre) {
        for (int i = 0; i < 10; ++i) {
            command::Submission submission;
            submission.device = fmt::format("d{}", i);
            submission.name = "ping";
            centre.submit(std::move(submission), {}, [](const Result<control::Submitted>&) {});
        }
    });
    const std::string got = client.read_until("\"device\":\"d9\"");
    EXPECT_NE(got.find("event: missed\ndata: {\"missed\":7}"), std::string::npos) << got;
    EXPECT_EQ(got.find("\"device\":\"d6\""), std::string::npos);
}

}  // namespace
}  // namespace holdfast::test
