#pragma once
// A device that knows nothing but its topics: listens on its command topic, keeps what comes, and publishes what it is told to.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "net/mqtt_client.h"

namespace holdfast::live {

class ListeningDevice final : public net::MqttClientHandler {
public:
    struct Got {
        std::string topic;
        std::string payload;
        std::string response_topic;
        std::string correlation;
        std::string content_type;
        std::uint32_t expiry = 0;
    };

    ListeningDevice(net::IoContext& io, std::string id, mqtt::Version version)
        : id_(std::move(id)), client_(io, options(id_, version), *this) {}

    void connect(const std::string& address, std::uint16_t port) { client_.open(net::HostPort{address, port}); }
    /// Breaks the connection without a word.
    void vanish() {
        client_.abandon();
        ready = false;
    }
    [[nodiscard]] bool is_closed() const { return client_.is_closed(); }
    void publish(const std::string& topic, const std::string& payload, const std::string& correlation = {}) {
        mqtt::PublishProperties properties;
        if (!correlation.empty()) properties.correlation_data = ByteBuffer(correlation.begin(), correlation.end());
        mqtt::PublishRequest request;
        request.topic = topic;
        request.payload = as_bytes(payload);
        request.qos = mqtt::QoS::at_least_once;
        if (client_.session().version() == mqtt::Version::v5) request.properties = &properties;
        EXPECT_TRUE(client_.publish(request));
    }

    void on_event(net::MqttClient&, const mqtt::ClientEvent& event) override {
        namespace e = mqtt::client_event;
        if (std::holds_alternative<e::Connected>(event)) {
            const mqtt::Subscription all{.filter = "holdfast/" + id_ + "/command/#", .qos = mqtt::QoS::at_least_once};
            EXPECT_TRUE(client_.subscribe({&all, 1}));
        } else if (std::holds_alternative<e::Subscribed>(event)) {
            ready = true;
        } else if (const auto* received = std::get_if<e::Received>(&event)) {
            keep(received->message);
        }
    }
    void on_closed(net::MqttClient&, const net::MqttClosed&) override { ready = false; }

    bool ready = false;
    std::vector<Got> got;

private:
    static net::MqttClientOptions options(const std::string& id, mqtt::Version version) {
        net::MqttClientOptions options;
        options.session.connect.version = version;
        options.session.connect.client_id = id;
        return options;
    }
    void keep(const mqtt::PublishView& message) {
        Got one{std::string(message.topic), std::string(as_text(message.payload)), {}, {}, {}, 0};
        for (const auto& property : message.properties) {
            if (property.id == mqtt::PropertyId::response_topic) one.response_topic = property.text;
            if (property.id == mqtt::PropertyId::correlation_data) one.correlation = property.text;
            if (property.id == mqtt::PropertyId::content_type) one.content_type = property.text;
            if (property.id == mqtt::PropertyId::message_expiry_interval) one.expiry = property.number;
        }
        got.push_back(std::move(one));
    }

    std::string id_;
    net::MqttClient client_;
};

}  // namespace holdfast::live
