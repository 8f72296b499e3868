#include "sentinel/replica_choice.h"

#include <gtest/gtest.h>

namespace holdfast::sentinel {
namespace {

using namespace std::chrono_literals;

constexpr Time now{1h};

struct Choice : testing::Test {
    Choice() {
        rules.now = now;
        rules.down_after = 1s;
        rules.master_down_since = now - 2s;
        rules.lineage = "h1";
        rules.lineage2 = "h0";
    }
    Instance& add(const std::string& name, std::uint64_t offset = 100) {
        Instance& replica = replicas[name];
        replica.role = replica.reported_role = Role::replica;
        replica.name = name;
        replica.run_id = "run-" + name;
        replica.link.command_up = true;
        replica.link.last_accepted = replica.info_at.emplace(now - 100ms);
        replica.replication_id = "h1";
        replica.replication_offset = offset;
        return replica;
    }
    [[nodiscard]] std::string chosen() const {
        const Instance* best = choose_replica(replicas, rules);
        return best == nullptr ? "nobody" : best->name;
    }

    std::map<std::string, Instance> replicas;
    ChoiceRules rules;
};

TEST_F(Choice, NobodyOfNone) {
    EXPECT_EQ(chosen(), "nobody");
}

TEST_F(Choice, MoreHistoryIsBetter) {
    add("a", 100);
    add("b", 101);
    EXPECT_EQ(chosen(), "b");
}

TEST_F(Choice, LowerPriorityComesFirst) {
    add("a", 100).priority = 10;
    add("b", 200);
    EXPECT_EQ(chosen(), "a");
}

TEST_F(Choice, ThenTheSmallerRunIdWhateverItsCase) {
    add("a").run_id = "B";
    add("b").run_id = "a";
    add("c").run_id = "";
    EXPECT_EQ(chosen(), "b");
}

TEST_F(Choice, WhoIsUnfitIsNotChosen) {
    add("down").subjectively_down_since = now;
    add("away").link.command_up = false;
    add("never").priority = 0;
    add("loading").loading = true;
    add("silent").link.last_accepted = now - 6s;
    add("unknown").info_at.reset();
    add("stale").info_at = now - 6s;
    add("parted").follows_link_down_for = 13s;
    add("stranger").replication_id = "x";
    EXPECT_EQ(chosen(), "nobody");
}

TEST_F(Choice, TheBeginningOfTheMastersHistoryWillDo) {
    add("a").replication_id = "h0";
    EXPECT_EQ(chosen(), "a");
}

TEST_F(Choice, WhoWasPromotedByAnotherWillDo) {
    Instance& promoted = add("a");
    promoted.reported_role = Role::master;
    promoted.replication_id = "h2";
    promoted.replication_id2 = "h1";
    EXPECT_EQ(chosen(), "a");
}

TEST_F(Choice, AnUnknownHistoryIsNotLookedAt) {
    rules.lineage.clear();
    add("a").replication_id = "x";
    EXPECT_EQ(chosen(), "a");
}

TEST_F(Choice, WhoIsBeingGivenItsDataIsLast) {
    Instance& half = add("a", 0);
    half.priority = 1;
    add("b", 50).sync_in_progress = true;
    add("c", 10);
    EXPECT_EQ(chosen(), "c");
    replicas.erase("c");
    EXPECT_EQ(chosen(), "a");
}

TEST_F(Choice, WhoWasChosenInVainIsAvoided) {
    add("a", 200);
    add("b", 100);
    rules.in_vain = {"a"};
    EXPECT_EQ(chosen(), "b");
    replicas.erase("b");
    EXPECT_EQ(chosen(), "a");
}

}  // namespace
}  // namespace holdfast::sentinel
