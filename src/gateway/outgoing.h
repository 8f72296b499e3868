#pragma once
// Bytes on their way out of one socket: sent at once as long as the kernel takes them; only what it does not take is kept, in
// memory that exists only while it is needed.

#include <cstddef>
#include <memory>

#include "base/bytes.h"

namespace holdfast::gateway {

class Outgoing {
public:
    /// Sends or keeps all of `bytes`. False when the connection is broken: the bytes are forgotten, now and from now on.
    bool send(int descriptor, ByteView bytes);
    /// Sends what is kept, as far as the kernel takes it. False when the connection is broken.
    bool flush(int descriptor);
    /// Forgets what is kept.
    void clear() noexcept;

    [[nodiscard]] std::size_t pending() const noexcept { return pending_ ? pending_->bytes.size() - pending_->sent : 0; }
    [[nodiscard]] bool broken() const noexcept { return broken_; }

private:
    struct Pending {
        ByteBuffer bytes;
        std::size_t sent = 0;
    };
    std::unique_ptr<Pending> pending_;
    bool broken_ = false;
};

}  // namespace holdfast::gateway
