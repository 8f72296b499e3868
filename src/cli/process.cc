#include "cli/process.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <utility>

#include "admin/admin_token.h"
#include "cli/api_place.h"
#include "cli/data_dir.h"
#include "cli/descriptor_limit.h"
#include "cli/module_options.h"
#include "cli/version.h"
#include "runtime/log.h"
#include "storage/sqlite_fleet_store.h"

namespace holdfast::cli {

namespace {

/// How long devices may take to be told, and the store to write, when the process ends.
constexpr Duration stop_grace = std::chrono::seconds(3);
constexpr Duration flush_grace = std::chrono::seconds(5);
/// How long devices wait at most for the first word about the nodes.
constexpr std::chrono::seconds nodes_patience{3};
/// How often it is looked whether memory of connections that have ended should go back to the system.
constexpr std::chrono::seconds memory_interval{2};
constexpr std::uint64_t worth_a_trim = 1000;

std::string durability_warning(const control::Durability& durability, std::string_view what) {
    return fmt::format("{} is in effect, but would not survive a crash yet: {}", what, durability.sentence);
}

/// Local nodes are on their way up when they are started; of others it is enough to know.
bool nodes_known(const fleet::Topology& topology) {
    return std::ranges::all_of(topology.nodes, [](const fleet::TopologyNode& node) {
        if (node.erased || !node.listed) return true;
        return node.origin == "local" ? node.health == fleet::NodeHealth::up : node.probed;
    });
}

}  // namespace

Process::Process(boost::asio::io_context& io, settings::Loaded loaded, LoadSettings load_again)
    : io_(io), loaded_(std::move(loaded)), load_again_(std::move(load_again)), nodes_timer_(io), memory_timer_(io) {}

Process::~Process() = default;

Result<> Process::start(std::function<void()> ready) {
    ready_ = std::move(ready);
    raise_descriptor_limit();
    if (auto done = prepare_data_dir(); !done) return done;
    if (auto done = restore_fleet(); !done) return done;
    if (auto done = open_commands(); !done) return done;
    // Both addresses are taken before anything else is started, so that one that is in use costs nothing.
    if (auto done = open_gateway(); !done) return done;
    if (auto done = open_admin(); !done) return done;
    if (auto done = open_rpc(); !done) return done;
    await_nodes();
    control_->start();
    if (commands_) {
        if (auto done = commands_->start(); !done) return done;
    }
    if (auto done = sources_->start(loaded_.settings); !done) return done;
    sources_started_ = true;
    if (nodes_known(control_->fleet().topology())) nodes_timer_.cancel();
    if (!write_endpoint_file(loaded_.settings.paths.data_dir, admin_->endpoint())) {
        log::warning("up", "cannot write {}/endpoint: command lines need --api {}", loaded_.settings.paths.data_dir,
                     admin_->endpoint());
    }
    watch_memory();
    return {};
}

// A device that came before the first probes' answers would be led to the nodes that answered first, or refused.
void Process::await_nodes() {
    nodes_timer_.expires_after(nodes_patience);
    nodes_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error || ready_) let_devices_in();
    });
    control_->on_topology([this](const fleet::Topology& topology) {
        sources_->follow(topology);
        keeper_->follow(topology);
        directory_->nodes_changed();
        if (sources_started_ && ready_ && nodes_known(topology)) nodes_timer_.cancel();
    });
}

void Process::let_devices_in() {
    if (stopping_ || !ready_) return;
    gateway_->start();
    std::exchange(ready_, nullptr)();
}

Result<> Process::prepare_data_dir() {
    const std::filesystem::path directory = loaded_.settings.paths.data_dir;
    if (auto made = make_data_dir(directory); !made) return made;
    // A random text like the token's, kept likewise: the key under which passwords that identify devices are hashed.
    auto key = admin::load_or_make_token(directory / "identity.key");
    if (!key) return std::unexpected(std::move(key).error());
    std::copy_n(key->reveal().begin(), std::min(key->reveal().size(), password_key_.size()), password_key_.begin());
    return {};
}

Result<> Process::restore_fleet() {
    storage::SqliteOptions options = store_options(loaded_.settings.storage);
    options.on_lost = [this] {
        if (control_) control_->store_lost();
    };
    auto store = storage::open_sqlite_fleet_store(std::move(options), clock_);
    if (!store) return std::unexpected(std::move(store).error());
    store_ = std::move(*store);
    auto image = store_->load();
    if (!image) return std::unexpected(std::move(image).error());
    const fleet::Policy policy = fleet_policy(loaded_.settings, password_key_);
    if (auto valid = fleet::validate(policy); !valid) return valid;
    log::info("up", "{} devices in {} clusters come from {}", image->devices.size(), image->clusters.size(),
              loaded_.settings.storage.path);
    auto fleet =
        std::make_unique<fleet::Fleet>(std::move(*image), policy, fleet_options(loaded_.settings, std::random_device{}()),
                                       Moment{clock_.now(), clock_.wall()});
    control_ = std::make_unique<control::FleetControl>(io_, clock_, std::move(fleet), store_.get());
    keeper_ = std::make_unique<control::ActiveKeeper>(io_, *control_, active_keeper_options(loaded_.settings.standby));
    sources_ = std::make_unique<ClusterSources>(io_, *control_, *keeper_);
    directory_ = std::make_unique<control::FleetDirectory>(*control_);
    control_->on_probe_wanted([this](std::span<const fleet::NodeIndex> nodes) { sources_->probe_now(nodes); });
    return {};
}

Result<> Process::open_commands() {
    const settings::CommandsSettings& settings = loaded_.settings.commands;
    if (settings.enabled) {
        auto commands = CommandService::create(io_, clock_, loaded_.settings, *directory_);
        if (!commands) return std::unexpected(std::move(commands).error());
        commands_ = std::move(*commands);
    } else if (settings.queue == settings::CommandQueue::file) {
        auto forwarder = AcknowledgementForwarder::create(io_, clock_, loaded_.settings, *directory_);
        if (!forwarder) return std::unexpected(std::move(forwarder).error());
        forwarder_ = std::move(*forwarder);
    }
    control_->on_acknowledged([this](std::string_view device, const fleet::Acknowledged& fact) {
        if (stopping_) return;
        if (commands_) commands_->take_acknowledgement(device, fact);
        if (forwarder_) forwarder_->take(device, fact);
    });
    return {};
}

Result<> Process::open_gateway() {
    auto gateway = gateway::Gateway::create(gateway_options(loaded_.settings.gateway), tuning(), clock_, control_->snapshots());
    if (!gateway) return std::unexpected(std::move(gateway).error());
    gateway_ = std::move(*gateway);
    control_->attach(*gateway_);
    return {};
}

Result<> Process::open_admin() {
    auto token = admin::load_or_make_token(loaded_.settings.admin.token_file);
    if (!token) return std::unexpected(std::move(token).error());
    admin_options_ = admin_options(loaded_.settings.admin);
    admin::ApiHooks hooks;
    hooks.shown_settings = [this] { return settings::shown_settings(loaded_); };
    hooks.reload_settings = [this] { return reload(); };
    hooks.node_pid = [this](std::string_view node) { return sources_->pid_of(node); };
    api_ = std::make_unique<admin::Api>(admin::Api{.io = io_,
                                                   .clock = clock_,
                                                   .control = control_.get(),
                                                   .keeper = keeper_.get(),
                                                   .directory = directory_.get(),
                                                   .options = admin_options_,
                                                   .hooks = std::move(hooks),
                                                   .version = std::string(version),
                                                   .move_pace = loaded_.settings.fleet.move_pace,
                                                   .drain_pace = loaded_.settings.fleet.drain_pace});
    if (commands_) api_->commands = &commands_->port();
    tokens_ = std::make_unique<access::Tokens>(
        token->reveal(), std::filesystem::path(loaded_.settings.paths.data_dir) / access::token_file_name);
    admin_ = std::make_unique<admin::AdminServer>(io_, *api_, *tokens_, admin_options_);
    return admin_->start();
}

Result<> Process::open_rpc() {
    if (!commands_ || loaded_.settings.rpc.listen.empty()) return {};
    rpc_ = std::make_unique<rpc::RpcServer>(io_, clock_, commands_->port(), *tokens_, rpc_options(loaded_.settings.rpc));
    if (auto started = rpc_->start(); !started) return started;
    log::info("up", "gRPC is at {}", rpc_->endpoint());
    return {};
}

gateway::Tuning Process::tuning() const {
    gateway::Tuning tuning = gateway_tuning(loaded_.settings.gateway);
    if (commands_) tuning.limits.followed_topics = commands_->topics();
    if (forwarder_) tuning.limits.followed_topics = forwarder_->topics();
    return tuning;
}

// The allocator keeps what thousands of ended connections gave back; the system gets it when their number has fallen for good.
void Process::watch_memory() {
    const std::uint64_t open = control_->gateway_stats().open;
    most_open_ = std::max(most_open_, open);
    if (most_open_ - open >= worth_a_trim && open < most_open_ / 2) {
        ::malloc_trim(0);
        most_open_ = open;
    }
    memory_timer_.expires_after(memory_interval);
    memory_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error && !stopping_) watch_memory();
    });
}

std::expected<settings::Reload, std::vector<settings::Problem>> Process::reload() {
    auto fresh = load_again_();
    if (!fresh) {
        for (const settings::Problem& problem : fresh.error())
            log::error("settings", "not reloaded: {}", problem.text());
        return std::unexpected(std::move(fresh).error());
    }
    settings::Reload reload = settings::reload(loaded_.settings, fresh->settings);
    loaded_ = std::move(*fresh);
    loaded_.settings = reload.settings;
    configure_log(loaded_.settings.log);
    gateway_->tune(tuning());
    if (commands_) commands_->reload(loaded_.settings);
    api_->move_pace = loaded_.settings.fleet.move_pace;
    api_->drain_pace = loaded_.settings.fleet.drain_pace;
    admin_options_.page_size = loaded_.settings.admin.page_size;
    admin_options_.max_page_size = loaded_.settings.admin.page_size_max;
    const auto changed =
        control_->change([&](fleet::Fleet& fleet,
                             Moment moment) { return fleet.set_policy(fleet_policy(loaded_.settings, password_key_), moment); },
                         [](const control::Durability& durability) {
                             if (!durability.durable)
                                 log::warning("settings", "{}", durability_warning(durability, "the reloaded policy"));
                         });
    if (!changed) log::error("settings", "the fleet's policy stays as it was: {}", changed.error().message());
    keeper_->set_options(active_keeper_options(loaded_.settings.standby));
    sources_->reload(loaded_.settings);
    for (const std::string& sentence : reload.sentences())
        log::info("settings", "{}", sentence);
    if (reload.changed.empty() && reload.need_restart.empty()) log::info("settings", "read again; nothing has changed");
    return reload;
}

void Process::stop(std::function<void()> done) {
    if (std::exchange(stopping_, true)) return;
    memory_timer_.cancel();
    nodes_timer_.cancel();
    if (gateway_) gateway_->stop(stop_grace);
    if (admin_) {
        admin_->stop();
        remove_endpoint_file(loaded_.settings.paths.data_dir);
    }
    if (rpc_) rpc_->stop();
    if (commands_) commands_->stop();
    if (keeper_) keeper_->stop();
    const auto finish = [this, done = std::move(done)] {
        if (control_) control_->stop();
        if (commands_) commands_->flush();
        if (store_ && !store_->flush(flush_grace)) {
            log::error("up", "the last changes could not be stored: {}", store_->status().sentence);
        }
        done();
    };
    if (sources_) {
        sources_->stop(finish);
    } else {
        finish();
    }
}

}  // namespace holdfast::cli
