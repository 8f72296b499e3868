// Against the API itself, on a free port.

#include "directory/remote_directory.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "admin_stage.h"

namespace holdfast::test {
namespace {

using directory::RemoteDirectory;

/// A remote directory on the test's own thread.
class Remote {
public:
    explicit Remote(RemoteDirectory::FindFleet find) : directory(io, clock, std::move(find)) {
        directory.start([this] { complete = true; });
    }
    /// Runs until `done` holds.
    template <class Done>
    [[nodiscard]] bool run_until(Done done) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!done() && std::chrono::steady_clock::now() < limit)
            io.run_one_for(std::chrono::milliseconds(100));
        return done();
    }

    boost::asio::io_context io{1};
    runtime::SystemClock clock;
    bool complete = false;
    RemoteDirectory directory;
};

RemoteDirectory::FindFleet at(std::uint16_t port, std::string token = std::string(AdminStage::token)) {
    return [port, token] {
        return Result<directory::FleetPlace>({.host = "127.0.0.1", .port = std::to_string(port), .token = token});
    };
}

TEST(RemoteDirectory, ShowsTheFleetAsItIs) {
    AdminStage stage;
    stage.add_clusters();
    stage.add_devices("meter-", 700);
    stage.connect("lock-1", "east-1", 1);
    Remote remote(at(stage.port()));
    ASSERT_TRUE(remote.run_until([&] { return remote.complete; }));
    EXPECT_TRUE(remote.directory.status().connected);
    EXPECT_EQ(remote.directory.status().devices, 701u);
    const command::DevicePlace place = remote.directory.find("lock-1");
    EXPECT_TRUE(place.connected());
    EXPECT_EQ(place.cluster, "east");
    EXPECT_EQ(place.node, "east-1");
    EXPECT_EQ(remote.directory.clusters(), (std::vector<std::string>{"east", "west"}));
    EXPECT_EQ(remote.directory.nodes("east").size(), 2u);
    EXPECT_TRUE(remote.directory.nodes("east")[0].answers);
    EXPECT_FALSE(remote.directory.find("nobody").known);
}

TEST(RemoteDirectory, FollowsWhatChanges) {
    AdminStage stage;
    stage.add_clusters();
    Remote remote(at(stage.port()));
    ASSERT_TRUE(remote.run_until([&] { return remote.complete; }));
    std::set<std::string> changed;
    const auto watching = remote.directory.watch_devices([&](std::string_view device) { changed.emplace(device); });
    stage.connect("lock-1", "west-1", 1);
    ASSERT_TRUE(remote.run_until([&] { return remote.directory.find("lock-1").connected(); }));
    EXPECT_TRUE(changed.contains("lock-1"));
    const std::uint64_t first = remote.directory.find("lock-1").session;
    stage.connect("lock-1", "west-1", 2);
    ASSERT_TRUE(remote.run_until([&] { return remote.directory.find("lock-1").session != first; }));
}

TEST(RemoteDirectory, KeepsThePictureWhileNobodyAnswersAndTakesTheNextAsAWhole) {
    auto stage = std::make_unique<AdminStage>();
    stage->add_clusters();
    stage->add_devices("old-", 3);
    std::uint16_t port = stage->port();
    Remote remote([&port] { return at(port)(); });
    ASSERT_TRUE(remote.run_until([&] { return remote.complete; }));
    stage.reset();
    ASSERT_TRUE(remote.run_until([&] { return !remote.directory.status().connected; }));
    EXPECT_FALSE(remote.directory.status().sentence.empty());
    EXPECT_EQ(remote.directory.status().devices, 3u);
    stage = std::make_unique<AdminStage>();
    stage->add_clusters();
    stage->add_devices("new-", 2);
    port = stage->port();
    ASSERT_TRUE(remote.run_until([&] { return remote.directory.status().connected; }));
    EXPECT_EQ(remote.directory.status().devices, 2u);
    EXPECT_TRUE(remote.directory.status().complete);
}

TEST(RemoteDirectory, SaysWhyItHasNothing) {
    AdminStage stage;
    Remote remote(at(stage.port(), "a-token-of-somebody-else_0123456789"));
    ASSERT_TRUE(remote.run_until([&] { return remote.directory.status().sentence.find("token") != std::string::npos; }));
    EXPECT_FALSE(remote.complete);
    EXPECT_FALSE(remote.directory.status().complete);
}

}  // namespace
}  // namespace holdfast::test
