#pragma once
// A command line against a real API, with surroundings of the test's own.

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "admin_stage.h"
#include "cli/command_line.h"
#include "support/scratch_directory.h"

namespace holdfast::cli {

struct Ended {
    int code = 0;
    std::string out;
    std::string err;
};

class CommandLineStage : public ::testing::Test {
protected:
    CommandLineStage() {
        stage.add_clusters();
        variables = {{"HOLDFAST_API", stage.address()},
                     {"HOLDFAST_TOKEN", std::string(test::AdminStage::token)},
                     {"HOLDFAST_DATA_DIR", directory.string()}};
    }

    Ended run(std::vector<std::string> arguments, std::string in = {}) {
        std::ostringstream out;
        std::ostringstream err;
        std::istringstream input(std::move(in));
        const Surroundings surroundings{.out = out,
                                        .err = err,
                                        .in = input,
                                        .colour = false,
                                        .environment = [this](const std::string& name) -> std::optional<std::string> {
                                            const auto found = variables.find(name);
                                            return found == variables.end() ? std::nullopt : std::optional(found->second);
                                        },
                                        .now = [this] { return clock.wall(); }};
        const Programs programs{.up =
                                    [this](const UpOptions& options) {
                                        up = options;
                                        return 17;
                                    },
                                .center =
                                    [this](const RunOptions& options) {
                                        center = options;
                                        return 19;
                                    },
                                .channel =
                                    [this](const ChannelRunOptions& options) {
                                        channel = options;
                                        return 20;
                                    },
                                .sentinel =
                                    [this](const SentinelRunOptions& options) {
                                        sentinel = options;
                                        return 21;
                                    },
                                .simulate =
                                    [this](const simulate::Options& options) {
                                        simulation = options;
                                        return 18;
                                    }};
        Ended ended;
        ended.code = run_command_line(std::move(arguments), surroundings, programs);
        ended.out = out.str();
        ended.err = err.str();
        return ended;
    }

    runtime::SystemClock clock;
    test::AdminStage stage;
    test::ScratchDirectory scratch;
    std::filesystem::path directory = scratch.path();
    std::map<std::string, std::string> variables;
    std::optional<UpOptions> up;
    std::optional<RunOptions> center;
    std::optional<ChannelRunOptions> channel;
    std::optional<SentinelRunOptions> sentinel;
    std::optional<simulate::Options> simulation;
};

}  // namespace holdfast::cli
