#include "watch/state_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "base/assert.h"
#include "sentinel/config_file.h"

namespace holdfast::watch {
namespace {

class Descriptor {
public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }
    [[nodiscard]] int number() const noexcept { return number_; }
    bool close() noexcept { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

private:
    int number_;
};

std::string advice(int error) {
    switch (error) {
        case EBUSY:
            return "; the file itself is a mount, which cannot be replaced: mount the directory that it lies in instead";
        case EACCES:
        case EPERM:
            return "; let this user write the directory that the file lies in";
        case EROFS:
            return "; the file system is mounted read-only";
        case ENOSPC:
        case EDQUOT:
            return "; make room there";
        default:
            return "";
    }
}

std::unexpected<Error> cannot_write(const std::string& path, std::string_view step, int error) {
    return fail(WatchErrc::cannot_write, fmt::format("{} {}: {}{}", step, path, std::strerror(error), advice(error)));
}

bool write_all(int descriptor, std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

/// Owner and mode of the file that is replaced; a file with passwords that is new is nobody else's.
void keep_access(const std::string& path, int descriptor) noexcept {
    struct stat old{};
    if (::stat(path.c_str(), &old) != 0) return;
    // Only root can give files away; the mode is kept in any case.
    if (::fchown(descriptor, old.st_uid, old.st_gid) != 0) static_cast<void>(errno);
    ::fchmod(descriptor, old.st_mode & 07777U);
}

Result<> sync_directory(const std::string& path) {
    const std::string directory = std::filesystem::path(path).parent_path().string();
    const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.is_open() || ::fsync(opened.number()) != 0) return cannot_write(directory, "cannot sync the directory", errno);
    return {};
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::size_t max_bytes) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return fail(WatchErrc::cannot_read, fmt::format("cannot open {}: {}", path, std::strerror(errno)));
    std::string text;
    std::string piece(std::size_t{64} * 1024, '\0');
    for (;;) {
        const ssize_t got = ::read(file.number(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(WatchErrc::cannot_read, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
        if (got == 0) return text;
        text.append(piece, 0, static_cast<std::size_t>(got));
        if (text.size() > max_bytes)
            return fail(WatchErrc::cannot_read, fmt::format("{} has more than {} bytes", path, max_bytes));
    }
}

Result<> replace_text_file(const std::string& path, std::string_view text) {
    std::string temporary = path + ".XXXXXX";
    Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!file.is_open()) return cannot_write(path, "cannot make a new file beside", errno);
    const auto give_up = [&](std::string_view step) {
        const int error = errno;
        ::unlink(temporary.c_str());
        return cannot_write(path, step, error);
    };
    keep_access(path, file.number());
    if (!write_all(file.number(), text)) return give_up("cannot write the new file beside");
    if (::fsync(file.number()) != 0) return give_up("cannot sync the new file beside");
    if (!file.close()) return give_up("cannot close the new file beside");
    if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up("cannot replace");
    return sync_directory(path);
}

class StateFile::Impl : public std::enable_shared_from_this<StateFile::Impl> {
public:
    struct Job {
        std::uint64_t number = 0;
        sentinel::State state;
        sentinel::ServerLines server;
    };

    Impl(net::IoContext& io, std::string path, std::function<void(std::uint64_t, const Result<>&)> done)
        : io_(io), path_(std::move(path)), done_(std::move(done)) {}

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
            Result<> written = write(*job);
            boost::asio::post(io_, [weak = weak_from_this(), number = job->number, written = std::move(written)] {
                const auto self = weak.lock();
                if (self && self->done_) self->done_(number, written);
            });
        }
    }

    Result<> write(const Job& job) {
        // Somebody may have edited or removed it: what is there now counts.
        const auto old = read_text_file(path_, sentinel::max_config_file_bytes);
        // Never replaced by less than was there.
        if (!old && ::access(path_.c_str(), F_OK) == 0) return std::unexpected(old.error());
        return replace_text_file(path_, sentinel::rewrite_config_file(old.value_or(""), job.state, job.server));
    }

    net::IoContext& io_;
    const std::string path_;
    std::function<void(std::uint64_t, const Result<>&)> done_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::optional<Job> job_;
    std::jthread thread_;
};

StateFile::StateFile(net::IoContext& io, std::string path, Done done)
    : impl_(std::make_shared<Impl>(io, std::move(path),
                                   [this, done = std::move(done)](std::uint64_t number, const Result<>& written) {
                                       busy_ = false;
                                       done(number, written);
                                   })) {
    impl_->begin();
}

StateFile::~StateFile() {
    impl_->end();
}

void StateFile::write(std::uint64_t number, sentinel::State state, sentinel::ServerLines server) {
    HF_ASSERT(!busy_, "one state is written at a time");
    busy_ = true;
    impl_->order({number, std::move(state), std::move(server)});
}

}  // namespace holdfast::watch
