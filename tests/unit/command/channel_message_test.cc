// The bytes between centre and channels.

#include "command/channel_message.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

#include "command/errors.h"
#include "message_samples.h"

namespace holdfast::command {
namespace {

TEST(ChannelMessage, ReadsBackWhatItWrites) {
    EXPECT_EQ(decode_request(as_bytes(encode(sample_request()))).value(), sample_request());
    EXPECT_EQ(decode_request(as_bytes(encode(Request{}))).value(), Request{});
    for (const Report& report : sample_reports())
        EXPECT_EQ(decode_report(as_bytes(encode(report))).value(), report);
}

TEST(ChannelMessage, ReadsBackAnyRequest) {
    EXPECT_TRUE(rc::check([](const std::string& device, const std::string& payload, std::uint16_t attempt, std::uint64_t id) {
        Request request = sample_request();
        request.device = device;
        request.payload = payload;
        request.attempt = attempt;
        request.id = CommandId(id, ~id);
        RC_ASSERT(decode_request(as_bytes(encode(request))).value() == request);
    }));
}

TEST(ChannelMessage, NothingShorterOrLongerIsAMessage) {
    std::vector<std::string> messages{encode(sample_request())};
    for (const Report& report : sample_reports())
        messages.push_back(encode(report));
    for (const std::string& message : messages) {
        for (std::size_t length = 0; length < message.size(); ++length) {
            const std::string cut = message.substr(0, length);
            EXPECT_FALSE(decode_request(as_bytes(cut)));
            EXPECT_FALSE(decode_report(as_bytes(cut)));
        }
        EXPECT_FALSE(decode_request(as_bytes(message + "x")));
        EXPECT_FALSE(decode_report(as_bytes(message + "x")));
    }
    EXPECT_TRUE(decode_report(as_bytes(messages[0])).error().is(Errc::malformed)) << "a request is no report";
    EXPECT_TRUE(decode_request(as_bytes(messages[1])).error().is(Errc::malformed));
}

TEST(ChannelMessage, ANewerVersionIsSaidToBeOne) {
    std::string bytes = encode(sample_request());
    bytes[0] = 2;
    EXPECT_TRUE(decode_request(as_bytes(bytes)).error().is(Errc::newer_version));
    bytes = encode(sample_reports()[0]);
    bytes[0] = 2;
    EXPECT_TRUE(decode_report(as_bytes(bytes)).error().is(Errc::newer_version));
    bytes[0] = 0;
    EXPECT_TRUE(decode_report(as_bytes(bytes)).error().is(Errc::malformed));
}

TEST(ChannelMessage, ALengthBeyondItsBoundIsRefusedBeforeAnythingIsAllocated) {
    // Version, kind, id, attempt and deadline come before the device's length.
    std::string bytes = encode(sample_request());
    const std::size_t length_at = 2 + 16 + 2 + 8;
    for (std::size_t i = 0; i < 4; ++i)
        bytes[length_at + i] = '\xFF';
    EXPECT_TRUE(decode_request(as_bytes(bytes)).error().is(Errc::malformed));
}

TEST(ChannelMessage, WhatIsTooLongIsCutAndSaysSo) {
    Report report = sample_reports().back();
    auto& reply = std::get<Replied>(report.what);
    reply.cut = false;
    reply.result.assign(max_result_size + 10, 'r');
    reply.detail = std::string(max_detail_length - 1, 'd') + "\xC3\xA4";
    const auto read = decode_report(as_bytes(encode(report))).value();
    const auto& what = std::get<Replied>(read.what);
    EXPECT_EQ(what.result.size(), max_result_size);
    EXPECT_TRUE(what.cut);
    EXPECT_EQ(what.detail, std::string(max_detail_length - 1, 'd')) << "never within a character";
}

}  // namespace
}  // namespace holdfast::command
