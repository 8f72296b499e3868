#include "watch/file_writer.h"

#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/assert.h"

namespace holdfast::watch {

class FileWriter::Impl : public std::enable_shared_from_this<FileWriter::Impl> {
public:
    struct Job {
        std::uint64_t number = 0;
        Write write;
    };

    Impl(net::IoContext& io, Done done) : io_(io), done_(std::move(done)) {}

    void begin() {
        thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
    }

    void order(Job job) {
        {
            const std::scoped_lock lock(mutex_);
            job_ = std::move(job);
        }
        changed_.notify_one();
    }

    void end() {
        done_ = nullptr;
        thread_.request_stop();
        if (thread_.joinable()) thread_.join();
    }

private:
    void work(const std::stop_token& stop) {
        for (;;) {
            std::optional<Job> job;
            {
                std::unique_lock lock(mutex_);
                if (!changed_.wait(lock, stop, [this] { return job_.has_value(); })) return;
                job = std::exchange(job_, std::nullopt);
            }
            Result<> written = job->write();
            boost::asio::post(io_, [weak = weak_from_this(), number = job->number, written = std::move(written)] {
                const auto self = weak.lock();
                if (self && self->done_) self->done_(number, written);
            });
        }
    }

    net::IoContext& io_;
    Done done_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::optional<Job> job_;
    std::jthread thread_;
};

FileWriter::FileWriter(net::IoContext& io, Done done)
    : impl_(std::make_shared<Impl>(io, [this, done = std::move(done)](std::uint64_t number, const Result<>& written) {
          busy_ = false;
          done(number, written);
      })) {
    impl_->begin();
}

FileWriter::~FileWriter() {
    impl_->end();
}

void FileWriter::start(std::uint64_t number, Write write) {
    HF_ASSERT(!busy_, "one write is under way at a time");
    busy_ = true;
    impl_->order({number, std::move(write)});
}

}  // namespace holdfast::watch
