// Whole stories, as a person would read them: time in milliseconds, who tells or says what. Compared with
// transcripts/<story>.txt; HOLDFAST_WRITE_TRANSCRIPTS=1 writes them anew.

#include <gtest/gtest.h>

#include <string>

#include "support/transcript.h"
#include "town.h"

namespace holdfast::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Story {
public:
    Story(std::string name, const TownPlan& plan) : name_(std::move(name)), city(7), town(calm(city), plan) {
        for (const auto& server : town.servers) {
            server->takes_writes = false;
            server->ordered = [this, to = server->name()](const std::string& who, const Words& words) {
                std::string text;
                for (const std::string& word : words)
                    text += " " + word;
                city.tell("{} -> {}{}", who, to, text);
            };
        }
        for (const auto& one : town.own) {
            one->says = [this, from = one.get()](const Address& to, const Words& words) {
                if (words.front() == "SENTINEL" && words.back() != "*")
                    city.tell("{} -> {} asks for its vote in epoch {}", from->name(), city.net.at(to)->name(), words.at(4));
            };
            one->answers = [this, from = one.get()](const std::string& leader, std::uint64_t epoch) {
                city.tell("{} answers: epoch {} is {}'s", from->name(), epoch, name_of(leader));
            };
        }
        town.run_for(seconds(15));
        start_ = city.milliseconds();
        city.listener = [this](double ms, const std::string& line) {
            lines_ += fmt::format("{:>7.0f} {}\n", ms - start_, named(line));
        };
    }

    /// Compares what was told with the file.
    void is_as_written() const { test::expect_transcript(lines_, "tests/sim/sentinel/transcripts/" + name_ + ".txt"); }

private:
    static City& calm(City& city) {
        city.net.least_latency = city.net.most_latency = milliseconds(1);
        return city;
    }
    [[nodiscard]] std::string name_of(const std::string& id) const {
        for (const auto& one : town.own) {
            if (one->id() == id) return one->name();
        }
        for (const auto& one : town.stock) {
            if (one->id() == id) return one->name();
        }
        return id;
    }
    /// Ids as names, addresses without what is the same everywhere.
    [[nodiscard]] std::string named(std::string line) const {
        const auto replace = [&line](const std::string& what, const std::string& by) {
            for (std::size_t at = line.find(what); at != std::string::npos; at = line.find(what, at + by.size()))
                line.replace(at, what.size(), by);
        };
        for (const auto& one : town.own)
            replace(one->id(), one->name());
        for (const auto& one : town.stock)
            replace(one->id(), one->name());
        return line;
    }

    std::string name_;
    std::string lines_;
    double start_ = 0;

public:
    City city;
    Town town;
};

TEST(SentinelTranscript, ADeadMasterIsReplacedAndComesBackAsAReplica) {
    Story story("dead_master", {});
    story.city.tell("-- redis-1 crashes");
    story.town.servers[0]->crash();
    story.town.run_for(seconds(4));
    story.city.tell("-- redis-1 is started again");
    story.town.servers[0]->restart();
    story.town.run_for(seconds(3));
    story.is_as_written();
}

TEST(SentinelTranscript, TheElectedOneDiesAndAnotherGoesOn) {
    Story story("dead_leader", {});
    for (const auto& one : story.town.own) {
        one->heard = [&, one = one.get()](const sentinel::Event& event) {
            if (event.name != "+failover-state-wait-promotion" || story.city.elections != 1) return;
            story.city.scheduler.after({}, [&story, one] {
                story.city.tell("-- {} crashes", one->name());
                one->crash();
            });
        };
    }
    story.city.tell("-- redis-1 crashes");
    story.town.servers[0]->crash();
    story.town.run_for(seconds(6));
    story.is_as_written();
}

TEST(SentinelTranscript, AMinorityWaits) {
    Story story("minority", {});
    story.city.tell("-- own-1 and redis-1 are alone; redis-1 crashes");
    for (const auto& one : {story.town.own[1].get(), story.town.own[2].get()}) {
        story.city.net.cut(*story.town.own[0], *one);
        story.city.net.cut(*story.town.servers[0], *one);
    }
    for (const auto& one : {story.town.servers[1].get(), story.town.servers[2].get()}) {
        story.city.net.cut(*story.town.own[0], *one);
        story.city.net.cut(*story.town.servers[0], *one);
    }
    story.town.servers[0]->crash();
    story.town.run_for(seconds(5));
    story.city.tell("-- all see each other again");
    story.city.net.heal_all();
    story.town.run_for(seconds(4));
    story.is_as_written();
}

TEST(SentinelTranscript, ACoordinatedFailoverByHand) {
    Story story("coordinated", {});
    story.town.servers[0]->takes_writes = true;
    story.town.run_for(seconds(1));
    story.city.tell("-- SENTINEL FAILOVER mymaster COORDINATED at own-1");
    story.town.own[0]->with([&](sentinel::Sentinel& machine) {
        EXPECT_TRUE(machine.failover(group_name, sentinel::FailoverKind::coordinated, story.city.moment()));
    });
    story.town.run_for(seconds(3));
    story.is_as_written();
}

TEST(SentinelTranscript, AMasterThatCameBackEmptyIsReplaced) {
    Story story("empty_master", {});
    story.town.servers[0]->takes_writes = true;
    story.town.run_for(seconds(11));
    story.town.servers[0]->takes_writes = false;
    story.city.tell("-- redis-1 is started again, without its data");
    story.town.servers[0]->crash();
    story.town.servers[0]->restart(true);
    story.town.run_for(seconds(3));
    story.is_as_written();
}

TEST(SentinelTranscript, OneAmongRedisSentinels) {
    TownPlan plan;
    plan.own = 1;
    plan.stock = 2;
    plan.down_after = seconds(2);
    Story story("among_redis_sentinels", plan);
    story.city.tell("-- redis-1 crashes");
    story.town.servers[0]->crash();
    story.town.run_for(seconds(6));
    story.is_as_written();
}

}  // namespace
}  // namespace holdfast::sim
