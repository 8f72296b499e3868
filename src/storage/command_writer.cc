#include "storage/command_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include "runtime/log.h"

namespace holdfast::storage {
namespace {

using namespace std::chrono_literals;

constexpr Duration note_pause = 1s;           ///< the longest a note waits for company
constexpr std::size_t group_commands = 4096;  ///< bounds how long one transaction holds others up
constexpr std::size_t group_bytes = 16 * 1024 * 1024;

}  // namespace

CommandWriter::CommandWriter(SqliteCommandOptions options, const Clock& clock, std::unique_ptr<CommandFile> file)
    : options_(std::move(options)), clock_(clock), file_(std::move(file)), thread_([this] { work(); }) {}

CommandWriter::~CommandWriter() {
    {
        const Lock lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
    }
    thread_.join();
}

CommandGroup& CommandWriter::last_group() {
    if (groups_.empty() || groups_.back().commands() >= group_commands || groups_.back().bytes() >= group_bytes)
        groups_.emplace_back();
    return groups_.back();
}

bool CommandWriter::urgent() const {
    return std::ranges::any_of(groups_, &CommandGroup::urgent);
}

void CommandWriter::write(std::vector<command::Command> commands, CommandStore::Completion done) {
    {
        const Lock lock(mutex_);
        if (waiting_ + commands.size() <= options_.max_waiting && waiting_bytes_ <= options_.max_waiting_bytes) {
            CommandGroup& group = last_group();
            const bool was_urgent = group.urgent();
            const std::size_t count = group.commands();
            const std::size_t bytes = group.bytes();
            group.add(std::move(commands), std::exchange(done, nullptr));
            waiting_ += group.commands() - count;
            waiting_bytes_ += group.bytes() - bytes;
            if (!was_urgent) wake_.notify_all();
            return;
        }
    }
    if (done)
        done(fail(StorageErrc::unavailable,
                  fmt::format("{} takes no more for now: too much waits to be written", options_.path)));
}

void CommandWriter::write_job(const command::Job& job, CommandStore::Completion done) {
    const Lock lock(mutex_);
    last_group().add(job, std::move(done));
    wake_.notify_all();
}

CommandGroup* CommandWriter::room_for_note() {
    CommandGroup& group = last_group();
    if (group.notes() < options_.max_waiting_notes) return &group;
    if (!std::exchange(notes_dropped_, true))
        log::error("storage", "entries of the audit record are dropped: too many wait to be written");
    return nullptr;
}

void CommandWriter::audit(CommandStore::AuditEntry entry) {
    const Lock lock(mutex_);
    if (CommandGroup* group = room_for_note()) group->add(std::move(entry));
}

void CommandWriter::webhook_told(command::CommandId id) {
    const Lock lock(mutex_);
    if (CommandGroup* group = room_for_note()) group->add_webhook_told(id);
}

Result<void> CommandWriter::run(CommandGroup::Task task) {
    auto promise = std::make_shared<std::promise<Result<void>>>();
    auto result = promise->get_future();
    {
        const Lock lock(mutex_);
        last_group().add(std::move(task), [promise](Result<> done) { promise->set_value(std::move(done)); });
        wake_.notify_all();
    }
    return result.get();
}

StoreStatus CommandWriter::status() const {
    const Lock lock(mutex_);
    StoreStatus status = status_;
    status.pending = waiting_;
    return status;
}

bool CommandWriter::flush(Duration at_most) {
    Lock lock(mutex_);
    const std::uint64_t oldest = decided_number_ + 1;
    const std::uint64_t target = first_number_ + groups_.size() - 1;
    ++flushing_;
    wake_.notify_all();
    const bool all = ended_.wait_for(lock, std::min<Duration>(at_most, 24h), [&] { return ended_number_ >= target; });
    --flushing_;
    return all && failed_number_ < oldest;
}

void CommandWriter::work() {
    Lock lock(mutex_);
    for (;;) {
        wait_for_work(lock);
        if (groups_.empty()) {
            if (stopping_) return;
            continue;
        }
        write_first(lock);
    }
}

/// Returns when a group is to be written, or at the end.
void CommandWriter::wait_for_work(Lock& lock) {
    // A disk that refuses is given time, unless somebody stands and waits.
    if (pause_ > Duration::zero()) {
        wake_.wait_for(lock, pause_,
                       [this] { return stopping_ || flushing_ > 0 || std::ranges::any_of(groups_, &CommandGroup::has_tasks); });
    }
    wake_.wait_for(lock, note_pause, [this] { return stopping_ || (flushing_ > 0 && !groups_.empty()) || urgent(); });
    if (!groups_.empty() && groups_.front().empty()) {
        groups_.pop_front();
        decided_number_ = first_number_++;
        ended_number_ = decided_number_;
        ended_.notify_all();
    }
}

void CommandWriter::write_first(Lock& lock) {
    CommandGroup group = std::move(groups_.front());
    groups_.pop_front();
    const std::uint64_t number = first_number_++;
    lock.unlock();
    const Time began = clock_.now();
    const Result<void> written = group.write(*file_);
    const Duration took = clock_.now() - began;
    lock.lock();
    waiting_ -= group.commands();
    waiting_bytes_ -= group.bytes();
    decided_number_ = number;
    if (written) {
        succeeded(group, took);
    } else {
        failed_number_ = number;
        failed(group, written.error());
    }
    lock.unlock();
    group.answer(written);
    lock.lock();
    ended_number_ = number;
    ended_.notify_all();
}

void CommandWriter::succeeded(const CommandGroup& group, Duration took) {
    ++status_.commits;
    status_.changes_written += group.commands();
    status_.lost_races += group.lost_races();
    status_.last_commit = took;
    pause_ = Duration::zero();
    notes_dropped_ = false;
    if (status_.ok) return;
    const auto seconds =
        status_.failing_since ? std::chrono::ceil<std::chrono::seconds>(clock_.wall() - *status_.failing_since).count() : 0;
    status_.ok = true;
    status_.failing_since.reset();
    status_.sentence.clear();
    log::info("storage", "commands are stored again, after {} s", seconds);
}

void CommandWriter::failed(CommandGroup& group, const Error& why) {
    ++status_.failures;
    status_.sentence = why.message();
    pause_ = std::clamp(pause_ * 2, options_.retry_min, options_.retry_max);
    if (status_.ok) {
        status_.ok = false;
        status_.failing_since = clock_.wall();
        log::error("storage", "commands are not being stored: {}", why.message());
    }
    if (stopping_) return;
    CommandGroup& next = last_group();
    if (next.notes() + group.notes() <= options_.max_waiting_notes) next.inherit_notes(group);
}

}  // namespace holdfast::storage
