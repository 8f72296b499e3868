// What parts of other releases and strangers on the queue may send to centres and channels. Whatever is read can be written
// again and is the same then; and a report that is read can be merged into a command without breaking what its record promises.

#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "command/certainty.h"
#include "command/channel_message.h"
#include "command/errors.h"
#include "command/merge.h"
#include "exact_copy.h"

namespace {

using namespace holdfast;
using namespace holdfast::command;

void check_request(ByteView bytes) {
    const auto request = decode_request(bytes);
    if (!request) {
        HF_ASSERT(request.error().is(Errc::malformed) || request.error().is(Errc::newer_version), "an error is one of these");
        return;
    }
    HF_ASSERT(encode(*request) == as_text(bytes), "a request has one form");
}

void check_merge(const Report& report) {
    Command command;
    command.device = report.device;
    command.attempts = {{.number = 1}, {.number = 2}};
    command.executed = certainty(command);
    const State before = command.state;
    static_cast<void>(merge(command, report, true, {}));
    HF_ASSERT(command.state >= before, "a command only goes forward");
    HF_ASSERT(is_terminal(command.state) == (command.reason != Reason::none), "an end has a reason");
    HF_ASSERT(command.executed != Executed::no, "the other attempt may have arrived");
    const Command after = command;
    HF_ASSERT(!merge(command, report, true, {}) && command == after, "twice is once");
}

void check_report(ByteView bytes) {
    const auto report = decode_report(bytes);
    if (!report) {
        HF_ASSERT(report.error().is(Errc::malformed) || report.error().is(Errc::newer_version), "an error is one of these");
        return;
    }
    HF_ASSERT(encode(*report) == as_text(bytes), "a report has one form");
    check_merge(*report);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const mqtt::ExactCopy copy(ByteView(data, size));
    check_request(copy.view());
    check_report(copy.view());
    return 0;
}
