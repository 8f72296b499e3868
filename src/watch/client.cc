#include "watch/client.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "resp/writer.h"

namespace holdfast::watch {
namespace {

// With so much to be sent, its next request waits until it has read.
constexpr std::size_t enough_unsent = std::size_t{256} * 1024;
// The same with so many answers that wait for a save. Votes on many masters are asked for on one connection: one save serves
// all.
constexpr std::size_t enough_held = 1024;
// A subscriber that reads nothing is ended at this (client-output-buffer-limit pubsub).
constexpr std::size_t max_unsent = std::size_t{32} * 1024 * 1024;

}  // namespace

Client::Client(net::TcpSocket socket, ClientFacts facts, ClientTraffic& traffic, ClientUser& user)
    : facts_(std::move(facts)), traffic_(traffic), user_(&user), stream_(std::move(socket)) {}

void Client::start(const redis::TlsContext& tls) {
    open_ = true;
    if (!tls) return read();
    stream_.start_tls(tls, redis::TlsSide::server, {}, [self = shared_from_this()](const net::ErrorCode& error) {
        if (error) return self->gone("no TLS: " + error.message());
        self->read();
    });
}

void Client::read() {
    if (reading_ || !open_) return;
    reading_ = true;
    stream_.read_some(incoming_, [self = shared_from_this()](const net::ErrorCode& error, std::size_t size) {
        self->reading_ = false;
        if (error) return self->gone(error.message());
        self->traffic_.input_bytes += size;
        self->requests_.feed(std::string_view(self->incoming_.data(), size));
        self->handle_requests();
    });
}

void Client::handle_requests() {
    if (handling_) return;
    handling_ = true;
    while (open_ && !ending_ && held_.size() < enough_held && unsent() < enough_unsent) {
        auto words = requests_.next();
        if (!words) {
            say(resp::Reply::error("ERR " + words.error().message()));
            end_after_replies();
            break;
        }
        if (!*words) {
            read();
            break;
        }
        if (user_ != nullptr) user_->on_request(*this, **words);
    }
    handling_ = false;
    flush();
}

void Client::reply(sentinel::Answer answer) {
    if (facts_.silent) return;
    if (facts_.skip > 0) {
        --facts_.skip;
        return;
    }
    if (answer.after_save == 0) return say(answer.reply);
    Held held{.after_save = answer.after_save, .bytes = {}, .if_not_saved = {}};
    resp::append_reply(held.bytes, answer.reply);
    if (answer.if_not_saved) resp::append_reply(held.if_not_saved.emplace(), *answer.if_not_saved);
    held_bytes_ += held.bytes.size();
    held_.push_back(std::move(held));
}

void Client::reply(const resp::Reply& reply) {
    this->reply(sentinel::Answer{.reply = reply});
}

void Client::push(const resp::Reply& reply) {
    say(reply);
    if (unsent() > max_unsent) return end("it does not read what it has subscribed to");
    flush();
}

void Client::say(const resp::Reply& reply) {
    if (held_.empty()) return resp::append_reply(ready_, reply);
    if (held_.back().after_save != 0) held_.emplace_back();
    std::string& bytes = held_.back().bytes;
    const std::size_t at = bytes.size();
    resp::append_reply(bytes, reply);
    held_bytes_ += bytes.size() - at;
}

void Client::saves_over(sentinel::SaveNumber number, bool durable) {
    if (held_.empty()) return;
    for (; !held_.empty() && is_over(held_.front().after_save, number); held_.pop_front()) {
        Held& first = held_.front();
        held_bytes_ -= first.bytes.size();
        ready_ += !durable && first.if_not_saved ? *first.if_not_saved : first.bytes;
    }
    flush();
    handle_requests();
}

void Client::flush() {
    if (writing_ || !open_) return;
    if (ready_.empty()) {
        if (ending_ && held_.empty()) end("as it was to be");
        return;
    }
    writing_ = true;
    sending_.clear();
    std::swap(sending_, ready_);
    traffic_.output_bytes += sending_.size();
    stream_.write(sending_, [self = shared_from_this()](const net::ErrorCode& error, std::size_t) {
        self->writing_ = false;
        self->sending_.clear();
        if (error) return self->gone(error.message());
        self->flush();
        self->handle_requests();
    });
}

void Client::end_after_replies() {
    ending_ = true;
    if (!handling_) flush();
}

void Client::end(std::string why) {
    if (!open_) return;
    boost::asio::post(stream_.socket().get_executor(), [self = shared_from_this(), why = std::move(why)] { self->gone(why); });
    open_ = false;
    stream_.close();
}

void Client::gone(std::string_view why) {
    open_ = false;
    stream_.close();
    if (user_ != nullptr) std::exchange(user_, nullptr)->on_gone(*this, why);
}

void Client::leave() {
    user_ = nullptr;
    open_ = false;
    stream_.close();
}

}  // namespace holdfast::watch
