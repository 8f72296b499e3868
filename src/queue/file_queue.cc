#include "queue/file_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "queue/file_waker.h"
#include "queue/queue_file.h"
#include "queue/queue_reads.h"
#include "queue/queue_worker.h"

namespace holdfast::queue {
namespace {

std::unexpected<Error> unavailable(const Error& error) {
    return fail(QueueErrc::unavailable, error.message());
}

}  // namespace

FileQueue::FileQueue(boost::asio::io_context& io, const Clock& clock, FileQueueOptions options)
    : io_(io),
      options_(options),
      distributor_(std::make_shared<Distributor>(io, clock, options.limits.max_deliveries, hooks())),
      alive_(std::make_shared<FileQueue*>(this)) {}

Result<std::unique_ptr<FileQueue>> FileQueue::open(boost::asio::io_context& io, const Clock& clock, const std::string& path,
                                                   FileQueueOptions options) {
    auto file = QueueFile::open(path, options.busy_timeout, options.limits);
    if (!file) return unavailable(file.error());
    auto reading = QueueFile::open_for_reading(path, options.busy_timeout);
    if (!reading) return unavailable(reading.error());
    auto waker = FileWaker::open(path + "-wal");
    if (!waker) return std::unexpected(std::move(waker.error()));

    std::unique_ptr<FileQueue> queue(new FileQueue(io, clock, options));
    queue->reads_ = std::make_unique<QueueReads>(std::move(*reading));
    FileQueue* self = queue.get();
    queue->worker_ = std::make_unique<QueueWorker>(
        clock, path, options, std::move(*file), std::move(*waker),
        QueueWorker::Told{
            .published =
                [self](std::vector<PublishAnswer> answers) {
                    boost::asio::post(self->io_, [weak = std::weak_ptr<FileQueue*>(self->alive_),
                                                  answers = std::move(answers)]() mutable { answer(weak, answers); });
                },
            .fetched =
                [self](std::size_t index, std::uint64_t session, std::vector<FetchedMessage> messages) {
                    self->run_later([index, session, messages = std::move(messages)](FileQueue& here) mutable {
                        here.fetched(index, session, messages);
                    });
                },
            .yield = [self](std::size_t index, std::uint64_t session,
                            Parts which) { self->run_later([=](FileQueue& here) { here.yield(index, session, which); }); },
            .lost = [self](std::size_t index) { self->run_later([=](FileQueue& here) { here.lost(index); }); }});
    return queue;
}

/// Also for a queue that has ended meanwhile.
void FileQueue::answer(const std::weak_ptr<FileQueue*>& queue, std::vector<PublishAnswer>& answers) {
    for (PublishAnswer& one : answers) {
        if (const auto here = queue.lock()) (*here)->publishing_bytes_ -= one.bytes;
        if (one.done) one.done(std::move(one.result));
    }
}

FileQueue::~FileQueue() {
    distributor_->close();
    worker_.reset();
    alive_.reset();
}

void FileQueue::run_later(std::function<void(FileQueue&)> what) {
    // The worker ends before the queue does, so `alive_` is there now; `io` may run this later than that.
    boost::asio::post(io_, [weak = std::weak_ptr<FileQueue*>(alive_), what = std::move(what)] {
        if (const auto queue = weak.lock()) what(**queue);
    });
}

Distributor::Hooks FileQueue::hooks() {
    const auto consumed_of = [this](const Group& group) -> Consumed& { return consumed_[group.index]; };
    return {.acknowledged =
                [this, consumed_of](Group& group, Message& message) {
                    worker_->wish(QueueWorker::Acknowledge{group.index, message.number, message.size()});
                    left(consumed_of(group), message);
                },
            .came_back =
                [this, consumed_of](Group& group, Message& message, std::uint32_t times) {
                    worker_->wish(QueueWorker::SetTimes{group.index, message.number, times});
                    Consumed& consumed = consumed_of(group);
                    if (consumed.yielding.test(message.part)) drop(consumed, Parts().set(message.part));
                },
            .set_aside =
                [this, consumed_of](Group& group, Message& message, std::uint32_t times) {
                    worker_->wish(QueueWorker::SetAside{group.index, message, times});
                    left(consumed_of(group), message);
                },
            .last_consumer_ended =
                [this, consumed_of](Group& group) {
                    worker_->wish(QueueWorker::Leave{group.index});
                    Consumed& consumed = consumed_of(group);
                    ++consumed.session;
                    consumed.yielding.reset();
                    drop(consumed, Parts().set());
                }};
}

void FileQueue::publish(std::vector<OutMessage> messages, Published done) {
    std::size_t bytes = 0;
    for (const OutMessage& message : messages) {
        const std::size_t size = message.key.size() + message.payload.size();
        if (size > options_.limits.max_message_size)
            return distributor_->answer(std::move(done), too_large(message.topic, size, options_.limits));
        bytes += size + sizeof(OutMessage);
    }
    if (publishing_bytes_ > 0 && publishing_bytes_ + bytes > options_.limits.max_bytes) {
        return distributor_->answer(std::move(done),
                                    fail(QueueErrc::full, "the queue's file does not take messages as fast as they come"));
    }
    publishing_bytes_ += bytes;
    published_ += messages.size();
    worker_->wish(QueueWorker::Publish{std::move(messages), std::move(done), bytes});
}

std::unique_ptr<Consumer> FileQueue::subscribe(std::string topic, std::string group, ConsumerOptions options, Handler handler) {
    auto known = std::ranges::find_if(consumed_,
                                      [&](const Consumed& one) { return one.group.topic == topic && one.group.name == group; });
    if (known == consumed_.end()) {
        consumed_.emplace_back();
        known = std::prev(consumed_.end());
        known->group.index = consumed_.size() - 1;
        known->group.topic = topic;
        known->group.name = group;
    }
    if (known->group.members == 0) {
        const auto tried = std::make_shared<std::promise<void>>();
        auto ready = tried->get_future();
        worker_->wish(QueueWorker::Join{known->group.index, ++known->session, std::move(topic), std::move(group), tried});
        ready.wait();
    }
    return distributor_->subscribe(known->group, options, std::move(handler));
}

void FileQueue::fetched(std::size_t index, std::uint64_t session, std::vector<FetchedMessage>& messages) {
    Consumed& consumed = consumed_[index];
    if (consumed.session != session) return;
    for (FetchedMessage& one : messages) {
        ++consumed.held[one.message->part];
        distributor_->put(consumed.group, std::move(one.message), one.times);
    }
}

/// Others are to have these parts; they get them when nothing of them is with a consumer any more.
void FileQueue::yield(std::size_t index, std::uint64_t session, Parts which) {
    Consumed& consumed = consumed_[index];
    if (consumed.session != session) return;
    consumed.yielding |= which;
    drop(consumed, which);
    release_drained(consumed);
}

void FileQueue::lost(std::size_t index) {
    Consumed& consumed = consumed_[index];
    consumed.yielding.reset();
    drop(consumed, Parts().set());
}

/// Forgets what is not with a consumer.
void FileQueue::drop(Consumed& consumed, Parts which) {
    distributor_->drop(consumed.group, [&](const Message& message) {
        if (!which.test(message.part)) return false;
        --consumed.held[message.part];
        return true;
    });
    release_drained(consumed);
}

void FileQueue::left(Consumed& consumed, const Message& message) {
    --consumed.held[message.part];
    if (consumed.yielding.any()) release_drained(consumed);
}

void FileQueue::release_drained(Consumed& consumed) {
    Parts drained;
    for (std::size_t part = 0; part < parts; ++part)
        drained.set(part, consumed.yielding.test(part) && consumed.held[part] == 0);
    if (drained.none()) return;
    consumed.yielding &= ~drained;
    worker_->wish(QueueWorker::Release{consumed.group.index, drained});
}

std::vector<Poison> FileQueue::poison(std::size_t limit) const {
    return reads_->poison(limit).value_or(std::vector<Poison>());
}

QueueStatus FileQueue::status() const {
    QueueStatus status = worker_->status();
    status.waiting = reads_->waiting().value_or(0);
    status.poisoned = reads_->poisoned().value_or(0);
    status.published = published_;
    status.redelivered = distributor_->redelivered();
    return status;
}

}  // namespace holdfast::queue
