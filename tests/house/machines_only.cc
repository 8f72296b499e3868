// Routes a device, reads its CONNECT, sends it a command and watches a master with machines alone: no Asio, no SQLite, no
// thread, no clock.

#include <cstdio>

#include "command/dispatcher.h"
#include "command/submission.h"
#include "fleet/fleet.h"
#include "mqtt/connect_view.h"
#include "profile/profile_table.h"
#include "proxy/connection.h"
#include "sentinel/sentinel.h"

int main() {
    using namespace holdfast;
    const ByteBuffer connect = {0x10, 0x13, 0x00, 0x04, 'M', 'Q', 'T', 'T', 0x04, 0x02, 0x00,
                                0x3C, 0x00, 0x07, 'm',  'e', 't', 'e', 'r', '-',  '7'};
    fleet::Fleet fleet({}, {}, {}, {});
    const auto cluster = fleet.declare_cluster({.name = "east"}, {});
    const auto node = fleet.put_node("east", "api", {.name = "east-1", .host = "127.0.0.1"}, {});
    if (!cluster || !node) return 1;
    fleet.probe_result(*node, true, {}, {});

    const fleet::SnapshotPtr snapshot = fleet.publish();
    const proxy::Limits limits;
    proxy::Connection connection(limits, proxy::Admission::admitted, Time{});
    if (!connection.device_bytes(connect, limits, Time{}).plan) return 2;
    const proxy::Actions actions = connection.plan(*snapshot, "127.0.0.1", true, 1, limits, Time{});
    if (actions.connect != *node) return 3;

    command::Dispatcher dispatcher(
        {},
        [](std::string_view) { return command::DevicePlace{.known = true, .cluster = "east", .node = "east-1", .session = 1}; },
        1);
    const auto command =
        command::make_command({.device = "meter-7", .name = "reboot"}, command::CommandId(1, 1), {}, WallTime{});
    if (!command || !dispatcher.submit(*command, {})) return 4;
    const command::DispatcherEffects effects = dispatcher.take_effects();
    if (effects.requests.size() != 1) return 5;
    const profile::ProfileTable profiles;
    if (!profiles.of("meter-7").answers()) return 6;

    sentinel::Sentinel watching({.my_id = std::string(40, 'a'), .groups = {{.name = "m", .master = {"127.0.0.1", 6379}}}}, 1,
                                {});
    if (watching.take_actions().empty()) return 7;
    std::puts("meter-7 goes to east-1");
    return 0;
}
