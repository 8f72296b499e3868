#include "storage/group_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/assert.h"
#include "runtime/log.h"

namespace holdfast::storage {
namespace {

using namespace std::chrono_literals;

constexpr Duration idle_check = 2s;              ///< how often an idle writer looks whether its file is still there
constexpr Duration ask_again = 5s;               ///< how long the owner has for its image before it is asked again
constexpr std::size_t devices_a_commit = 5'000;  ///< keeps the time short for which `write` can find the mutex taken

}  // namespace

GroupWriter::GroupWriter(SqliteOptions options, const Clock& clock, std::unique_ptr<FleetFile> file)
    : options_(std::move(options)),
      clock_(clock),
      file_(std::move(file)),
      known_(file_->identity()),
      pause_(options_.retry_min) {}

GroupWriter::~GroupWriter() {
    {
        const Lock lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

Result<fleet::FleetImage> GroupWriter::load() {
    HF_ASSERT(!thread_.joinable(), "the store is loaded before anything is written to it");
    return file_->read_all();
}

void GroupWriter::start() {
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void GroupWriter::write(std::vector<fleet::Change> changes, FleetStore::Completion completion) {
    {
        const Lock lock(mutex_);
        start();
        const bool writer_idles = !has_work();
        ++last_number_;
        for (fleet::Change& change : changes)
            pending_.add(last_number_, std::move(change));
        if (completion && completions_.size() < options_.max_completions) {
            completions_.push_back({last_number_, std::exchange(completion, nullptr)});
        }
        // While changes gather, a wake-up for each would cost more than the change itself.
        if (writer_idles || hurried()) wake_.notify_all();
    }
    if (completion) completion(false);
}

void GroupWriter::replace(fleet::FleetImage image) {
    PendingChanges superseded;
    std::optional<Image> older;
    const Lock lock(mutex_);
    start();
    ++last_number_;
    std::swap(pending_, superseded);
    older = std::exchange(replacement_, Image{last_number_, std::move(image)});
    wake_.notify_all();
}

StoreStatus GroupWriter::status() const {
    const Lock lock(mutex_);
    StoreStatus status = status_;
    status.pending = waiting();
    return status;
}

bool GroupWriter::flush(Duration at_most) {
    Lock lock(mutex_);
    start();
    const std::uint64_t target = last_number_;
    ++flushing_;
    wake_.notify_all();
    const bool all = durable_.wait_for(lock, std::min<Duration>(at_most, 24h), [&] { return durable_number_ >= target; });
    --flushing_;
    return all;
}

std::size_t GroupWriter::waiting() const {
    return pending_.size() + in_hand_ + (replacement_ ? replacement_->size() : 0);
}

bool GroupWriter::has_work() const {
    return durable_number_ < last_number_;
}

bool GroupWriter::hurried() const {
    return stopping_ || flushing_ > 0 || !completions_.empty() || replacement_ || pending_.size() >= devices_a_commit;
}

void GroupWriter::run() {
    Lock lock(mutex_);
    for (;;) {
        wait_for_work(lock);
        if (stopping_ && !has_work()) break;
        const bool last_try = stopping_;
        take_work();
        lock.unlock();
        const Result<void> done = attempt();
        lock.lock();
        if (done) {
            succeeded();
            answer_durable(lock);
            continue;
        }
        failed(lock, done.error());
        if (last_try) break;
    }
    end(lock);
}

/// Returns when there is something to commit, when it is time to look after the file, and at once after a failure, which had
/// its own pause.
void GroupWriter::wait_for_work(Lock& lock) {
    if (!status_.ok || !wake_.wait_for(lock, idle_check, [this] { return stopping_ || has_work(); })) return;
    wake_.wait_for(lock, options_.commit_interval, [this] { return hurried(); });
}

void GroupWriter::take_work() {
    if (replacement_) {
        image_ = std::exchange(replacement_, std::nullopt);
        batch_.reset();
    }
    if (!image_ && !batch_ && has_work()) batch_ = pending_.take(devices_a_commit, last_number_);
    in_hand_ = image_ ? image_->size() : batch_ ? batch_->changes.size() : 0;
}

Result<void> GroupWriter::attempt() {
    if (auto checked = check_file(); !checked) return checked;
    if (image_needed_ && !image_) {
        ask_for_image();
        return taken_away();
    }
    if (auto committed = commit_work(); !committed) return committed;
    // What was committed to a file that is gone by now is not durable.
    if (file_->presence() != FleetFile::Presence::in_place) return taken_away();
    return {};
}

std::unexpected<Error> GroupWriter::taken_away() const {
    return fail(StorageErrc::unavailable, fmt::format("the store {} was taken away; it is being made anew", options_.path));
}

/// The file is open and in place, or it is made so.
Result<void> GroupWriter::check_file() {
    const auto presence = file_ == nullptr ? FleetFile::Presence::in_place : file_->presence();
    if (file_ != nullptr && presence == FleetFile::Presence::in_place) return {};
    if (presence == FleetFile::Presence::gone || presence == FleetFile::Presence::log_gone) {
        image_needed_ = true;
        const Lock lock(mutex_);
        ++status_.times_lost;
    }
    // Of a file that is still there, closing brings what its log held into it.
    file_.reset();
    return open_again();
}

Result<void> GroupWriter::open_again() {
    const auto here = identity_of(options_.path);
    if (here && *here != known_) {
        return fail(
            StorageErrc::unavailable,
            fmt::format(
                "another file was put in the place of the store {} and is left alone; end Holdfast to use it, or move it away "
                "to have the store made anew",
                options_.path));
    }
    if (!here) image_needed_ = true;
    auto opened = FleetFile::open(options_.path, options_.busy_timeout, false);
    if (!opened) {
        // What was half made is ours all the same.
        if (const auto made = identity_of(options_.path); made && !here) known_ = *made;
        return std::unexpected(std::move(opened.error()));
    }
    file_ = std::move(*opened);
    known_ = file_->identity();
    return {};
}

void GroupWriter::ask_for_image() {
    const Time now = clock_.now();
    if (!options_.on_lost || (asked_at_ && now - *asked_at_ < ask_again)) return;
    asked_at_ = now;
    options_.on_lost();
}

Result<void> GroupWriter::commit_work() {
    if (!image_ && (!batch_ || batch_->changes.empty())) return {};
    const Time began = clock_.now();
    auto committed = image_ ? file_->commit_image(image_->records) : file_->commit(batch_->changes);
    const Duration took = clock_.now() - began;
    if (committed) {
        const Lock lock(mutex_);
        ++status_.commits;
        status_.last_commit = took;
    }
    return committed;
}

void GroupWriter::succeeded() {
    status_.changes_written += in_hand_;
    if (image_) {
        durable_number_ = image_->number;
        image_needed_ = false;
        asked_at_.reset();
    } else if (batch_) {
        durable_number_ = std::max(durable_number_, batch_->complete_up_to);
    }
    image_.reset();
    batch_.reset();
    in_hand_ = 0;
    pause_ = options_.retry_min;
    if (status_.ok) return;
    const auto seconds =
        status_.failing_since ? std::chrono::ceil<std::chrono::seconds>(clock_.wall() - *status_.failing_since).count() : 0;
    status_.ok = true;
    status_.failing_since.reset();
    status_.sentence.clear();
    log::info("storage", "the fleet is stored again, after {} s", seconds);
}

void GroupWriter::answer_durable(Lock& lock) {
    std::vector<FleetStore::Completion> due;
    while (!completions_.empty() && completions_.front().number <= durable_number_) {
        due.push_back(std::move(completions_.front().completion));
        completions_.pop_front();
    }
    durable_.notify_all();
    lock.unlock();
    for (const auto& completion : due)
        completion(true);
    lock.lock();
}

void GroupWriter::failed(Lock& lock, const Error& why) {
    ++status_.failures;
    status_.sentence = why.message();
    if (status_.ok) {
        status_.ok = false;
        status_.failing_since = clock_.wall();
        log::error("storage", "the fleet is not being stored: {}. {} changes wait; trying again", why.message(), waiting());
    }
    wake_.wait_for(lock, pause_, [this] { return stopping_ || replacement_.has_value(); });
    pause_ = std::min(pause_ * 2, options_.retry_max);
}

void GroupWriter::end(Lock& lock) {
    std::deque<Waiting> left = std::exchange(completions_, {});
    if (durable_number_ < last_number_)
        log::error("storage", "{} changes of the fleet were not stored: {}", waiting(), status_.sentence);
    lock.unlock();
    for (const Waiting& one : left)
        one.completion(false);
    lock.lock();
}

}  // namespace holdfast::storage
