// Whole conversations, broken off after every single step in every way there is. Whatever happens, both sides end, at most one
// report is made, no byte goes to a closed side (Conversation checks these), and the story fits.

#include <gtest/gtest.h>

#include <functional>

#include "conversation.h"
#include "packets.h"

namespace holdfast::proxy::test {
namespace {

using Step = std::function<void(Conversation&)>;
using Script = std::vector<Step>;

void says(Script& script, bool device, const ByteBuffer& bytes, std::size_t piece) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
        const auto to = bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), at + piece));
        script.emplace_back([device, part = ByteBuffer(from, to)](Conversation& talk) {
            device ? talk.device_says(part) : talk.node_says(part);
        });
    }
}

Script plain(Version version) {
    Script script;
    says(script, true, connect(version, "meter-7", 60) + front(subscribe(version), 3), 5);
    script.emplace_back([](Conversation& talk) { talk.node_connects(); });
    says(script, true, after(subscribe(version), 3), 4);
    says(script, false, connack(version) + publish(version, "retained"), 3);
    says(script, true, publish(version, "reading"), 6);
    says(script, false, publish(version, "command"), 6);
    says(script, true, disconnect(version), 1);
    script.emplace_back([](Conversation& talk) { talk.node_closes(); });
    script.emplace_back([](Conversation& talk) { talk.device_closes(); });
    return script;
}

Script over_three_nodes(Version version) {
    Script script;
    says(script, true, connect(version) + publish(version, "early"), 9);
    script.emplace_back([](Conversation& talk) { talk.node_refuses(); });
    script.emplace_back([](Conversation& talk) { talk.node_connects(); });
    says(script, false, connack(version, version == Version::v5 ? 0x89 : 3), 2);
    script.emplace_back([](Conversation& talk) { talk.node_connects(); });
    says(script, false, connack(version), 2);
    says(script, true, publish(version, "late"), 4);
    script.emplace_back([](Conversation& talk) { talk.device_closes(); });
    return script;
}

Script refused_by_all(Version version) {
    Script script;
    says(script, true, connect(version), 8);
    for (int i = 0; i < 3; ++i)
        script.emplace_back([](Conversation& talk) { talk.node_refuses(); });
    return script;
}

Script waiting(Version version) {
    Script script;
    says(script, true, connect(version) + publish(version, "early"), 9);
    script.emplace_back([](Conversation& talk) { talk.node_refuses(); });
    script.emplace_back([version](Conversation& talk) { talk.device_says(front(publish(version, "late"), 5)); });
    script.emplace_back([](Conversation& talk) { talk.node_is_down(0); });
    script.emplace_back([](Conversation& talk) { talk.passes(milliseconds(300)); });
    script.emplace_back([](Conversation& talk) { talk.node_is_active(1); });
    script.emplace_back([](Conversation& talk) { talk.passes(milliseconds(300)); });
    script.emplace_back([](Conversation& talk) { talk.node_connects(); });
    script.emplace_back([](Conversation& talk) { talk.node_is_active(2); });
    script.emplace_back([](Conversation& talk) { talk.passes(milliseconds(300)); });
    script.emplace_back([](Conversation& talk) { talk.node_connects(); });
    says(script, false, connack(version), 2);
    says(script, true, after(publish(version, "late"), 5), 4);
    script.emplace_back([](Conversation& talk) { talk.device_closes(); });
    return script;
}

Script with_authentication(Version) {
    Script script;
    says(script, true, connect_with_auth(), 8);
    script.emplace_back([](Conversation& talk) { talk.node_connects(); });
    says(script, false, auth(mqtt::ReasonCode::continue_authentication, "challenge"), 9);
    says(script, true, auth(mqtt::ReasonCode::continue_authentication, "response"), 9);
    says(script, false, connack(Version::v5) + publish(Version::v5, "retained"), 3);
    says(script, true, publish(Version::v5, "reading"), 7);
    return script;
}

Script parted(Version version) {
    Script script = plain(version);
    script.resize(script.size() - 4);
    script.emplace_back([version](Conversation& talk) { talk.device_says(front(publish(version, "half"), 6)); });
    script.emplace_back([version](Conversation& talk) { talk.node_says(front(publish(version, "half"), 6)); });
    script.emplace_back([](Conversation& talk) { talk.end(EndReason::moved); });
    script.emplace_back([version](Conversation& talk) { talk.device_says(after(publish(version, "half"), 6)); });
    script.emplace_back([version](Conversation& talk) { talk.node_says(after(publish(version, "half"), 6)); });
    return script;
}

struct Cut {
    const char* name;
    Step happens;
};

const std::vector<Cut>& cuts() {
    static const std::vector<Cut> all = {
        {"the device closes", [](Conversation& talk) { talk.device_closes(); }},
        {"the device breaks", [](Conversation& talk) { talk.device_breaks(); }},
        {"the node closes", [](Conversation& talk) { talk.node_closes(); }},
        {"the node breaks", [](Conversation& talk) { talk.node_breaks(); }},
        {"the device talks nonsense", [](Conversation& talk) { talk.device_says(ByteBuffer(300, 0xFF)); }},
        {"the node talks nonsense", [](Conversation& talk) { talk.node_says(ByteBuffer(300, 0xFF)); }},
        {"moved", [](Conversation& talk) { talk.end(EndReason::moved); }},
        {"node down", [](Conversation& talk) { talk.end(EndReason::node_down); }},
        {"shut down twice",
         [](Conversation& talk) {
             talk.end(EndReason::shutting_down);
             talk.end(EndReason::shutting_down);
         }},
        {"nothing more comes", [](Conversation&) {}},
        {"the next timer fires",
         [](Conversation& talk) {
             if (const auto due = talk.connection().timer()) talk.passes(*due - talk.now());
         }},
    };
    return all;
}

/// What must be true at the end of all, whatever happened.
void check_the_end(Conversation& talk) {
    talk.all_time_passes();
    // Only an open connection without keep alive may be there for ever.
    if (!talk.over()) {
        EXPECT_EQ(talk.connection().phase(), Phase::relaying);
        talk.end(EndReason::ended_by_operator);
        talk.all_time_passes();
    }
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.connection().phase(), talk.connection().timer() ? Phase::closing : Phase::ended);
    if (talk.opened()) {
        EXPECT_NE(talk.connection().end_reason(), EndReason::none);
    }
    if (talk.refused()) {
        EXPECT_NE(talk.refuse_reason(), fleet::RefuseReason::none);
    }
    if (!talk.nodes().empty()) {
        EXPECT_TRUE(talk.opened() || talk.refused()) << "a CONNECT came to something";
    }
    // Whatever comes late finds nobody.
    talk.end(EndReason::moved);
    talk.device_closes();
    talk.node_closes();
}

void break_off_everywhere(Script (*script_of)(Version), Version version, bool standby = false) {
    const Script script = script_of(version);
    for (std::size_t steps = 0; steps <= script.size(); ++steps) {
        for (const Cut& cut : cuts()) {
            for (const bool goes_on : {false, true}) {
                SCOPED_TRACE("after step " + std::to_string(steps) + " " + cut.name + (goes_on ? ", and all goes on" : ""));
                Conversation talk({.standby = standby});
                for (std::size_t i = 0; i < steps; ++i)
                    script[i](talk);
                cut.happens(talk);
                for (std::size_t i = steps; goes_on && i < script.size(); ++i)
                    script[i](talk);
                check_the_end(talk);
                if (testing::Test::HasFailure()) return;
            }
        }
    }
}

class EveryStep : public testing::TestWithParam<Version> {};
INSTANTIATE_TEST_SUITE_P(Versions, EveryStep, testing::ValuesIn(all_versions));

TEST_P(EveryStep, OfAPlainConversation) {
    break_off_everywhere(plain, GetParam());
}
TEST_P(EveryStep, OfASearchOverThreeNodes) {
    break_off_everywhere(over_three_nodes, GetParam());
}
TEST_P(EveryStep, OfARefusal) {
    break_off_everywhere(refused_by_all, GetParam());
}
TEST_P(EveryStep, OfAWaitForAnActiveNode) {
    break_off_everywhere(waiting, GetParam(), true);
}
TEST_P(EveryStep, OfAnAuthenticationWithAnActiveNode) {
    break_off_everywhere(with_authentication, GetParam(), true);
}
TEST_P(EveryStep, OfAnAuthentication) {
    break_off_everywhere(with_authentication, GetParam());
}
TEST_P(EveryStep, OfAParting) {
    break_off_everywhere(parted, GetParam());
}

}  // namespace
}  // namespace holdfast::proxy::test
