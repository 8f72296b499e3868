#include "redis/reply_reader.h"

#include <fmt/format.h>
#include <hiredis/read.h>

#include <new>
#include <string>
#include <utility>

namespace holdfast::redis {
namespace {

using resp::Reply;

/// Behind redisReader::privdata: what the reply that is being built has taken.
struct Building {
    ReplyLimits limits;
    std::size_t items = 0;
    bool too_many = false;
};

// A null pointer makes the reader give up.
void* place(const redisReadTask* task, Reply reply) noexcept try {
    auto& building = *static_cast<Building*>(task->privdata);
    if (++building.items > building.limits.max_items) {
        building.too_many = true;
        return nullptr;
    }
    if (task->parent == nullptr) return new Reply(std::move(reply));
    // An array does not grow while one of its items is being filled, so pointers to items stay good for as long as the reader
    // uses them.
    auto& items = static_cast<Reply*>(task->parent->obj)->items;
    return &items.emplace_back(std::move(reply));
} catch (const std::bad_alloc&) {
    return nullptr;
}

void* make_string(const redisReadTask* task, char* text, std::size_t length) noexcept try {
    std::string copy(text, length);
    switch (task->type) {
        case REDIS_REPLY_STATUS:
            return place(task, Reply::status(std::move(copy)));
        case REDIS_REPLY_ERROR:
            return place(task, Reply::error(std::move(copy)));
        default:
            return place(task, Reply::bulk(std::move(copy)));
    }
} catch (const std::bad_alloc&) {
    return nullptr;
}

void* make_array(const redisReadTask* task, int) noexcept {
    return place(task, Reply::array({}));
}

void* make_integer(const redisReadTask* task, long long value) noexcept {
    return place(task, Reply::number(value));
}

void* make_nil(const redisReadTask* task) noexcept {
    return place(task, task->type == REDIS_REPLY_ARRAY ? Reply::null_array() : Reply::null_bulk());
}

void destroy(void* reply) noexcept {
    delete static_cast<Reply*>(reply);
}

redisReplyObjectFunctions functions = {make_string, make_array, make_integer, make_nil, destroy};

}  // namespace

struct ReplyReader::Impl {
    explicit Impl(ReplyLimits limits) : building{.limits = limits}, reader(redisReaderCreateWithFunctions(&functions)) {
        if (reader == nullptr) throw std::bad_alloc();
        reader->privdata = &building;
    }
    ~Impl() { redisReaderFree(reader); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Building building;
    redisReader* reader;
    std::size_t fed = 0;  ///< since the last whole reply, and what is of the next
};

ReplyReader::ReplyReader(ReplyLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
    impl_->fed += bytes.size();
    redisReaderFeed(impl_->reader, bytes.data(), bytes.size());
}

Result<std::optional<resp::Reply>> ReplyReader::next() {
    redisReader& reader = *impl_->reader;
    void* whole = nullptr;
    if (redisReaderGetReply(&reader, &whole) != REDIS_OK) {
        if (impl_->building.too_many)
            return fail(RedisErrc::bad_reply, fmt::format("a reply with more than {} items", impl_->building.limits.max_items));
        return fail(RedisErrc::bad_reply, fmt::format("what came is no reply: {}", reader.errstr));
    }
    if (whole == nullptr) {
        if (impl_->fed > impl_->building.limits.max_bytes)
            return fail(RedisErrc::bad_reply, fmt::format("a reply of more than {} bytes", impl_->building.limits.max_bytes));
        return std::nullopt;
    }
    const std::unique_ptr<Reply> reply(static_cast<Reply*>(whole));
    impl_->building.items = 0;
    impl_->fed = reader.len - reader.pos;
    return std::move(*reply);
}

}  // namespace holdfast::redis
