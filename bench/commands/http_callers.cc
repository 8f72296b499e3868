// Callers of Holdfast's HTTP API, each on a connection of its own that it keeps.

#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <deque>
#include <fstream>
#include <functional>
#include <random>

#include "commands_bench.h"
#include "net/tcp.h"
#include "stopwatch.h"

namespace holdfast::bench {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds patience{30};
constexpr std::size_t largest_answer = 16 * 1024 * 1024;

std::string read_token(const std::string& path) {
    std::ifstream file(path);
    std::string token;
    if (!(file >> token)) give_up("there is no token in " + path);
    return token;
}

std::string post(std::string_view target, std::string_view token, std::string_view body) {
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n{}",
        target, token, body.size(), body);
}

/// One connection: one request at a time.
class HttpCaller {
public:
    struct Answer {
        unsigned status = 0;
        std::string_view body = {};
    };
    using Done = std::function<void(HttpCaller&, Answer)>;

    HttpCaller(net::IoContext& io, const net::Endpoint& to) : socket_(io) {
        socket_.connect(to);
        socket_.set_option(asio::ip::tcp::no_delay(true));
    }

    /// `done` hears of the answer; it may ask again.
    void ask(std::string request, const Done& done) {
        request_ = std::move(request);
        done_ = &done;
        asked = Clock::now();
        asio::async_write(socket_, asio::buffer(request_), [this](const net::ErrorCode& error, std::size_t) {
            if (error) give_up("could not write to the API: " + error.message());
            read();
        });
    }

    Clock::time_point asked{};
    std::size_t commands = 0;  ///< in the request that is under way

private:
    void read() {
        socket_.async_read_some(asio::buffer(chunk_), [this](const net::ErrorCode& error, std::size_t size) {
            if (error) give_up("the API closed the connection: " + error.message());
            answer_.append(chunk_.data(), size);
            if (answer_.size() > largest_answer) give_up("the API's answer is too large");
            take();
        });
    }

    void take() {
        const std::size_t head_end = answer_.find("\r\n\r\n");
        if (head_end == std::string::npos) return read();
        constexpr std::string_view field = "Content-Length: ";
        const std::size_t at = answer_.find(field);
        std::size_t length = 0;
        if (at == std::string::npos || at > head_end) give_up("the API's answer has no Content-Length");
        std::from_chars(answer_.data() + at + field.size(), answer_.data() + head_end, length);
        if (answer_.size() < head_end + 4 + length) return read();
        Answer answer;
        constexpr std::size_t status_at = 9;
        std::from_chars(answer_.data() + status_at, answer_.data() + status_at + 3, answer.status);
        const std::string whole = std::exchange(answer_, {});
        answer.body = std::string_view(whole).substr(head_end + 4, length);
        (*done_)(*this, answer);
    }

    net::TcpSocket socket_;
    std::string request_;
    std::string answer_;
    std::array<char, 16 * 1024> chunk_{};
    const Done* done_ = nullptr;
};

/// All callers of a measurement, on one thread.
class HttpCallers {
public:
    /// Gives the next request and how many commands it carries; an empty one: no more.
    using Next = std::function<std::pair<std::string, std::size_t>()>;
    /// How many commands of an answer are as they should be.
    using Count = std::function<std::size_t(HttpCaller::Answer)>;

    HttpCallers(const DriveOptions& options, Next next, Count count)
        : next_(std::move(next)), count_(std::move(count)), timer_(io_) {
        const net::Endpoint to(asio::ip::address_v4::loopback(), options.port);
        for (std::size_t i = 0; i < options.callers; ++i)
            callers_.emplace_back(io_, to);
    }

    /// Runs until there is nothing more to ask and all is answered.
    void run(double seconds) {
        const Clock::time_point longest =
            Clock::now() + patience + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
        timer_.expires_at(longest);
        timer_.async_wait([this](const net::ErrorCode& error) {
            if (error) return;
            watch.failed(fmt::format("{} requests were never answered", under_way_));
            io_.stop();
        });
        watch.start();
        for (HttpCaller& caller : callers_)
            ask(caller);
        io_.run();
        watch.stop();
    }

    Stopwatch watch;
    std::size_t commands = 0;  ///< that were answered as they should be

private:
    void ask(HttpCaller& caller) {
        auto [request, carried] = next_();
        if (request.empty()) {
            if (under_way_ == 0) timer_.cancel();
            return;
        }
        ++under_way_;
        caller.commands = carried;
        caller.ask(std::move(request), answered_);
    }

    void answered(HttpCaller& caller, HttpCaller::Answer answer) {
        --under_way_;
        const std::size_t good = count_(answer);
        commands += good;
        if (good == caller.commands) {
            watch.done(caller.asked);
        } else {
            watch.failed(fmt::format("{} {}", answer.status, answer.body.substr(0, 600)));
        }
        ask(caller);
    }

    net::IoContext io_{1};
    Next next_;
    Count count_;
    net::Timer timer_;
    std::deque<HttpCaller> callers_;
    const HttpCaller::Done answered_ = [this](HttpCaller& caller, HttpCaller::Answer answer) { answered(caller, answer); };
    std::size_t under_way_ = 0;
};

void report(HttpCallers& callers) {
    ReportLine line("done");
    callers.watch.report(line);
    line.add("commands", static_cast<double>(callers.commands)).send();
    await_driver();
}

std::size_t occurrences(std::string_view text, std::string_view word) {
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + word.size()))
        ++count;
    return count;
}

}  // namespace

void run_sync(const DriveOptions& options) {
    const std::string token = read_token(options.token_file);
    const std::string body = fmt::format(R"({{"name":"set-rate","data":{}}})", command_data);
    std::mt19937_64 random(options.seed);
    Clock::time_point until{};
    const auto next = [&]() -> std::pair<std::string, std::size_t> {
        if (Clock::now() >= until) return {};
        const std::string target = fmt::format("/api/v1/devices/{}/commands?wait=10s", device_id(random() % options.devices));
        return {post(target, token, body), 1};
    };
    const auto count = [](HttpCaller::Answer answer) -> std::size_t {
        return answer.status == 200 && answer.body.find(R"("state":"succeeded")") != std::string_view::npos ? 1 : 0;
    };
    HttpCallers callers(options, next, count);
    ReportLine("prepared").send();
    await_driver();
    until = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.seconds));
    callers.run(options.seconds);
    report(callers);
}

void run_submit(const DriveOptions& options) {
    const std::string token = read_token(options.token_file);
    const std::string rest = fmt::format(R"("name":"set-rate","data":{},"offline":"queue","deadline_in":"1h"}})", command_data);
    std::mt19937_64 random(options.seed);
    std::size_t left = options.count;
    const auto next = [&]() -> std::pair<std::string, std::size_t> {
        const std::size_t size = std::min(options.batch, left);
        left -= size;
        if (size == 0) return {};
        if (options.batch == 1) {
            const std::string target = fmt::format("/api/v1/devices/{}/commands", device_id(random() % options.devices));
            return {post(target, token, "{" + rest), 1};
        }
        std::string body = "[";
        for (std::size_t i = 0; i < size; ++i)
            body += fmt::format(R"({}{{"device":"{}",{})", i == 0 ? "" : ",", device_id(random() % options.devices), rest);
        body += "]";
        return {post("/api/v1/commands", token, body), size};
    };
    const auto count = [&](HttpCaller::Answer answer) -> std::size_t {
        if (options.batch == 1) return answer.status == 202 ? 1 : 0;
        return answer.status == 207 ? occurrences(answer.body, R"({"status":202,)") : 0;
    };
    HttpCallers callers(options, next, count);
    ReportLine("prepared").send();
    await_driver();
    callers.run(static_cast<double>(options.count) / 500);
    report(callers);
}

}  // namespace holdfast::bench
