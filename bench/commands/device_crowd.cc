// The devices: they connect, subscribe, and answer.

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <future>
#include <thread>
#include <variant>

#include "commands_bench.h"
#include "driver_link.h"
#include "mqtt/properties.h"
#include "mqtt/property_view.h"
#include "net/mqtt_client.h"

namespace holdfast::bench {
namespace {

constexpr std::size_t connecting_at_once = 64;
constexpr std::uint16_t keep_alive_seconds = 120;

class Crowd;

class Device final : public net::MqttClientHandler {
public:
    Device(Crowd& crowd, net::IoContext& io, std::size_t number);
    void open(const net::Endpoint& to) { client_.open(to); }
    void leave() {
        if (!client_.is_closed()) client_.disconnect();
    }
    void on_event(net::MqttClient& client, const mqtt::ClientEvent& event) override;
    void on_closed(net::MqttClient& client, const net::MqttClosed& closed) override;

private:
    static net::MqttClientOptions client_options(const std::string& id);
    void answer(const mqtt::PublishView& message);

    Crowd& crowd_;
    std::string id_;
    std::string front_;  ///< `holdfast/<id>/command/`
    std::string reply_;  ///< `holdfast/<id>/reply/`
    net::MqttClient client_;
};

class Crowd {
public:
    Crowd(net::IoContext& io, const DriveOptions& options)
        : to_(boost::asio::ip::address_v4::loopback(), options.port), size_(options.devices) {
        for (std::size_t i = 0; i < size_; ++i)
            devices_.emplace_back(*this, io, i);
    }

    void open_more() {
        while (opened_ < size_ && opened_ - ready_ < connecting_at_once)
            devices_[opened_++].open(to_);
    }
    void device_ready() {
        if (++ready_ == size_) all_ready.set_value();
        open_more();
    }
    void device_closed(const std::string& id, std::string_view sentence) {
        if (leaving_) {
            if (++left_ == size_) all_left.set_value();
            return;
        }
        give_up(id + " lost its connection: " + std::string(sentence));
    }
    void leave() {
        leaving_ = true;
        for (Device& device : devices_)
            device.leave();
    }

    std::promise<void> all_ready;
    std::promise<void> all_left;
    std::atomic<std::uint64_t> answered = 0;

private:
    net::Endpoint to_;
    std::size_t size_;
    std::deque<Device> devices_;
    std::size_t opened_ = 0;
    std::size_t ready_ = 0;
    std::size_t left_ = 0;
    bool leaving_ = false;
};

net::MqttClientOptions Device::client_options(const std::string& id) {
    net::MqttClientOptions options;
    options.session.connect.client_id = id;
    options.session.connect.keep_alive = keep_alive_seconds;
    return options;
}

Device::Device(Crowd& crowd, net::IoContext& io, std::size_t number)
    : crowd_(crowd),
      id_(device_id(number)),
      front_("holdfast/" + id_ + "/command/"),
      reply_("holdfast/" + id_ + "/reply/"),
      client_(io, client_options(id_), *this) {}

void Device::on_event(net::MqttClient& client, const mqtt::ClientEvent& event) {
    namespace e = mqtt::client_event;
    if (std::holds_alternative<e::Connected>(event)) {
        const mqtt::Subscription wanted[] = {{.filter = front_ + "#", .qos = mqtt::QoS::at_least_once}};
        if (!client.subscribe(wanted)) give_up(id_ + " could not subscribe");
    } else if (std::holds_alternative<e::Subscribed>(event)) {
        crowd_.device_ready();
    } else if (const auto* received = std::get_if<e::Received>(&event)) {
        answer(received->message);
    }
}

void Device::answer(const mqtt::PublishView& message) {
    if (!message.topic.starts_with(front_)) give_up(id_ + " got a message that is not its own");
    const std::string topic = reply_ + std::string(message.topic.substr(front_.size()));
    mqtt::PublishProperties properties;
    for (const mqtt::PropertyView& property : message.properties) {
        if (property.id != mqtt::PropertyId::correlation_data) continue;
        const ByteView bytes = property.binary();
        properties.correlation_data.emplace(bytes.begin(), bytes.end());
    }
    const auto sent = client_.publish(
        {.topic = topic, .payload = as_bytes(reply_data), .qos = mqtt::QoS::at_least_once, .properties = &properties});
    if (!sent) give_up(id_ + " could not answer: " + sent.error().message());
    crowd_.answered.fetch_add(1, std::memory_order_relaxed);
}

void Device::on_closed(net::MqttClient&, const net::MqttClosed& closed) {
    crowd_.device_closed(id_, closed.sentence);
}

}  // namespace

void run_devices(const DriveOptions& options) {
    net::IoContext io(1);
    Crowd crowd(io, options);
    auto work = boost::asio::make_work_guard(io);
    ReportLine("prepared").send();
    await_driver();
    boost::asio::post(io, [&crowd] { crowd.open_more(); });
    std::thread thread([&io] { io.run(); });
    crowd.all_ready.get_future().wait();
    ReportLine("ready").send();
    await_driver();
    ReportLine("done").add("answered", static_cast<double>(crowd.answered.load())).send();
    boost::asio::post(io, [&crowd] { crowd.leave(); });
    crowd.all_left.get_future().wait();
    ReportLine("left").send();
    await_driver();
    io.stop();
    thread.join();
}

}  // namespace holdfast::bench
