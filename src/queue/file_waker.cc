#include "queue/file_waker.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <utility>

#include "queue/queue.h"

namespace holdfast::queue {
namespace {

void drain(int descriptor) {
    std::array<char, 4096> bytes;
    while (::read(descriptor, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) {
    }
}

}  // namespace

Result<FileWaker> FileWaker::open(const std::string& watched) {
    FileWaker waker;
    waker.event_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (waker.event_ < 0)
        return fail(QueueErrc::unavailable, fmt::format("cannot make an event for the queue: {}", std::strerror(errno)));
    waker.notify_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (waker.notify_ >= 0 && ::inotify_add_watch(waker.notify_, watched.c_str(), IN_MODIFY) < 0)
        ::close(std::exchange(waker.notify_, -1));
    return waker;
}

FileWaker::FileWaker(FileWaker&& other) noexcept
    : event_(std::exchange(other.event_, -1)), notify_(std::exchange(other.notify_, -1)) {}

FileWaker::~FileWaker() {
    if (event_ >= 0) ::close(event_);
    if (notify_ >= 0) ::close(notify_);
}

void FileWaker::wake() noexcept {
    const std::uint64_t one = 1;
    // It fails only when the count is at its end, and then the other side wakes anyway.
    [[maybe_unused]] const ssize_t written = ::write(event_, &one, sizeof one);
}

void FileWaker::wait(Duration at_most) {
    std::array<pollfd, 2> both{pollfd{event_, POLLIN, 0}, pollfd{notify_, POLLIN, 0}};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(std::max(at_most, Duration::zero())).count();
    if (::poll(both.data(), both.size(), static_cast<int>(std::min<std::int64_t>(milliseconds, 60'000))) <= 0) return;
    if (both[0].revents != 0) drain(event_);
    if (both[1].revents != 0) drain(notify_);
}

}  // namespace holdfast::queue
