// Plays connect_cases.txt: each case whole, byte by byte, and cut at every length.

#include <gtest/gtest.h>

#include <expected>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "byte_notation.h"
#include "exact_copy.h"
#include "mqtt/connect_view.h"

namespace holdfast::mqtt {
namespace {

struct ConnectCase {
    std::string name;
    int line = 0;
    std::string bytes;
    std::size_t max = 65'536;
    std::optional<std::string> view;
    std::optional<std::string> fault;
    std::optional<std::string> answer;
    bool waits = false;
};

std::vector<ConnectCase> read_cases() {
    std::ifstream file(HOLDFAST_SOURCE_DIR "/tests/unit/mqtt/connect_cases.txt");
    std::vector<ConnectCase> cases;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (line.empty() || line.front() == '#') continue;
        const std::size_t colon = line.find(':');
        const std::string key = line.substr(0, colon);
        const std::size_t start = line.find_first_not_of(' ', colon + 1);
        const std::string value = start == std::string::npos ? std::string() : line.substr(start);
        if (key == "case") {
            cases.push_back({});
            cases.back().name = value;
            cases.back().line = number;
            continue;
        }
        ConnectCase& current = cases.back();
        if (key == "bytes") current.bytes = value;
        if (key == "max") current.max = std::stoul(value);
        if (key == "view") current.view = value;
        if (key == "fault") current.fault = value;
        if (key == "answer") current.answer = value;
        if (key == "wait") current.waits = true;
    }
    return cases;
}

using Outcome = std::expected<ConnectView, ConnectFault>;

/// What a gateway does with all that has come so far; nothing while it waits.
std::optional<Outcome> judge(ByteView so_far, std::size_t max) {
    const auto peek = peek_connect(so_far, max);
    if (!peek) return Outcome(std::unexpected(peek.error()));
    if (!peek->whole) return std::nullopt;
    return parse_connect(so_far.first(peek->size));
}

std::string yes_no(bool value) {
    return value ? "yes" : "no";
}

std::map<std::string, std::string> fields_of(const ConnectView& view) {
    std::map<std::string, std::string> fields{
        {"version", std::string(name(view.version))},
        {"bridge", yes_no(view.is_bridge)},
        {"clean", yes_no(view.clean_start)},
        {"keep_alive", std::to_string(view.keep_alive)},
        {"client_id", std::string(view.client_id)},
        {"client_id_size", std::to_string(view.client_id.size())},
        {"username", std::string(view.username.value_or("-"))},
        {"password", view.password ? std::string(as_text(*view.password)) : "-"},
        {"will_topic", view.will ? std::string(view.will->topic) : "-"},
        {"will_payload", view.will ? std::string(as_text(view.will->payload)) : "-"},
        {"will_qos", view.will ? std::to_string(static_cast<int>(view.will->qos)) : "-"},
        {"will_retain", view.will ? yes_no(view.will->retain) : "-"},
        {"session_expiry", std::to_string(view.session_expiry)},
        {"receive_maximum", std::to_string(view.receive_maximum)},
        {"maximum_packet_size", std::to_string(view.maximum_packet_size)},
        {"topic_alias_maximum", std::to_string(view.topic_alias_maximum)},
        {"response_information", yes_no(view.request_response_information)},
        {"problem_information", yes_no(view.request_problem_information)},
        {"authentication_method", std::string(view.authentication_method.value_or("-"))},
        {"size", std::to_string(view.size)},
    };
    std::string& pairs = fields["user_properties"];
    for (const PropertyView& property : view.properties) {
        if (property.id != PropertyId::user_property) continue;
        if (!pairs.empty()) pairs.push_back(',');
        pairs.append(property.text).append(":").append(property.second);
    }
    return fields;
}

void check_view(const ConnectCase& one, const ConnectView& view) {
    const auto fields = fields_of(view);
    std::istringstream expected(*one.view);
    std::string pair;
    while (expected >> pair) {
        const std::size_t equals = pair.find('=');
        const auto field = fields.find(pair.substr(0, equals));
        ASSERT_NE(field, fields.end()) << "no such field: " << pair;
        EXPECT_EQ(field->second, pair.substr(equals + 1)) << field->first;
    }
}

void check_fault(const ConnectCase& one, const ConnectFault& fault) {
    std::string said(name(fault.reason));
    if (fault.version) said.append(" version=").append(name(*fault.version));
    EXPECT_EQ(said, one.fault.value());
    EXPECT_FALSE(fault.sentence().empty());
    ASSERT_TRUE(one.answer.has_value()) << "the case does not say the answer";
    const ByteBuffer expected = *one.answer == "none" ? ByteBuffer{} : bytes_of(*one.answer);
    EXPECT_EQ(hex_of(fault.answer_bytes()), hex_of(expected));
    EXPECT_EQ(fault.answer.has_value(), !expected.empty());
}

void check_offsets(ByteView packet, const ConnectView& view) {
    EXPECT_EQ(packet[view.level_offset] & 0x7F, static_cast<int>(view.version));
    EXPECT_EQ((packet[view.flags_offset] & 0x02) != 0, view.clean_start);
    EXPECT_EQ(packet[view.keep_alive_offset] << 8 | packet[view.keep_alive_offset + 1], view.keep_alive);
    EXPECT_EQ(as_text(packet.subspan(view.client_id_offset, view.client_id.size())), view.client_id);
}

TEST(ConnectCases, AreThere) {
    EXPECT_GT(read_cases().size(), 100U);
}

TEST(ConnectCases, GiveTheViewOrTheFaultAndItsAnswer) {
    for (const ConnectCase& one : read_cases()) {
        SCOPED_TRACE(one.name + ", line " + std::to_string(one.line));
        const ExactCopy bytes(bytes_of(one.bytes));
        const auto outcome = judge(bytes.view(), one.max);
        EXPECT_EQ(!outcome.has_value(), one.waits);
        if (!outcome) continue;
        ASSERT_EQ(outcome->has_value(), one.view.has_value()) << (*outcome ? "accepted" : name(outcome->error().reason));
        if (*outcome) {
            check_view(one, **outcome);
            check_offsets(bytes.view(), **outcome);
        } else {
            check_fault(one, outcome->error());
        }
    }
}

TEST(ConnectCases, EndTheSameWhenTheyComeByteByByte) {
    for (const ConnectCase& one : read_cases()) {
        SCOPED_TRACE(one.name + ", line " + std::to_string(one.line));
        const ByteBuffer bytes = bytes_of(one.bytes);
        if (bytes.size() > 2'000) continue;
        std::optional<Outcome> outcome;
        std::optional<Version> seen;
        for (std::size_t size = 0; size <= bytes.size() && !outcome; ++size) {
            const ExactCopy so_far(ByteView(bytes).first(size));
            const auto peek = peek_connect(so_far.view(), one.max);
            if (peek) {
                EXPECT_TRUE(!seen || peek->version == seen) << "a version does not change";
                seen = peek->version;
            }
            outcome = judge(so_far.view(), one.max);
            if (!outcome) continue;
            if (*outcome) {
                EXPECT_EQ(size, (*outcome)->size) << "is whole exactly when its last byte is there";
                check_view(one, **outcome);
            } else {
                ASSERT_TRUE(one.fault.has_value());
                check_fault(one, outcome->error());
            }
        }
        EXPECT_EQ(!outcome.has_value(), one.waits);
    }
}

TEST(ConnectCases, FaultWhenCutShorterAtAnyByte) {
    for (const ConnectCase& one : read_cases()) {
        SCOPED_TRACE(one.name + ", line " + std::to_string(one.line));
        const ByteBuffer bytes = bytes_of(one.bytes);
        const auto peek = peek_connect(bytes, one.max);
        if (bytes.size() > 2'000 || !peek || !peek->whole) continue;
        for (std::size_t size = 0; size < peek->size; ++size) {
            const ExactCopy cut(ByteView(bytes).first(size));
            EXPECT_FALSE(parse_connect(cut.view()).has_value()) << "cut to " << size;
        }
    }
}

TEST(ConnectCases, NeverAcceptABodyCutShorterWithARightLength) {
    for (const ConnectCase& one : read_cases()) {
        SCOPED_TRACE(one.name + ", line " + std::to_string(one.line));
        const ByteBuffer bytes = bytes_of(one.bytes);
        // Length bytes of one only, so that cutting does not move the body; 3.1 may leave out credentials.
        if (!one.view || bytes.size() > 127 || bytes.size() != std::size_t{2} + bytes[1] || bytes[3] == 6) continue;
        for (std::size_t size = 2; size < bytes.size(); ++size) {
            ByteBuffer cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
            cut[1] = static_cast<Byte>(size - 2);
            const ExactCopy exact(cut);
            EXPECT_FALSE(parse_connect(exact.view()).has_value()) << "cut to " << size;
        }
    }
}

TEST(ConnectView, ParseWantsExactlyOnePacket) {
    ByteBuffer bytes = bytes_of("10 { [ 'MQTT' ] 04 02 003c [ 'meter-7' ] } 00");
    const auto view = parse_connect(bytes);
    ASSERT_FALSE(view.has_value());
    EXPECT_EQ(view.error().reason, ConnectFaultReason::trailing_bytes);
}

TEST(ConnectView, SaysWhatARefusalMaySay) {
    const ByteBuffer bytes = bytes_of("10 { [ 'MQTT' ] 05 02 003c { 17 00 27 00000020 } [ 'meter-7' ] }");
    const auto view = parse_connect(bytes);
    ASSERT_TRUE(view.has_value());
    const RefusalDetails details = view->refusal_details("why", "east:1883");
    EXPECT_FALSE(details.request_problem_information);
    EXPECT_EQ(details.maximum_packet_size, 32U);
    EXPECT_EQ(details.reason_string, "why");
    EXPECT_EQ(details.server_reference, "east:1883");
}

}  // namespace
}  // namespace holdfast::mqtt
