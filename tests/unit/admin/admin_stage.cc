#include "admin_stage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holdfast::test {

void ScriptedGateway::on_facts(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
}

void ScriptedGateway::collect(std::vector<fleet::Fact>& facts) {
    const std::lock_guard lock(mutex_);
    for (fleet::Fact& fact : waiting_)
        facts.push_back(std::move(fact));
    waiting_.clear();
}

void ScriptedGateway::end(std::span<const fleet::EndOrder> orders) {
    const std::lock_guard lock(mutex_);
    ended_.insert(ended_.end(), orders.begin(), orders.end());
}

control::GatewayStats ScriptedGateway::stats() const {
    control::GatewayStats stats;
    stats.accepted = 7;
    return stats;
}

void ScriptedGateway::tell(fleet::Fact fact) {
    std::function<void()> wake;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty()) wake = wake_;
        waiting_.push_back(std::move(fact));
    }
    if (wake) wake();
}

std::vector<fleet::EndOrder> ScriptedGateway::ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
}

void ObedientStore::write(std::vector<fleet::Change> changes, Completion completion) {
    {
        const std::lock_guard lock(mutex_);
        changes_.insert(changes_.end(), changes.begin(), changes.end());
        if (held_) {
            if (completion) completions_.push_back(std::move(completion));
            return;
        }
    }
    if (completion) completion(true);
}

void ObedientStore::replace(fleet::FleetImage image) {
    const std::lock_guard lock(mutex_);
    image_ = std::move(image);
}

storage::StoreStatus ObedientStore::status() const {
    const std::lock_guard lock(mutex_);
    storage::StoreStatus status;
    status.ok = trouble_.empty();
    status.sentence = trouble_;
    return status;
}

void ObedientStore::hold(std::string sentence) {
    const std::lock_guard lock(mutex_);
    held_ = true;
    trouble_ = std::move(sentence);
}

void ObedientStore::release() {
    std::vector<Completion> completions;
    {
        const std::lock_guard lock(mutex_);
        held_ = false;
        trouble_.clear();
        completions.swap(completions_);
    }
    for (const Completion& completion : completions)
        completion(true);
}

std::vector<fleet::Change> ObedientStore::written() const {
    const std::lock_guard lock(mutex_);
    return changes_;
}

std::optional<fleet::FleetImage> ObedientStore::replaced() const {
    const std::lock_guard lock(mutex_);
    return image_;
}

fleet::Opened opened(const fleet::Fleet& fleet, std::string_view device, std::string_view node, std::uint64_t sequence,
                     WallTime wall, Time now) {
    fleet::Opened fact;
    fact.connection = fleet::ConnectionId::make(0, sequence);
    fact.device = device;
    fact.node = fleet.topology().find_node(node);
    fact.first = fact.node;
    fact.cluster = fleet.topology().node(fact.node).cluster;
    fact.home = fact.cluster;
    fact.kind = fleet::RouteKind::hash;
    fact.enrolled_now = !fleet.devices().find(device).has_value();
    fact.mqtt_version = 5;
    fact.source = fmt::format("127.0.0.9:{}", 40'000 + sequence);
    fact.username = "somebody";
    fact.asked_at = now;
    fact.at = now + std::chrono::milliseconds(3);
    fact.wall = wall;
    fact.trace.add(fleet::TraceKind::chosen, fact.node, static_cast<std::uint8_t>(fact.kind));
    return fact;
}

AdminStage::AdminStage(StageOptions options) : tokens_(std::string(token), options.token_file), admin_options_(options.admin) {
    admin_options_.port = 0;
    const Moment moment{clock_.now(), clock_.wall()};
    auto fleet = std::make_unique<fleet::Fleet>(fleet::FleetImage{}, fleet::Policy{}, options.fleet, moment);
    control_ = std::make_unique<control::FleetControl>(io_, clock_, std::move(fleet), &store, options.control);
    keeper_ = std::make_unique<control::ActiveKeeper>(io_, *control_, control::ActiveKeeperOptions{});
    directory_ = std::make_unique<control::FleetDirectory>(*control_);
    control_->on_topology([this](const fleet::Topology& topology) {
        keeper_->follow(topology);
        directory_->nodes_changed();
    });
    control_->attach(gateway);
    api_ = std::make_unique<admin::Api>(admin::Api{.io = io_,
                                                   .clock = clock_,
                                                   .control = control_.get(),
                                                   .keeper = keeper_.get(),
                                                   .directory = directory_.get(),
                                                   .options = admin_options_,
                                                   .hooks = std::move(options.hooks),
                                                   .version = "0.0-test"});
    if (options.with_centre) api_->commands = &centre_;
    if (!options.with_fleet) {
        api_->control = nullptr;
        api_->keeper = nullptr;
        api_->directory = nullptr;
    }
    server_ = std::make_unique<admin::AdminServer>(io_, *api_, tokens_, admin_options_);
    control_->start();
    const Result<void> started = server_->start();
    if (!started) ADD_FAILURE() << started.error().message();
    thread_ = std::thread([this] { io_.run(); });
}

AdminStage::~AdminStage() {
    boost::asio::post(io_, [this] {
        server_->stop();
        control_->stop();
        work_.reset();
    });
    thread_.join();
}

void AdminStage::add_clusters() {
    on_control([](control::FleetControl& control) {
        control.apply([](fleet::Fleet& fleet, Moment moment) {
            for (const std::string_view cluster : {"east", "west"}) {
                EXPECT_TRUE(fleet.declare_cluster({.name = std::string(cluster)}, moment));
            }
            for (const std::string_view node : {"east-1", "east-2", "west-1"}) {
                fleet::NodeSpec spec{.name = std::string(node), .host = "127.0.0.1", .address = "127.0.0.1", .port = 1};
                const auto index = fleet.put_node(node.substr(0, 4), "api", spec, moment);
                ASSERT_TRUE(index) << index.error().message();
                fleet.probe_result(*index, true, {}, moment);
            }
        });
    });
}

void AdminStage::connect(std::string_view device, std::string_view node, std::uint64_t sequence) {
    on_control([&](control::FleetControl& control) {
        gateway.tell(opened(control.fleet(), device, node, sequence, control.moment().wall, control.moment().now));
        control.collect_now();
    });
}

void AdminStage::add_devices(std::string_view prefix, std::size_t count) {
    on_control([&](control::FleetControl& control) {
        control.apply([&](fleet::Fleet& fleet, Moment moment) {
            for (std::size_t i = 1; i <= count; ++i) {
                fleet::DeviceSpec spec;
                spec.id = fmt::format("{}{}", prefix, i);
                EXPECT_TRUE(fleet.create_device(spec, moment));
            }
        });
    });
}

}  // namespace holdfast::test
