#include "discovery/prober.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <utility>
#include <variant>

#include "net/mqtt_client.h"
#include "net/steady_time.h"

namespace holdfast::discovery {
namespace {

// Refusals that are about who asks: a broker that says them is alive.
bool refuses_only_the_probe(std::uint8_t connack_code) {
    using enum mqtt::ConnectReturnCode;
    switch (static_cast<mqtt::ConnectReturnCode>(connack_code)) {
        case unacceptable_protocol_version:
        case identifier_rejected:
        case bad_user_name_or_password:
        case not_authorized:
            return true;
        case accepted:
        case server_unavailable:
            break;
    }
    // 3.1.1 is what the probe speaks, but there are servers that answer it with codes of MQTT 5.
    const auto reason = static_cast<mqtt::ReasonCode>(connack_code);
    return reason == mqtt::ReasonCode::bad_user_name_or_password || reason == mqtt::ReasonCode::not_authorized;
}

mqtt::ClientOptions session_options(const ProbeOptions& options, std::string_view node) {
    constexpr auto shortest_keep_alive = std::chrono::seconds(30);
    constexpr auto longest_keep_alive = std::chrono::seconds(3600);
    mqtt::ClientOptions session;
    session.connect.version = mqtt::Version::v311;
    session.connect.client_id = fmt::format("{}{}-{:08x}", options.client_id_prefix, node, std::random_device{}());
    session.connect.clean_start = true;
    // The node forgets a probe that died without a word; ours asks far more often than this.
    const auto keep_alive = std::clamp(std::chrono::duration_cast<std::chrono::seconds>(options.interval * 3),
                                       std::chrono::seconds(shortest_keep_alive), std::chrono::seconds(longest_keep_alive));
    session.connect.keep_alive = static_cast<std::uint16_t>(keep_alive.count());
    if (!options.username.empty()) session.connect.username = options.username;
    if (!options.password.empty()) session.connect.password = ByteBuffer(options.password.begin(), options.password.end());
    // NodeProbe watches the time itself.
    session.connect_timeout = Duration::zero();
    session.pong_timeout = Duration::zero();
    // Nobody should send a probe anything.
    session.max_packet_size = 1024;
    session.max_inflight = 1;
    session.max_held = 1;
    session.max_inbound_exactly_once = 1;
    return session;
}

}  // namespace

class Prober::Impl {
public:
    Impl(net::IoContext& io, ProbeOptions options, Sink sink)
        : io_(io), options_(std::move(options)), sink_(std::make_shared<Sink>(std::move(sink))) {}

    class Target;

    net::IoContext& io_;
    ProbeOptions options_;
    std::shared_ptr<Sink> sink_;
    std::map<std::string, std::shared_ptr<Target>, std::less<>> targets_;
};

// One node under probe. Lives on through its own callbacks when the sink removes it.
class Prober::Impl::Target final : public net::MqttClientHandler, public std::enable_shared_from_this<Target> {
public:
    Target(net::IoContext& io, const ProbeOptions& options, std::shared_ptr<const Sink> sink, std::string node,
           net::HostPort address)
        : node_(std::move(node)),
          address_(std::move(address)),
          sink_(std::move(sink)),
          timer_(io),
          probe_({options.interval, options.timeout}, net::steady_now()),
          client_(io, client_options(options), *this) {}

    void start() { on_time(); }
    void stop() {
        stopped_ = true;
        timer_.cancel();
        client_.abandon();
    }
    void hurry() {
        probe_.hurry(net::steady_now());
        arm();
    }
    void set_timing(const ProbeTiming& timing) noexcept { probe_.set_timing(timing); }
    [[nodiscard]] const net::HostPort& address() const noexcept { return address_; }

    void on_event(net::MqttClient&, const mqtt::ClientEvent& event) override {
        const auto keep = shared_from_this();
        const Time now = net::steady_now();
        if (std::holds_alternative<mqtt::client_event::Connected>(event)) {
            obey(probe_.on_accepted(now));
        } else if (std::holds_alternative<mqtt::client_event::Pong>(event)) {
            obey(probe_.on_pong(now));
        } else if (const auto* refused = std::get_if<mqtt::client_event::Refused>(&event)) {
            refused_code_ = refused->connack.code;
        }
    }

    void on_closed(net::MqttClient&, const net::MqttClosed& closed) override {
        const auto keep = shared_from_this();
        const Time now = net::steady_now();
        if (closed.stage == net::MqttClosed::Stage::refused) {
            obey(probe_.on_refused(now, closed.sentence, refuses_only_the_probe(refused_code_)));
        } else {
            obey(probe_.on_lost(now, closed.sentence));
        }
    }

private:
    net::MqttClientOptions client_options(const ProbeOptions& options) const {
        net::MqttClientOptions client;
        client.session = session_options(options, node_);
        // NodeProbe's time-out comes first; this one only bounds what it has given up.
        client.connect_timeout = options.timeout * 2;
        return client;
    }

    void on_time() {
        const auto keep = shared_from_this();
        obey(probe_.on_time(net::steady_now()));
    }

    void obey(NodeProbe::Outcome outcome) {
        switch (outcome.step) {
            case NodeProbe::Step::none:
                break;
            case NodeProbe::Step::connect:
                client_.open(address_);
                break;
            case NodeProbe::Step::ping:
                // Without a connection the probe hears of that by on_lost.
                static_cast<void>(client_.ping());
                break;
            case NodeProbe::Step::close:
                client_.abandon();
                break;
        }
        if (outcome.verdict && !stopped_) {
            auto& verdict = *outcome.verdict;
            (*sink_)(ProbeReport{node_, verdict.ok, std::move(verdict.reason), verdict.latency, verdict.lost});
        }
        arm();
    }

    void arm() {
        if (stopped_) return;
        const Time when = probe_.deadline();
        if (armed_ == when) return;
        armed_ = when;
        timer_.expires_at(net::to_steady(when));
        timer_.async_wait([weak = weak_from_this()](const net::ErrorCode& error) {
            const auto self = weak.lock();
            if (error || !self || self->stopped_) return;
            self->armed_ = Time::min();
            self->on_time();
        });
    }

    std::string node_;
    net::HostPort address_;
    std::shared_ptr<const Sink> sink_;
    net::Timer timer_;
    NodeProbe probe_;
    net::MqttClient client_;
    Time armed_ = Time::min();
    std::uint8_t refused_code_ = 0;
    bool stopped_ = false;
};

Prober::Prober(net::IoContext& io, ProbeOptions options, Sink sink)
    : impl_(std::make_shared<Impl>(io, std::move(options), std::move(sink))) {}

Prober::~Prober() {
    stop();
}

void Prober::add(std::string_view node, const net::HostPort& address) {
    const auto found = impl_->targets_.find(node);
    if (found != impl_->targets_.end()) {
        if (found->second->address() == address) return;
        remove(node);
    }
    auto target = std::make_shared<Impl::Target>(impl_->io_, impl_->options_, impl_->sink_, std::string(node), address);
    impl_->targets_.emplace(node, target);
    target->start();
}

void Prober::remove(std::string_view node) {
    const auto found = impl_->targets_.find(node);
    if (found == impl_->targets_.end()) return;
    const auto target = std::move(found->second);
    impl_->targets_.erase(found);
    target->stop();
}

void Prober::set_targets(const std::vector<Target>& targets) {
    std::vector<std::string> gone;
    for (const auto& [node, target] : impl_->targets_) {
        if (std::ranges::none_of(targets, [&node](const Target& wanted) { return wanted.node == node; })) gone.push_back(node);
    }
    for (const auto& node : gone)
        remove(node);
    for (const auto& wanted : targets)
        add(wanted.node, wanted.address);
}

void Prober::probe_now(std::string_view node) {
    const auto found = impl_->targets_.find(node);
    if (found != impl_->targets_.end()) found->second->hurry();
}

void Prober::set_options(ProbeOptions options) {
    impl_->options_ = std::move(options);
    for (const auto& [node, target] : impl_->targets_)
        target->set_timing({impl_->options_.interval, impl_->options_.timeout});
}

void Prober::stop() {
    const auto targets = std::exchange(impl_->targets_, {});
    for (const auto& [node, target] : targets)
        target->stop();
}

}  // namespace holdfast::discovery
