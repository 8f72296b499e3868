#include "prober.h"

#include <utility>

namespace holdfast::sim {

using std::chrono::milliseconds;

namespace {
constexpr Duration interval = milliseconds(1000);
constexpr Duration time_out = milliseconds(700);
}  // namespace

/// One probe of one node.
class Prober::Probe final : public WireUser {
public:
    Probe(Prober& prober, fleet::NodeIndex node, std::uint16_t port, std::uint64_t number)
        : prober_(prober), node_(node), number_(number), session_(options(number)) {
        wire_ = prober_.world_.network.connect(port, *this);
    }
    ~Probe() override {
        if (wire_) wire_->close(Side::opener);
    }
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

    void wire_open(Wire&) override {
        static_cast<void>(session_.transport_opened(prober_.world_.now()));
        flush();
    }
    void wire_failed(Wire&, bool) override {
        wire_.reset();
        end(false);
    }
    void wire_bytes(Wire&, ByteView bytes) override {
        const Time now = prober_.world_.now();
        while (const auto event = session_.receive(bytes, now)) {
            if (std::holds_alternative<mqtt::client_event::Connected>(*event)) {
                static_cast<void>(session_.ping(now));
            } else if (std::holds_alternative<mqtt::client_event::Pong>(*event)) {
                session_.disconnect(now);
                flush();
                end(true);
                return;
            } else if (!std::holds_alternative<mqtt::client_event::Received>(*event)) {
                end(false);
                return;
            }
        }
        flush();
    }
    void wire_ended(Wire&, bool) override { end(false); }

private:
    static mqtt::ClientOptions options(std::uint64_t number) {
        mqtt::ClientOptions options;
        options.connect.version = mqtt::Version::v311;
        options.connect.client_id = "probe-" + std::to_string(number);
        return options;
    }
    void flush() {
        const ByteView out = session_.outbox();
        wire_->send(Side::opener, out);
        session_.sent(out.size());
    }
    void end(bool ok) {
        prober_.world_.scheduler.after(Duration::zero(), [prober = &prober_, node = node_, number = number_, ok] {
            const auto found = prober->watched_.find(node);
            if (found != prober->watched_.end() && found->second.probe && found->second.probe->number() == number) {
                prober->ended(node, ok);
            }
        });
    }

    Prober& prober_;
    fleet::NodeIndex node_;
    std::uint64_t number_;
    mqtt::ClientSession session_;
    std::shared_ptr<Wire> wire_;
};

Prober::Prober(World& world, Result result) : world_(world), result_(std::move(result)) {}
Prober::~Prober() = default;

void Prober::follow(const fleet::Topology& topology) {
    for (std::size_t i = 0; i < topology.nodes.size(); ++i) {
        const fleet::NodeIndex node(static_cast<std::uint32_t>(i));
        if (topology.nodes[i].erased) {
            watched_.erase(node);
        } else if (const auto [found, fresh] = watched_.try_emplace(node); fresh) {
            found->second.port = topology.nodes[i].port;
            found->second.watch = ++watches_;
            probe_regularly(node, found->second.watch);
        }
    }
}

void Prober::start_again() {
    watched_.clear();
}

void Prober::probe_regularly(fleet::NodeIndex node, std::uint64_t watch) {
    const auto found = watched_.find(node);
    if (found == watched_.end() || found->second.watch != watch) return;
    probe_now(node);
    world_.scheduler.after(interval + world_.dice.duration(Duration::zero(), milliseconds(100)),
                           [this, node, watch] { probe_regularly(node, watch); });
}

void Prober::probe_now(fleet::NodeIndex node) {
    const auto found = watched_.find(node);
    if (found == watched_.end() || found->second.probe) return;
    const std::uint64_t number = ++probes_;
    found->second.probe = std::make_unique<Probe>(*this, node, found->second.port, number);
    world_.scheduler.after(time_out, [this, node, number] {
        const auto late = watched_.find(node);
        if (late != watched_.end() && late->second.probe && late->second.probe->number() == number) ended(node, false);
    });
}

void Prober::ended(fleet::NodeIndex node, bool ok) {
    watched_[node].probe.reset();
    result_(node, ok);
}

}  // namespace holdfast::sim
