#include "simulate/report.h"

#include <gtest/gtest.h>

namespace holdfast::simulate {
namespace {

using std::chrono::seconds;

TEST(Report, ProgressIsOneLineOfWhatMatters) {
    Options options;
    Tally before, now;
    now.devices = 100;
    now.connected = 98;
    now.published = 50;
    EXPECT_EQ(progress_line(options, before, now, seconds(1), seconds(12)), "  12s  98/100 connected  50 msg/s");
    options.echo = true;
    now.received = 40;
    now.latency.add(std::chrono::milliseconds(1));
    now.reconnects = 3;
    now.refused["the server refused: server_busy (0x89)"] = 2;
    now.lost = 1;
    now.aside = 1;
    now.last_aside = "meter-7";
    EXPECT_EQ(
        progress_line(options, before, now, seconds(2), seconds(12)),
        "  12s  98/100 connected  25 msg/s  20 back/s  p50 1.0ms  p99 1.0ms  3 reconnects  2 refused  1 lost  1 stepped aside "
        "(meter-7 is used by somebody else)");
}

TEST(Report, SummarySaysWhenLossIsNotKnown) {
    Options options;
    Tally tally;
    tally.devices = 1;
    EXPECT_NE(summary(options, tally, seconds(1)).find("not known"), std::string::npos);
    options.qos = mqtt::QoS::at_least_once;
    EXPECT_EQ(summary(options, tally, seconds(1)).find("not known"), std::string::npos);
}

TEST(Report, TellsWhatBecameOfCommands) {
    Options options;
    options.commands = true;
    Tally before, now;
    now.devices = now.connected = 3;
    now.commands = 9;
    now.executed = 6;
    now.failed = 1;
    now.answered_again = 3;
    now.answered = 7;
    now.silent = 1;
    now.crashed = 2;
    EXPECT_EQ(progress_line(options, before, now, seconds(2), seconds(2)), "   2s  3/3 connected  0 msg/s  3 cmd/s");
    const std::string text = summary(options, now, seconds(2));
    EXPECT_NE(text.find("commands      9 came, 6 executed (1 of them in failure), 3 known and answered again\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("answers       7 sent; 1 commands executed in silence, 2 just before a crash\n"), std::string::npos)
        << text;
}

TEST(Report, LatenciesHaveUnits) {
    EXPECT_EQ(latency_text(std::chrono::microseconds(850)), "850us");
    EXPECT_EQ(latency_text(std::chrono::microseconds(1234)), "1.2ms");
    EXPECT_EQ(latency_text(std::chrono::milliseconds(3400)), "3.4s");
}

}  // namespace
}  // namespace holdfast::simulate
