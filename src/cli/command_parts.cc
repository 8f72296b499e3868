#include "cli/command_parts.h"

#include <algorithm>
#include <utility>

#include "admin/command_views.h"
#include "cli/errors.h"
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

Result<CommandParts> CommandParts::open(boost::asio::io_context& io, const Clock& clock, const settings::Settings& settings) {
    CommandParts parts;
    auto profiles = profile::ProfileTable::compile(profile_texts(settings));
    if (!profiles) return std::unexpected(std::move(profiles).error());
    parts.profiles = std::make_shared<const profile::ProfileTable>(std::move(*profiles));
    auto store = storage::SqliteCommandStore::open(command_store_options(settings), clock);
    if (!store) return std::unexpected(std::move(store).error());
    parts.store = std::move(*store);
    auto queue = open_queue(io, clock, settings.commands);
    if (!queue) return std::unexpected(std::move(queue).error());
    parts.queue = std::move(*queue);
    return parts;
}

void CommandParts::flush(std::string_view who) {
    if (store && !store->flush(flush_grace))
        log::error(who, "the last commands could not be recorded: {}", store->status().sentence);
}

Result<> require_shared_queue(const settings::Settings& settings) {
    if (settings.commands.queue == settings::CommandQueue::file) return {};
    return fail(UpErrc::queue_not_shared,
                "centres and channels that are processes of their own need commands.queue = \"file\", here and where the fleet "
                "is");
}

center::CenterOptions complete_center_options(const settings::Settings& settings) {
    center::CenterOptions options = center_options(settings.commands);
    options.webhooks.body = [](const command::Command& command) { return admin::command_text(command); };
    return options;
}

std::vector<std::string> followed_topics(const profile::ProfileTable& profiles) {
    std::vector<std::string> topics;
    for (const profile::Profile& profile : profiles.profiles()) {
        topics.push_back(literal_start(profile.text().topic));
        topics.push_back(literal_start(profile.text().topic_v3));
    }
    std::ranges::sort(topics);
    topics.erase(std::ranges::unique(topics).begin(), topics.end());
    return topics;
}

std::optional<command::Report> report_of(const profile::ProfileTable& profiles, control::DeviceDirectory& directory,
                                         std::string_view device, const fleet::Acknowledged& fact) {
    const auto parts = profiles.command_topic(device, directory.find(device).mqtt_version, fact.topic);
    if (!parts || !parts->id) return std::nullopt;
    command::Report report;
    report.id = *parts->id;
    report.attempt = parts->attempt;
    report.device = device;
    report.at = fact.wall;
    report.what = command::Delivered{.by_device = false, .last_word = !profiles.of(device).answers()};
    return report;
}

}  // namespace holdfast::cli
