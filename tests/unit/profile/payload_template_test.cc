#include "profile/payload_template.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

#include "json_text/json_text.h"
#include "profile/profile.h"

namespace holdfast::profile {
namespace {

PayloadTemplate sound(std::string_view text) {
    auto made = PayloadTemplate::compile(text);
    EXPECT_TRUE(made) << made.error().message();
    return std::move(*made);
}

PayloadValues values(std::string_view data, std::string_view type = {}) {
    return {.device = "meter-7",
            .id = "ID",
            .attempt = 2,
            .command = "o\"pen\n",
            .deadline = WallTime(std::chrono::seconds(5)),
            .data = data,
            .content_type = type};
}

std::string rendered(const PayloadTemplate& payload, const PayloadValues& values) {
    std::string out = "left from before";
    const auto made = payload.render(values, out);
    EXPECT_TRUE(made) << made.error().message();
    return out;
}

TEST(PayloadTemplate, TheDefaultCarriesJson) {
    const auto payload = sound(ProfileText{}.payload);
    EXPECT_EQ(payload.form(), PayloadTemplate::Form::json);
    EXPECT_EQ(rendered(payload, values(R"({"hz":2})")), R"({"id":"ID","attempt":2,"command":"o\"pen\n","data":{"hz":2}})");
    EXPECT_EQ(rendered(payload, values("")), R"({"id":"ID","attempt":2,"command":"o\"pen\n","data":null})");
    EXPECT_EQ(rendered(payload, values(" 12 ")), R"({"id":"ID","attempt":2,"command":"o\"pen\n","data": 12 })");
    EXPECT_EQ(rendered(payload, values("say \"hi\"", "Text/plain; charset=utf-8")),
              R"({"id":"ID","attempt":2,"command":"o\"pen\n","data":"say \"hi\""})");
}

TEST(PayloadTemplate, WhatIsNoJsonIsRefusedWhereJsonIsNeeded) {
    const auto payload = sound(ProfileText{}.payload);
    std::string out;
    for (const std::string& bad : {std::string("hello"), std::string("{"), std::string("{} {}"),
                                   std::string("{\"a\":\"\xFF\"}"), std::string(40, '[') + std::string(40, ']')}) {
        const auto made = payload.render(values(bad, "application/json"), out);
        ASSERT_FALSE(made) << bad;
        EXPECT_TRUE(made.error().is(Errc::not_encodable));
    }
    EXPECT_FALSE(payload.render(values("\xFF", "text/plain"), out)) << "bytes are no text";
}

TEST(PayloadTemplate, DataAloneIsTheSendersBytes) {
    const auto payload = sound("{data}");
    EXPECT_EQ(payload.form(), PayloadTemplate::Form::raw_data);
    const std::string bytes("\x00\xFF{", 3);
    EXPECT_EQ(rendered(payload, values(bytes)), bytes);
    EXPECT_EQ(rendered(payload, values("")), "");
}

TEST(PayloadTemplate, OtherFormsTakeValuesAsTheyAre) {
    EXPECT_EQ(rendered(sound("CMD;{id};{attempt};{device};{deadline};{data}"), values("x\"y")), "CMD;ID;2;meter-7;5000;x\"y");
    EXPECT_EQ(rendered(sound("{id} {other}"), values("")), "ID {other}");
}

TEST(PayloadTemplate, InsideAStringDataIsText) {
    const auto payload = sound(R"({"a":"\"{data}","b":{attempt}})");
    EXPECT_EQ(rendered(payload, values("x\"\\\x01")), R"({"a":"\"x\"\\\u0001","b":2})");
}

TEST(PayloadTemplate, SaysWhatIsWrongWithATemplate) {
    EXPECT_EQ(PayloadTemplate::compile(R"({"id":{id}})").error().message(),
              "the payload template needs quotes around {id}, which is text");
    EXPECT_FALSE(PayloadTemplate::compile(R"({"id":"{id}")"));
    EXPECT_FALSE(PayloadTemplate::compile(std::string(max_template_length + 1, 'a')));
}

TEST(PayloadTemplate, JsonTemplatesAlwaysMakeJson) {
    const auto payload = sound(R"({"d":"{device}","c":["{command}"],"data":{data},"text":"{data}"})");
    EXPECT_TRUE(rc::check([&payload] {
        const auto device = *rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
        const auto data = *rc::gen::oneOf(rc::gen::arbitrary<std::string>(),
                                          rc::gen::element<std::string>("{}", "[1,2]", "\"x\"", "null", "1e5", "{\"a\":{}}"));
        std::string out;
        PayloadValues some{.device = device, .id = "i", .command = "c", .data = data};
        if (payload.render(some, out)) RC_ASSERT(json_text::is_json(out));
    }));
}

}  // namespace
}  // namespace holdfast::profile
