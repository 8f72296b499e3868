// What devices answer, on any topic, with any properties and any payload. Nothing may break, and what is read keeps its bounds.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "command/command.h"
#include "exact_copy.h"
#include "json_text/json_text.h"
#include "mqtt/publish_view.h"
#include "mqtt/topic.h"
#include "profile/correlation.h"
#include "profile/profile_table.h"

namespace {

using namespace holdfast;

profile::ProfileTable table() {
    profile::ProfileText lockers;
    lockers.name = "lockers";
    lockers.devices = {"lock*", "?x"};
    lockers.reply_topic = "v1/dev-{device}/{command}/{attempt}";
    lockers.reply.pattern = R"((?P<id>[0-9a-z]{26});(?P<attempt>\d+);(?P<status>\w*)(;(?P<result>[^;]*);(?P<detail>.*))?)";
    lockers.reply.result = "/data/0";
    auto made = profile::ProfileTable::compile({lockers});
    HF_ASSERT(made.has_value(), "the profile is sound");
    return std::move(*made);
}

void check(const profile::ProfileTable::Reply& reply) {
    const auto* const replied = std::get_if<command::Replied>(&reply.reading.what);
    if (replied == nullptr) return;
    HF_ASSERT(replied->result.size() <= command::max_result_size, "results are bounded");
    HF_ASSERT(replied->detail.size() <= command::max_detail_length, "details are bounded");
    HF_ASSERT(replied->content_type.size() <= command::max_content_type_length, "types are bounded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const profile::ProfileTable profiles = table();
    const mqtt::ExactCopy bytes(ByteView(data, size));
    // The input is a whole PUBLISH, as the channel gets it, or only the payload of one.
    if (const auto publish = mqtt::parse_publish(bytes.view(), mqtt::Version::v5)) {
        if (const auto reply = profiles.read_reply(publish->topic, publish->payload, publish->properties)) check(*reply);
    }
    const std::string id = command::CommandId(1, 2).text();
    for (const std::string& topic : {"holdfast/meter/reply/" + id, std::string("v1/dev-lock/open/1")}) {
        if (const auto reply = profiles.read_reply(topic, bytes.view(), {})) check(*reply);
    }
    const std::string text(as_text(bytes.view()));
    static_cast<void>(profiles.command_topic("meter", 5, text));
    static_cast<void>(profiles.command_topic("lock", 4, text));
    static_cast<void>(profile::correlation_from(bytes.view()));
    // What stands in a JSON string is JSON, whatever it was.
    const auto payload = profile::PayloadTemplate::compile(R"({"a":"{data}","b":{data}})");
    std::string out;
    if (payload->render({.data = text}, out)) HF_ASSERT(json_text::is_json(out), "templates of JSON make JSON");
    return 0;
}
