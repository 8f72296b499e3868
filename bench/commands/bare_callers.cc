// Requests and replies on a node without Holdfast: what a program of one's own would do.

#include <fmt/format.h>

#include <charconv>
#include <random>
#include <variant>
#include <vector>

#include "commands_bench.h"
#include "net/mqtt_client.h"
#include "stopwatch.h"

namespace holdfast::bench {
namespace {

constexpr std::chrono::seconds patience{10};
constexpr std::uint16_t keep_alive_seconds = 120;

class BareCallers final : public net::MqttClientHandler {
public:
    BareCallers(net::IoContext& io, const DriveOptions& options)
        : io_(io),
          options_(options),
          random_(options.seed),
          requests_(options.callers),
          client_(io, client_options(options.callers), *this),
          timer_(io) {}

    void connect() { client_.open(net::Endpoint(boost::asio::ip::address_v4::loopback(), options_.port)); }

    void begin() {
        until_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.seconds));
        watch_.start();
        for (std::size_t caller = 0; caller < requests_.size(); ++caller)
            ask(caller);
        timer_.expires_at(until_ + patience);
        timer_.async_wait([this](const net::ErrorCode& error) {
            if (error) return;
            watch_.failed(fmt::format("{} requests were never answered", under_way_));
            end();
        });
    }

    void on_event(net::MqttClient& client, const mqtt::ClientEvent& event) override {
        namespace e = mqtt::client_event;
        if (std::holds_alternative<e::Connected>(event)) {
            const mqtt::Subscription wanted[] = {{.filter = "holdfast/+/reply/#", .qos = mqtt::QoS::at_least_once}};
            if (!client.subscribe(wanted)) give_up("could not subscribe");
        } else if (std::holds_alternative<e::Subscribed>(event)) {
            io_.stop();
        } else if (const auto* received = std::get_if<e::Received>(&event)) {
            answered(received->message.topic);
        } else if (const auto* told = std::get_if<e::Acknowledged>(&event)) {
            if (told->reason != mqtt::ReasonCode::success) watch_.failed("a device was not subscribed");
        }
    }

    void on_closed(net::MqttClient&, const net::MqttClosed& closed) override {
        give_up("the connection is gone: " + std::string(closed.sentence));
    }

    Stopwatch& watch() { return watch_; }

private:
    struct Request {
        Clock::time_point asked{};
        std::uint64_t number = 0;
    };

    static net::MqttClientOptions client_options(std::size_t callers) {
        net::MqttClientOptions options;
        options.session.connect.client_id = "bench-caller";
        options.session.connect.keep_alive = keep_alive_seconds;
        options.session.max_inflight = 2000;
        options.session.max_held = static_cast<std::uint32_t>(callers + 2000);
        return options;
    }

    void ask(std::size_t caller) {
        Request& request = requests_[caller];
        ++request.number;
        const std::size_t device = random_() % options_.devices;
        // As long as a command's id: 26 characters.
        const std::string id = fmt::format("{:06}{:020}", caller, request.number);
        const std::string topic = fmt::format("holdfast/{}/command/{}", device_id(device), id);
        const std::string payload =
            fmt::format(R"({{"id":"{}","attempt":1,"command":"set-rate","data":{}}})", id, command_data);
        request.asked = Clock::now();
        ++under_way_;
        const auto sent = client_.publish({.topic = topic, .payload = as_bytes(payload), .qos = mqtt::QoS::at_least_once});
        if (!sent) give_up("could not publish: " + sent.error().message());
    }

    void answered(std::string_view topic) {
        const std::string_view id = topic.substr(topic.rfind('/') + 1);
        std::size_t caller = 0;
        std::uint64_t number = 0;
        if (id.size() != 26) return;
        std::from_chars(id.data(), id.data() + 6, caller);
        std::from_chars(id.data() + 6, id.data() + id.size(), number);
        if (caller >= requests_.size() || requests_[caller].number != number) return;
        watch_.done(requests_[caller].asked);
        --under_way_;
        if (Clock::now() < until_) {
            ask(caller);
        } else if (under_way_ == 0) {
            end();
        }
    }

    void end() {
        watch_.stop();
        timer_.cancel();
        io_.stop();
    }

    net::IoContext& io_;
    const DriveOptions& options_;
    std::mt19937_64 random_;
    std::vector<Request> requests_;
    net::MqttClient client_;
    net::Timer timer_;
    Stopwatch watch_;
    Clock::time_point until_{};
    std::size_t under_way_ = 0;
};

}  // namespace

void run_bare(const DriveOptions& options) {
    net::IoContext io(1);
    BareCallers callers(io, options);
    callers.connect();
    io.run();
    ReportLine("prepared").send();
    await_driver();
    io.restart();
    callers.begin();
    io.run();
    ReportLine line("done");
    callers.watch().report(line);
    line.send();
    await_driver();
}

}  // namespace holdfast::bench
