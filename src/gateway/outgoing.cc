#include "gateway/outgoing.h"

#include <sys/socket.h>

#include <cerrno>
#include <optional>

namespace holdfast::gateway {

namespace {
/// Sent bytes in front of the buffer are taken out only when they are worth a move.
constexpr std::size_t compact_after = 64 * 1024;

/// How many bytes the kernel took; nothing when the connection is broken.
std::optional<std::size_t> try_send(int descriptor, ByteView bytes) {
    for (;;) {
        const ssize_t count = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return 0;
        return std::nullopt;
    }
}
}  // namespace

bool Outgoing::send(int descriptor, ByteView bytes) {
    if (broken_) return false;
    if (bytes.empty()) return true;
    std::size_t taken = 0;
    if (!pending_) {
        const auto count = try_send(descriptor, bytes);
        if (!count) {
            broken_ = true;
            return false;
        }
        taken = *count;
        if (taken == bytes.size()) return true;
        pending_ = std::make_unique<Pending>();
    }
    pending_->bytes.insert(pending_->bytes.end(), bytes.begin() + static_cast<std::ptrdiff_t>(taken), bytes.end());
    return true;
}

bool Outgoing::flush(int descriptor) {
    if (broken_) return false;
    if (!pending_) return true;
    const auto count = try_send(descriptor, ByteView(pending_->bytes).subspan(pending_->sent));
    if (!count) {
        broken_ = true;
        pending_.reset();
        return false;
    }
    pending_->sent += *count;
    if (pending_->sent == pending_->bytes.size()) {
        pending_.reset();
    } else if (pending_->sent >= compact_after) {
        pending_->bytes.erase(pending_->bytes.begin(), pending_->bytes.begin() + static_cast<std::ptrdiff_t>(pending_->sent));
        pending_->sent = 0;
    }
    return true;
}

void Outgoing::clear() noexcept {
    pending_.reset();
}

}  // namespace holdfast::gateway
