#include "net/mqtt_client.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "net/steady_time.h"

namespace holdfast::net {
namespace {

namespace asio = boost::asio;

// All clients of a thread read through one buffer; what is left of a packet is the framer's to keep.
constexpr std::size_t scratch_size = 64 * 1024;
// A server that sends without end must not keep the thread from the other clients.
constexpr int reads_in_a_row = 4;

std::array<Byte, scratch_size>& scratch() {
    thread_local std::array<Byte, scratch_size> buffer;
    return buffer;
}

std::string refusal_sentence(const mqtt::ConnackView& connack, mqtt::Version version) {
    const std::string_view name = version == mqtt::Version::v5 ? mqtt::name(static_cast<mqtt::ReasonCode>(connack.code))
                                                               : mqtt::name(static_cast<mqtt::ConnectReturnCode>(connack.code));
    if (connack.reason_string.empty()) return fmt::format("the server refused: {} (0x{:02X})", name, connack.code);
    return fmt::format("the server refused: {} (0x{:02X}), \"{}\"", name, connack.code, connack.reason_string);
}

}  // namespace

class MqttClient::Impl : public std::enable_shared_from_this<MqttClient::Impl> {
public:
    Impl(IoContext& io, MqttClientOptions options, MqttClientHandler& handler, MqttClient& owner)
        : io_(io),
          socket_(io),
          timer_(io),
          session_(std::move(options.session)),
          connect_timeout_(options.connect_timeout),
          linger_(options.linger),
          handler_(&handler),
          owner_(&owner) {}

    void set_owner(MqttClient& owner) noexcept { owner_ = &owner; }
    void forget_handler() noexcept { handler_ = nullptr; }

    void open(const HostPort& address);
    void open(const Endpoint& endpoint);
    void disconnect();
    void abandon();
    /// After a command: sends what it put into the outbox, unless an event loop further up will.
    void after_command() {
        if (!busy_) settle();
    }

    [[nodiscard]] bool is_closed() const noexcept { return stage_ == Stage::closed; }
    mqtt::ClientSession& session() noexcept { return session_; }
    [[nodiscard]] Endpoint local_endpoint() const {
        ErrorCode error;
        return socket_.local_endpoint(error);
    }

private:
    enum class Stage : std::uint8_t { closed, resolving, connecting, open, parting };

    void start(Stage stage);
    void resolve(const HostPort& address);
    void connect_next();
    void on_connected(const ErrorCode& error);
    void on_resolved(const ErrorCode& error, const TcpResolver::results_type& results);

    void wait_readable();
    void wait_writable();
    void on_readable();
    bool take(ByteView bytes, Time now);
    void tick(Time now);
    bool emit(const mqtt::ClientEvent& event);

    void settle();
    void flush();
    void part();
    void arm(Time now);
    void wait_until(Time when);
    void on_timer(std::uint32_t wake);

    void gone(std::string_view why);
    void close(MqttClosed::Stage stage);
    void close_socket();

    /// Runs a completion unless its connection is over: `attempt` tells connections of one client apart.
    template <class Body>
    auto for_this_connection(Body body) {
        return
            [self = shared_from_this(), attempt = attempt_, body = std::move(body)](const ErrorCode& error, auto&&... results) {
                if (self->attempt_ == attempt && self->stage_ != Stage::closed) body(*self, error, results...);
            };
    }

    IoContext& io_;
    TcpSocket socket_;
    Timer timer_;
    mqtt::ClientSession session_;
    Duration connect_timeout_;
    Duration linger_;
    MqttClientHandler* handler_;
    MqttClient* owner_;

    Stage stage_ = Stage::closed;
    bool busy_ = false;
    bool reading_ = false;
    bool writing_ = false;
    bool refused_ = false;
    bool closing_ = false;  ///< the session wants to close, its last words are still on their way
    std::uint32_t attempt_ = 0;
    /// Counts timer waits: a wait that was replaced finds another number.
    std::uint32_t wake_ = 0;
    std::optional<Time> armed_;
    Time deadline_{};  ///< of what ends by itself: resolving, connecting, closing, parting
    std::string why_;
    /// Only while connecting by name.
    struct ByName {
        explicit ByName(IoContext& io) : resolver(io) {}
        TcpResolver resolver;
        std::string name;
    };
    std::unique_ptr<ByName> by_name_;
    std::vector<Endpoint> candidates_;
};

void MqttClient::Impl::start(Stage stage) {
    HF_ASSERT(stage_ == Stage::closed, "a client opens one connection at a time");
    ++attempt_;
    stage_ = stage;
    refused_ = closing_ = reading_ = writing_ = false;
    why_.clear();
    candidates_.clear();
    deadline_ = steady_now() + connect_timeout_;
    wait_until(deadline_);
}

void MqttClient::Impl::open(const Endpoint& endpoint) {
    start(Stage::connecting);
    candidates_.push_back(endpoint);
    connect_next();
}

void MqttClient::Impl::open(const HostPort& address) {
    if (const auto endpoint = numeric_endpoint(address)) return open(*endpoint);
    start(Stage::resolving);
    by_name_ = std::make_unique<ByName>(io_);
    by_name_->name = address.host;
    by_name_->resolver.async_resolve(
        address.host, std::to_string(address.port), asio::ip::resolver_base::numeric_service,
        for_this_connection([](Impl& self, const ErrorCode& error, const auto& results) { self.on_resolved(error, results); }));
}

void MqttClient::Impl::on_resolved(const ErrorCode& error, const TcpResolver::results_type& results) {
    if (error) {
        why_ = fmt::format("the name {} cannot be resolved: {}", by_name_->name, error.message());
        return close(MqttClosed::Stage::unreachable);
    }
    stage_ = Stage::connecting;
    for (const auto& result : results)
        candidates_.push_back(result.endpoint());
    // The first candidate is at the back.
    std::ranges::reverse(candidates_);
    connect_next();
}

void MqttClient::Impl::connect_next() {
    const Endpoint endpoint = candidates_.back();
    candidates_.pop_back();
    ErrorCode error;
    socket_.close(error);
    socket_.open(endpoint.protocol(), error);
    if (!error) socket_.set_option(asio::ip::tcp::no_delay(true), error);
    if (error) {
        asio::post(io_, [handler = for_this_connection([](Impl& self, const ErrorCode& e) { self.on_connected(e); }), error] {
            handler(error);
        });
        return;
    }
    why_ = to_text(endpoint);
    socket_.async_connect(endpoint, for_this_connection([](Impl& self, const ErrorCode& e) { self.on_connected(e); }));
}

void MqttClient::Impl::on_connected(const ErrorCode& error) {
    if (error) {
        if (!candidates_.empty()) return connect_next();
        why_ = fmt::format("no connection to {}: {}", why_, error.message());
        return close(MqttClosed::Stage::unreachable);
    }
    by_name_.reset();
    ErrorCode ignored;
    socket_.non_blocking(true, ignored);
    stage_ = Stage::open;
    const Time now = steady_now();
    if (auto opened = session_.transport_opened(now); !opened) {
        why_ = opened.error().message();
        return close(MqttClosed::Stage::unreachable);
    }
    wait_readable();
    settle();
}

void MqttClient::Impl::wait_readable() {
    if (reading_) return;
    reading_ = true;
    socket_.async_wait(TcpSocket::wait_read, for_this_connection([](Impl& self, const ErrorCode& error) {
                           self.reading_ = false;
                           if (!error) self.on_readable();
                       }));
}

void MqttClient::Impl::wait_writable() {
    if (writing_) return;
    writing_ = true;
    socket_.async_wait(TcpSocket::wait_write, for_this_connection([](Impl& self, const ErrorCode& error) {
                           self.writing_ = false;
                           if (!error) self.settle();
                       }));
}

void MqttClient::Impl::on_readable() {
    auto& buffer = scratch();
    for (int round = 0; round < reads_in_a_row; ++round) {
        const ssize_t got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
        if (got == 0) return gone("the server closed the connection");
        if (got < 0) {
            if (errno == EAGAIN || errno == EINTR) break;
            return gone(ErrorCode(errno, boost::system::system_category()).message());
        }
        const auto size = static_cast<std::size_t>(got);
        // While parting, what still comes is read only to find the end.
        if (stage_ == Stage::open && !take(ByteView(buffer.data(), size), steady_now())) return;
        if (size < buffer.size()) break;
    }
    settle();
}

bool MqttClient::Impl::take(ByteView bytes, Time now) {
    busy_ = true;
    while (const auto event = session_.receive(bytes, now)) {
        if (!emit(*event)) return false;
    }
    busy_ = false;
    return true;
}

// False when the user closed this connection or left: whoever calls must touch nothing more.
bool MqttClient::Impl::emit(const mqtt::ClientEvent& event) {
    if (const auto* refused = std::get_if<mqtt::client_event::Refused>(&event)) {
        refused_ = true;
        why_ = refusal_sentence(refused->connack, session_.version());
    } else if (const auto* disconnected = std::get_if<mqtt::client_event::Disconnected>(&event)) {
        why_ = disconnected->sentence;
    }
    const std::uint32_t attempt = attempt_;
    if (handler_ != nullptr) handler_->on_event(*owner_, event);
    return handler_ != nullptr && attempt == attempt_ && stage_ != Stage::closed;
}

void MqttClient::Impl::tick(Time now) {
    busy_ = true;
    while (const auto event = session_.tick(now)) {
        if (!emit(*event)) return;
    }
    busy_ = false;
    settle();
}

// Brings the outside in line with the session: sends, waits for what it waits for, or ends.
void MqttClient::Impl::settle() {
    if (stage_ != Stage::open && stage_ != Stage::parting) return;
    flush();
    if (stage_ == Stage::open && session_.wants_close() && session_.outbox().empty()) part();
    if (session_.wants_read() || stage_ == Stage::parting) wait_readable();
    arm(steady_now());
}

void MqttClient::Impl::flush() {
    while (!session_.outbox().empty()) {
        const ByteView out = session_.outbox();
        const ssize_t sent = ::send(socket_.native_handle(), out.data(), out.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            session_.sent(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return wait_writable();
        // Never from inside a command of the user's.
        asio::post(io_, [handler = for_this_connection([](Impl& self, const ErrorCode& e) { self.gone(e.message()); }),
                         error = ErrorCode(errno, boost::system::system_category())] { handler(error); });
        session_.sent(out.size());
        return;
    }
}

// The last words are out. Closing before the server has read them could destroy them (unread input makes close send a reset),
// so only our direction is closed, and the server's end, or the linger time, closes the rest.
void MqttClient::Impl::part() {
    stage_ = Stage::parting;
    deadline_ = steady_now() + linger_;
    ErrorCode ignored;
    socket_.shutdown(TcpSocket::shutdown_send, ignored);
}

void MqttClient::Impl::arm(Time now) {
    std::optional<Time> when;
    if (stage_ == Stage::open) when = session_.next_timer();
    if (stage_ == Stage::open && session_.wants_close()) {
        // A server that reads nothing must not hold a closing session open.
        if (!std::exchange(closing_, true)) deadline_ = now + linger_;
        when = deadline_;
    }
    if (stage_ == Stage::parting) when = deadline_;
    // A later wake-up than the one that is set needs no new wait: when that one comes, it looks again.
    if (when && (!armed_ || *when < *armed_)) wait_until(*when);
}

void MqttClient::Impl::wait_until(Time when) {
    armed_ = when;
    timer_.expires_at(to_steady(when));
    timer_.async_wait([self = shared_from_this(), wake = ++wake_](const ErrorCode& error) {
        if (!error) self->on_timer(wake);
    });
}

void MqttClient::Impl::on_timer(std::uint32_t wake) {
    if (wake != wake_ || stage_ == Stage::closed) return;
    armed_.reset();
    const Time now = steady_now();
    switch (stage_) {
        case Stage::resolving:
        case Stage::connecting:
            if (now < deadline_) return wait_until(deadline_);
            why_ = stage_ == Stage::resolving ? fmt::format("the name {} was not resolved in time", by_name_->name)
                                              : fmt::format("no connection to {} in time", why_);
            return close(MqttClosed::Stage::unreachable);
        case Stage::parting:
            if (now < deadline_) return wait_until(deadline_);
            return gone("the server did not close");
        case Stage::open:
            if (!closing_) return tick(now);
            if (now < deadline_) return wait_until(deadline_);
            return gone("the server did not read");
        case Stage::closed:
            return;
    }
}

void MqttClient::Impl::disconnect() {
    switch (stage_) {
        case Stage::closed:
        case Stage::parting:
            return;
        case Stage::resolving:
        case Stage::connecting:
            asio::post(io_, [handler = for_this_connection([](Impl& self, const ErrorCode&) {
                                 self.why_ = "disconnected on request";
                                 self.close(MqttClosed::Stage::unreachable);
                             })] { handler(ErrorCode()); });
            return;
        case Stage::open:
            session_.disconnect(steady_now());
            return after_command();
    }
}

void MqttClient::Impl::abandon() {
    if (stage_ == Stage::closed) return;
    close_socket();
    if (session_.state() != mqtt::ClientSession::State::offline) static_cast<void>(session_.transport_closed(steady_now()));
}

void MqttClient::Impl::gone(std::string_view why) {
    if (why_.empty()) why_ = why;
    close(refused_ ? MqttClosed::Stage::refused : MqttClosed::Stage::ended);
}

void MqttClient::Impl::close(MqttClosed::Stage stage) {
    busy_ = true;
    if (session_.state() != mqtt::ClientSession::State::offline) {
        if (const auto event = session_.transport_closed(steady_now()); event && !emit(*event)) return;
    }
    close_socket();
    if (handler_ == nullptr) return;
    const std::string why = std::exchange(why_, {});
    handler_->on_closed(*owner_, MqttClosed{stage, why});
}

void MqttClient::Impl::close_socket() {
    stage_ = Stage::closed;
    busy_ = false;
    armed_.reset();
    ++wake_;
    timer_.cancel();
    by_name_.reset();
    ErrorCode ignored;
    socket_.close(ignored);
}

MqttClient::MqttClient(IoContext& io, MqttClientOptions options, MqttClientHandler& handler)
    : impl_(std::make_shared<Impl>(io, std::move(options), handler, *this)) {}

MqttClient::~MqttClient() {
    if (!impl_) return;
    impl_->forget_handler();
    impl_->abandon();
}

MqttClient::MqttClient(MqttClient&& other) noexcept : impl_(std::move(other.impl_)) {
    impl_->set_owner(*this);
}

void MqttClient::open(const HostPort& address) {
    impl_->open(address);
}
void MqttClient::open(const Endpoint& endpoint) {
    impl_->open(endpoint);
}

Result<mqtt::PublishTicket> MqttClient::publish(const mqtt::PublishRequest& request) {
    auto ticket = impl_->session().publish(request, steady_now());
    if (ticket) impl_->after_command();
    return ticket;
}

Result<std::uint16_t> MqttClient::subscribe(std::span<const mqtt::Subscription> subscriptions) {
    auto packet_id = impl_->session().subscribe(subscriptions, steady_now());
    if (packet_id) impl_->after_command();
    return packet_id;
}

Result<> MqttClient::ping() {
    auto pinged = impl_->session().ping(steady_now());
    if (pinged) impl_->after_command();
    return pinged;
}

void MqttClient::disconnect() {
    impl_->disconnect();
}
void MqttClient::abandon() {
    impl_->abandon();
}
bool MqttClient::is_closed() const noexcept {
    return impl_->is_closed();
}
const mqtt::ClientSession& MqttClient::session() const noexcept {
    return impl_->session();
}
void MqttClient::set_connect(mqtt::Connect connect) {
    impl_->session().set_connect(std::move(connect));
}
Endpoint MqttClient::local_endpoint() const {
    return impl_->local_endpoint();
}

}  // namespace holdfast::net
