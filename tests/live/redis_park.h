#pragma once
// Debian's redis-server and redis-sentinel as child processes, on free ports of 127.0.0.1.

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/assert.h"
#include "discovery/child_process.h"
#include "net/free_port.h"
#include "redis/exchange.h"
#include "support/run_until.h"
#include "support/scratch_directory.h"

namespace holdfast::test {

class RedisPark {
public:
    explicit RedisPark(boost::asio::io_context& io) : io_(io) {}

    /// A server; `master` 0: it is one itself.
    std::uint16_t add_server(std::uint16_t master = 0) {
        const std::uint16_t port = free_port();
        std::string lines = "save \"\"\nrepl-diskless-sync-delay 0\n";
        if (master != 0) lines += "replicaof 127.0.0.1 " + std::to_string(master) + "\n";
        return run("redis-server", port, lines);
    }
    /// A sentinel, alone, that takes the server for the master of the group "m".
    std::uint16_t add_sentinel(std::uint16_t master) {
        return run("redis-sentinel", free_port(),
                   "sentinel monitor m 127.0.0.1 " + std::to_string(master) +
                       " 1\nsentinel down-after-milliseconds m 500\nsentinel failover-timeout m 5000\n");
    }
    void stop(std::uint16_t port) { running_.erase(port); }
    void start_again(std::uint16_t port) { start(port); }

    /// The answer to one command.
    resp::Reply ask(std::uint16_t port, std::vector<std::string> command) {
        std::optional<Result<resp::Reply>> answer;
        const redis::Exchange exchange(io_, {"127.0.0.1", port}, {}, {}, std::move(command), std::chrono::seconds(5),
                                       [&](Result<resp::Reply> got) { answer = std::move(got); });
        if (!run_until(io_, [&] { return answer.has_value(); })) return {};
        return *answer ? **answer : resp::Reply::error(answer->error().message());
    }
    /// "master", "slave"; empty: it does not say.
    [[nodiscard]] std::string role(std::uint16_t port) {
        const resp::Reply said = ask(port, {"ROLE"});
        return said.items.empty() ? "" : said.items.front().text;
    }
    [[nodiscard]] bool answers(std::uint16_t port) { return ask(port, {"PING"}).text == "PONG"; }

private:
    std::uint16_t free_port() {
        const auto seed = std::random_device{}();
        const auto port = net::pick_lasting_port(boost::asio::ip::make_address("127.0.0.1"), seed,
                                                 [this](std::uint16_t taken) { return kept_.contains(taken); });
        HF_ASSERT(port.has_value(), "there is a free port");
        return *port;
    }
    struct Kept {
        std::string program;
        std::string file;
    };

    std::uint16_t run(const std::string& program, std::uint16_t port, const std::string& lines) {
        const auto directory = directory_.path() / std::to_string(port);
        std::filesystem::create_directory(directory);
        const auto file = directory / "redis.conf";
        std::ofstream(file) << "bind 127.0.0.1\nport " << port << "\ndir " << directory.native() << "\n" << lines;
        kept_[port] = {path_of(program), file};
        start(port);
        return port;
    }

    void start(std::uint16_t port) {
        const Kept& kept = kept_.at(port);
        auto process = discovery::ChildProcess::start(io_, {kept.program, kept.file}, [](ByteView) {}, [](const auto&) {});
        HF_ASSERT(process.has_value(), "Debian's redis-tools is installed");
        running_[port] = std::move(*process);
        bool up = false;
        for (int tries = 0; tries < 500 && !up; ++tries) {
            up = answers(port);
            if (!up) run_until(io_, [] { return false; }, std::chrono::milliseconds(10));
        }
        HF_ASSERT(up, "a redis of a test's own answers");
    }

    /// The package redis-tools has the server's binary under another name; it is what it is called.
    std::string path_of(const std::string& program) {
        const std::filesystem::path installed = "/usr/bin/" + program;
        if (std::filesystem::exists(installed)) return installed;
        const auto link = directory_.path() / program;
        if (!std::filesystem::exists(link)) std::filesystem::create_symlink("/usr/bin/redis-check-rdb", link);
        return link;
    }

    boost::asio::io_context& io_;
    ScratchDirectory directory_;
    std::map<std::uint16_t, Kept> kept_;
    std::map<std::uint16_t, std::unique_ptr<discovery::ChildProcess>> running_;
};

}  // namespace holdfast::test
