#include "watch/redis_masters.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::watch {
namespace {

using sentinel::SavedGroup;
using std::chrono::seconds;

SavedGroup master(std::string name, std::uint16_t port = 6379) {
    SavedGroup group{.name = std::move(name), .master = {.host = "127.0.0.1", .port = port}};
    group.options.quorum = 1;
    group.options.down_after = seconds(5);
    return group;
}

struct RedisMasters : testing::Test {
    std::vector<SavedGroup> settings{master("a"), master("b")};
    sentinel::Sentinel machine{{.my_id = std::string(40, 'a'), .current_epoch = 9, .groups = settings}, 7, {}};

    void put(std::vector<SavedGroup> fresh) {
        put_masters(machine, settings, fresh, {});
        settings = std::move(fresh);
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& [name, group] : machine.state().groups)
            all.push_back(name);
        return all;
    }
    /// Whether it wants something saved, which is when something has changed.
    [[nodiscard]] bool has_changed() {
        const bool saves = machine.last_save() > seen_;
        seen_ = machine.last_save();
        return saves;
    }

private:
    sentinel::SaveNumber seen_ = 0;
};

using Names = std::vector<std::string>;

TEST_F(RedisMasters, ComeAndGo) {
    put({master("b"), master("c", 6380)});
    EXPECT_EQ(names(), (Names{"b", "c"}));
    EXPECT_EQ(machine.state().groups.at("c").master.address.port, 6380);
    EXPECT_EQ(machine.state().groups.at("c").options, settings[1].options);
    EXPECT_EQ(machine.state().groups.at("c").leader_epoch, 9U) << "it may have voted for one of this name before";
    EXPECT_TRUE(has_changed());
}

TEST_F(RedisMasters, StayAsTheyAreWhenNothingHasChanged) {
    static_cast<void>(has_changed());
    put({master("a"), master("b")});
    EXPECT_FALSE(has_changed());
}

TEST_F(RedisMasters, TakeOtherOptionsButNoOtherAddress) {
    SavedGroup changed = master("a", 7777);
    changed.options.down_after = seconds(2);
    changed.options.quorum = 3;
    put({changed, master("b")});
    EXPECT_EQ(machine.state().groups.at("a").options, changed.options);
    EXPECT_EQ(machine.state().groups.at("a").master.address.port, 6379);
}

TEST_F(RedisMasters, ThatAnOperatorAddedStayAndThoseThatHeRemovedComeBack) {
    ASSERT_TRUE(machine.monitor("mine", {.host = "127.0.0.1", .port = 1}, 1, {}));
    ASSERT_TRUE(machine.remove("a", {}));
    put({master("a", 6381), master("b")});
    EXPECT_EQ(names(), (Names{"a", "b", "mine"}));
    EXPECT_EQ(machine.state().groups.at("a").master.address.port, 6381);
}

}  // namespace
}  // namespace holdfast::watch
