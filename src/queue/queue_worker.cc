#include "queue/queue_worker.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "runtime/log.h"

namespace holdfast::queue {
namespace {

using namespace std::chrono_literals;

constexpr Duration slow_poll = 500ms;          ///< in case a change was missed
constexpr Duration quick_poll = 20ms;          ///< where the system does not let the file be watched
constexpr std::size_t cached_messages = 4096;  ///< of a group that are read before they are delivered
constexpr std::size_t cached_bytes = 32 * 1024 * 1024;
constexpr std::size_t fetched_at_once = 1024;

Error as_queue_error(const Error& error) {
    if (error.is(QueueErrc::full) || error.is(QueueErrc::too_large)) return error;
    return {QueueErrc::unavailable, error.message()};
}

}  // namespace

void QueueWorker::Cache::add(const Message& message) {
    if (messages.try_emplace(message.number, Loaded{message.part, message.size()}).second) bytes += message.size();
}

void QueueWorker::Cache::remove(std::uint64_t number) {
    const auto found = messages.find(number);
    if (found == messages.end()) return;
    bytes -= found->second.size;
    messages.erase(found);
}

void QueueWorker::Cache::remove(Parts parts) {
    std::erase_if(messages, [&](const auto& one) {
        if (!parts.test(one.second.part)) return false;
        bytes -= one.second.size;
        return true;
    });
}

QueueWorker::QueueWorker(const Clock& clock, std::string path, FileQueueOptions options, QueueFile file, FileWaker waker,
                         Told told)
    : clock_(clock),
      path_(std::move(path)),
      options_(options),
      told_(std::move(told)),
      file_(std::move(file)),
      waker_(std::move(waker)),
      thread_([this] { work(); }) {}

QueueWorker::~QueueWorker() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    waker_.wake();
    thread_.join();
}

void QueueWorker::wish(Wish wish) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = mailbox_.empty();
        mailbox_.push_back(std::move(wish));
    }
    if (first) waker_.wake();
}

QueueStatus QueueWorker::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

std::int64_t QueueWorker::lease_end() const {
    return (clock_.now() + options_.lease).time_since_epoch().count();
}

template <class... Arguments>
void QueueWorker::tell_after(const std::function<void(Arguments...)>& whom, std::type_identity_t<Arguments>... arguments) {
    to_tell_.emplace_back([&whom, ... held = std::move(arguments)]() mutable { whom(std::move(held)...); });
}

void QueueWorker::work() {
    for (;;) {
        const bool last = take_wishes();
        const bool more = (last || something_to_do()) && turn(last);
        if (last) return;
        if (more) continue;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_ || (!mailbox_.empty() && pause_ == Duration::zero())) continue;
        }
        waker_.wait(pause_ > Duration::zero() ? pause_
                                              : std::min(waker_.watches() ? slow_poll : quick_poll, next_beat_ - clock_.now()));
    }
}

/// True at the end.
bool QueueWorker::take_wishes() {
    const std::lock_guard lock(mutex_);
    std::ranges::move(mailbox_, std::back_inserter(wishes_));
    mailbox_.clear();
    return stopping_;
}

/// A look that writes nothing, so that waking for another process' doings costs little.
bool QueueWorker::something_to_do() {
    if (!wishes_.empty() || process_ == 0 || clock_.now() >= next_beat_) return true;
    const auto changes = file_.changes();
    if (!changes || *changes != seen_changes_) return true;
    for (std::size_t index = 0; index < tenures_.size(); ++index) {
        const Tenure& tenure = tenures_[index];
        if (!tenure.consumed || tenure.owned.none() || !has_room(index)) continue;
        if (const auto more = file_.has_after(tenure.group, tenure.cursor); !more || *more) return true;
    }
    return false;
}

bool QueueWorker::turn(bool last) {
    const std::vector<Tenure> before = tenures_;
    const std::int64_t process_before = process_;
    const auto done = transact(last);
    const bool fetched = done && !fetched_.empty();
    if (done) {
        succeeded();
    } else {
        file_.roll_back();
        tenures_ = before;
        tenures_.resize(std::max(tenures_.size(), caches_.size()));
        if (process_ != process_before) lock_.reset();
        process_ = process_before;
        failed(done.error());
    }
    // What is told may be a large part of the work; the file is free for others meanwhile.
    for (const auto& tell : std::exchange(to_tell_, {}))
        tell();
    return fetched;
}

Result<void> QueueWorker::transact(bool last) {
    if (auto begun = file_.begin(); !begun) return begun;
    if (auto done = stay_registered(); !done) return done;
    if (auto done = do_wishes(); !done) return done;
    if (last) {
        if (auto done = file_.remove_process(process_, false); !done) return done;
        return file_.commit();
    }
    auto changes = file_.changes();
    if (!changes) return std::unexpected(std::move(changes.error()));
    if (*changes != seen_changes_) {
        for (std::size_t index = 0; index < tenures_.size(); ++index) {
            if (auto done = share_parts(index); !done) return done;
        }
    }
    new_changes_ = *changes;
    for (std::size_t index = 0; index < tenures_.size(); ++index) {
        if (auto done = fetch(index); !done) return done;
    }
    return file_.commit();
}

/// Shows that this process lives; one that others have given up begins anew.
Result<void> QueueWorker::stay_registered() {
    if (process_ != 0 && clock_.now() < next_beat_) return {};
    if (process_ != 0) {
        const auto renewed = file_.renew_process(process_, lease_end());
        if (!renewed) return std::unexpected(renewed.error());
        if (*renewed) return look_after_others();
    }
    const auto added = file_.add_process(lease_end());
    if (!added) return std::unexpected(added.error());
    auto lock = ProcessLock::take(path_, *added);
    if (!lock) return std::unexpected(std::move(lock.error()));
    lock_ = std::move(*lock);
    process_ = *added;
    for (std::size_t index = 0; index < tenures_.size(); ++index) {
        Tenure& tenure = tenures_[index];
        if (!tenure.consumed) continue;
        tenure.owned.reset();
        tenure.yielding.reset();
        caches_[index] = {};
        tell_after(told_.lost, index);
        // A group that has been is there.
        if (auto joined = file_.rejoin(tenure.group, process_); !joined) return joined;
    }
    return look_after_others();
}

Result<void> QueueWorker::look_after_others() {
    const auto others = file_.other_processes(process_);
    if (!others) return std::unexpected(others.error());
    const std::int64_t now = clock_.now().time_since_epoch().count();
    for (const QueueFile::Process& other : *others) {
        if (!process_is_gone(path_, other.id) && other.until >= now) continue;
        if (auto removed = file_.remove_process(other.id, true); !removed) return removed;
    }
    return {};
}

Result<void> QueueWorker::do_wishes() {
    for (Wish& wish : wishes_) {
        auto done = std::visit([this](auto& one) { return grant(one); }, wish);
        if (!done) return done;
    }
    return {};
}

Result<void> QueueWorker::grant(Publish& wish) {
    auto published = file_.publish(wish.messages);
    if (!published) return std::unexpected(std::move(published.error()));
    published_.emplace_back(&wish, std::move(*published));
    return {};
}

Result<void> QueueWorker::grant(Join& wish) {
    const auto group = file_.join(wish.topic, wish.name, process_);
    if (!group) return std::unexpected(group.error());
    if (tenures_.size() <= wish.index) tenures_.resize(wish.index + 1);
    if (caches_.size() <= wish.index) caches_.resize(wish.index + 1);
    tenures_[wish.index] = {.group = *group, .session = wish.session, .consumed = true};
    caches_[wish.index] = {};
    return {};
}

Result<void> QueueWorker::grant(Leave& wish) {
    Tenure& tenure = tenures_[wish.index];
    const std::int64_t group = tenure.group;
    tenure.consumed = false;
    tenure.owned.reset();
    tenure.yielding.reset();
    caches_[wish.index] = {};
    return file_.leave(group, process_);
}

Result<void> QueueWorker::grant(Acknowledge& wish) {
    caches_[wish.index].remove(wish.number);
    return file_.acknowledge(tenures_[wish.index].group, wish.number, wish.size);
}

Result<void> QueueWorker::grant(SetTimes& wish) {
    return file_.set_times(tenures_[wish.index].group, wish.number, wish.times);
}

Result<void> QueueWorker::grant(SetAside& wish) {
    caches_[wish.index].remove(wish.message.number);
    return file_.set_aside(tenures_[wish.index].group, wish.message, wish.times, clock_.wall());
}

Result<void> QueueWorker::grant(Release& wish) {
    Tenure& tenure = tenures_[wish.index];
    const Parts parts = wish.parts & tenure.owned;
    if (parts.none()) return {};
    tenure.owned &= ~parts;
    tenure.yielding &= ~parts;
    caches_[wish.index].remove(parts);
    return file_.release_parts(tenure.group, parts, process_);
}

/// Part p belongs to the p-th of the group's processes, counted round and round. So all agree without talking.
Result<void> QueueWorker::share_parts(std::size_t index) {
    Tenure& tenure = tenures_[index];
    if (!tenure.consumed) return {};
    const auto processes = file_.processes_of(tenure.group);
    if (!processes) return std::unexpected(processes.error());
    const auto parts = file_.parts_of(tenure.group);
    if (!parts) return std::unexpected(parts.error());
    if (processes->empty()) return {};
    Parts to_yield;
    for (std::uint32_t part = 0; part < FileQueue::parts; ++part) {
        const bool due = (*processes)[part % processes->size()] == process_;
        const QueueFile::Part& now = (*parts)[part];
        if (tenure.owned.test(part) && !due && !tenure.yielding.test(part)) to_yield.set(part);
        if (!due || now.owner != 0) continue;
        if (auto taken = file_.take_part(tenure.group, part, process_, now, clock_.wall()); !taken) return taken;
        tenure.owned.set(part);
        tenure.cursor = 0;
    }
    tenure.yielding |= to_yield;
    if (to_yield.any()) tell_after(told_.yield, index, tenure.session, to_yield);
    return {};
}

bool QueueWorker::has_room(std::size_t index) const {
    return caches_[index].messages.size() < cached_messages && caches_[index].bytes < cached_bytes;
}

Result<void> QueueWorker::fetch(std::size_t index) {
    Tenure& tenure = tenures_[index];
    if (!tenure.consumed || tenure.owned.none() || !has_room(index)) return {};
    Cache& cache = caches_[index];
    const Parts readable = tenure.owned & ~tenure.yielding;
    std::vector<FetchedMessage> found;
    std::size_t bytes = cache.bytes;
    auto read = file_.fetch(
        tenure.group, tenure.cursor,
        [&](std::uint64_t number, std::uint32_t part) { return readable.test(part) && !cache.messages.contains(number); },
        [&](FetchedMessage one) {
            bytes += one.message->size();
            found.push_back(std::move(one));
            return found.size() < fetched_at_once && cache.messages.size() + found.size() < cached_messages &&
                   bytes < cached_bytes;
        });
    if (!read || found.empty()) return read;
    for (const FetchedMessage& one : found)
        fetched_.emplace_back(index, one.message);
    tell_after(told_.fetched, index, tenure.session, std::move(found));
    return file_.note_fetched(tenure.group, process_, tenure.cursor);
}

void QueueWorker::succeeded() {
    for (const auto& [index, message] : std::exchange(fetched_, {}))
        caches_[index].add(*message);
    seen_changes_ = new_changes_.value_or(seen_changes_);
    new_changes_.reset();
    if (clock_.now() >= next_beat_) next_beat_ = clock_.now() + options_.beat;
    std::vector<PublishAnswer> answers;
    for (auto& [wish, result] : std::exchange(published_, {})) {
        if (!result) result = std::unexpected(as_queue_error(result.error()));
        answers.push_back({std::move(wish->done), std::move(result), wish->bytes});
    }
    if (!answers.empty()) told_.published(std::move(answers));
    for (Wish& wish : std::exchange(wishes_, {})) {
        if (auto* join = std::get_if<Join>(&wish); join != nullptr && join->tried) join->tried->set_value();
    }
    pause_ = Duration::zero();
    const std::lock_guard lock(mutex_);
    if (!status_.ok) log::info("queue", "{} is written again", path_);
    status_.ok = true;
    status_.sentence.clear();
}

/// Publishes are answered with what went wrong; the other wishes are what has happened already, and are tried again.
void QueueWorker::failed(const Error& why) {
    published_.clear();
    fetched_.clear();
    to_tell_.clear();
    new_changes_.reset();
    std::vector<PublishAnswer> answers;
    for (Wish& wish : wishes_) {
        if (auto* publish = std::get_if<Publish>(&wish))
            answers.push_back({std::move(publish->done), std::unexpected(as_queue_error(why)), publish->bytes});
        if (auto* join = std::get_if<Join>(&wish); join != nullptr && join->tried)
            std::exchange(join->tried, nullptr)->set_value();
    }
    if (!answers.empty()) told_.published(std::move(answers));
    std::erase_if(wishes_, [](const Wish& wish) { return std::holds_alternative<Publish>(wish); });
    pause_ = std::clamp(pause_ * 2, options_.retry_min, options_.retry_max);
    const std::lock_guard lock(mutex_);
    if (status_.ok) log::error("queue", "{} is not being written: {}", path_, why.message());
    status_.ok = false;
    status_.sentence = why.message();
}

}  // namespace holdfast::queue
