#pragma once
// Replies out of bytes: hiredis' parser, its values turned into resp::Reply, with bounds that hiredis does not have.

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "redis/error.h"
#include "resp/reply.h"

namespace holdfast::redis {

struct ReplyLimits {
    std::size_t max_bytes = std::size_t{16} * 1024 * 1024;  ///< of one reply
    std::size_t max_items = 256 * 1024;                     ///< in one reply, at all depths
};

/// Arrays may be nested seven deep. Never reserves what was only announced.
class ReplyReader {
public:
    explicit ReplyReader(ReplyLimits limits = {});
    ~ReplyReader();
    ReplyReader(const ReplyReader&) = delete;
    ReplyReader& operator=(const ReplyReader&) = delete;

    /// Feed no more than a buffer's worth before `next` has had nothing more to give.
    void feed(std::string_view bytes);
    /// The next whole reply; nothing: it needs more bytes. Errors: bad_reply, and then the connection is of no more use.
    [[nodiscard]] Result<std::optional<resp::Reply>> next();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::redis
