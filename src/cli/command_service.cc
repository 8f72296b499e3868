#include "cli/command_service.h"

#include <algorithm>
#include <utility>

#include "admin/command_views.h"
#include "cli/module_options.h"
#include "queue/file_queue.h"
#include "queue/memory_queue.h"
#include "runtime/log.h"
#include "storage/sqlite_command_store.h"

namespace holdfast::cli {

namespace {
constexpr Duration flush_grace = std::chrono::seconds(5);

/// The text before a template's first placeholder.
std::string literal_start(std::string_view text) {
    return std::string(text.substr(0, text.find('{')));
}

Result<std::unique_ptr<queue::Queue>> open_queue(boost::asio::io_context& io, const Clock& clock,
                                                 const settings::CommandsSettings& settings) {
    if (settings.queue == settings::CommandQueue::memory)
        return std::make_unique<queue::MemoryQueue>(io, clock, queue::MemoryQueueOptions{});
    auto opened = queue::FileQueue::open(io, clock, settings.queue_file, {});
    if (!opened) return std::unexpected(std::move(opened).error());
    return std::unique_ptr<queue::Queue>(std::move(*opened));
}
}  // namespace

Result<std::unique_ptr<CommandService>> CommandService::create(boost::asio::io_context& io, const Clock& clock,
                                                               const settings::Settings& settings,
                                                               control::FleetControl& control) {
    std::unique_ptr<CommandService> service(new CommandService(io, clock, control));
    auto profiles = profile::ProfileTable::compile(profile_texts(settings));
    if (!profiles) return std::unexpected(std::move(profiles).error());
    service->profiles_ = std::make_shared<const profile::ProfileTable>(std::move(*profiles));
    auto store = storage::SqliteCommandStore::open(command_store_options(settings), clock);
    if (!store) return std::unexpected(std::move(store).error());
    service->store_ = std::move(*store);
    auto queue = open_queue(io, clock, settings.commands);
    if (!queue) return std::unexpected(std::move(queue).error());
    service->queue_ = std::move(*queue);
    center::CenterOptions options = center_options(settings.commands);
    options.webhooks.body = [](const command::Command& command) { return admin::command_text(command); };
    service->center_ = std::make_unique<center::CommandCenter>(io, clock, *service->store_, *service->queue_,
                                                               service->directory_, std::move(options));
    service->center_->on_status([raw = service.get()] { return raw->channel_status(); });
    service->channel_options_ = channel_options(settings.commands);
    return service;
}

CommandService::CommandService(boost::asio::io_context& io, const Clock& clock, control::FleetControl& control)
    : io_(io), clock_(clock), directory_(control) {
    control.on_acknowledged(
        [this](std::string_view device, const fleet::Acknowledged& fact) { take_acknowledgement(device, fact); });
}

CommandService::~CommandService() {
    stop();
}

Result<> CommandService::start() {
    if (auto started = center_->start(); !started) return started;
    running_ = true;
    open_channels();
    return {};
}

void CommandService::stop() {
    running_ = false;
    channels_.clear();
    if (center_) center_->stop();
}

void CommandService::flush() {
    if (store_ && !store_->flush(flush_grace))
        log::error("up", "the last commands could not be recorded: {}", store_->status().sentence);
}

void CommandService::reload(const settings::Settings& settings) {
    center::CenterOptions options = center_options(settings.commands);
    options.webhooks.body = [](const command::Command& command) { return admin::command_text(command); };
    center_->set_options(options);
}

void CommandService::nodes_changed() {
    if (running_) open_channels();
    directory_.nodes_changed();
}

void CommandService::open_channels() {
    for (const std::string& cluster : directory_.clusters()) {
        auto& channel = channels_[cluster];
        if (channel) continue;
        channel::ChannelOptions options = channel_options_;
        options.cluster = cluster;
        channel = std::make_unique<channel::Channel>(
            io_, clock_, *queue_, directory_, profiles_, [this] { return center_->centres(); }, std::move(options));
        channel->start();
    }
}

std::vector<std::string> CommandService::followed_topics() const {
    std::vector<std::string> topics;
    for (const profile::Profile& profile : profiles_->profiles()) {
        topics.push_back(literal_start(profile.text().topic));
        topics.push_back(literal_start(profile.text().topic_v3));
    }
    std::ranges::sort(topics);
    topics.erase(std::ranges::unique(topics).begin(), topics.end());
    return topics;
}

void CommandService::take_acknowledgement(std::string_view device, const fleet::Acknowledged& fact) {
    if (!running_) return;
    const std::uint8_t version = directory_.find(device).mqtt_version;
    const auto parts = profiles_->command_topic(device, version, fact.topic);
    if (!parts || !parts->id) return;
    command::Report report;
    report.id = *parts->id;
    report.attempt = parts->attempt;
    report.device = device;
    report.at = fact.wall;
    report.what = command::Delivered{.by_device = false, .last_word = !profiles_->of(device).answers()};
    center_->acknowledged(report);
}

std::vector<control::CentreStatus::Channel> CommandService::channel_status() const {
    std::vector<control::CentreStatus::Channel> all;
    for (const auto& [cluster, channel] : channels_) {
        const channel::ChannelStatus status = channel->status();
        all.push_back({.cluster = cluster, .connected = status.ok, .sentence = status.sentence});
    }
    return all;
}

}  // namespace holdfast::cli
