#include "watch/service_probe.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <utility>
#include <vector>

#include "net/steady_time.h"

namespace holdfast::watch {
namespace {

namespace asio = boost::asio;

constexpr std::size_t longest_status_line = 1024;

}  // namespace

unsigned http_status(std::string_view line) noexcept {
    constexpr std::string_view protocol = "HTTP/1.";
    constexpr std::size_t code_at = 9;
    constexpr std::size_t code_size = 3;
    if (!line.starts_with(protocol) || line.size() < code_at + code_size || line[code_at - 1] != ' ') return 0;
    unsigned code = 0;
    const char* const begin = line.data() + code_at;
    const auto [end, error] = std::from_chars(begin, begin + code_size, code);
    return error == std::errc{} && end == begin + code_size ? code : 0;
}

class ServiceProbe::Impl : public std::enable_shared_from_this<ServiceProbe::Impl> {
public:
    Impl(net::IoContext& io, ServiceProbeOptions options, ServiceProbeUser user)
        : options_(std::move(options)), user_(std::move(user)), socket_(io), resolver_(io), interval_(io), limit_(io) {}

    void ask();
    void leave() {
        left_ = true;
        interval_.cancel();
        end_question();
    }

private:
    /// A handler that is only called while this question is open.
    template <class Handler>
    auto during(Handler handler) {
        return [self = shared_from_this(), question = question_, handler](const net::ErrorCode& error, auto&&... rest) {
            if (self->left_ || self->question_ != question) return;
            handler(*self, error, rest...);
        };
    }
    void connect(const std::vector<net::Endpoint>& candidates);
    void say_get();
    void read_status();
    void take_status();
    void answer(bool ok, bool lost, const std::string& why);
    void end_question();

    const ServiceProbeOptions options_;
    const ServiceProbeUser user_;
    net::TcpSocket socket_;
    net::TcpResolver resolver_;
    net::Timer interval_;
    net::Timer limit_;
    std::vector<net::Endpoint> candidates_;
    std::string request_;
    std::string line_;
    std::array<char, 512> incoming_{};
    std::uint64_t question_ = 0;
    bool left_ = false;
};

void ServiceProbe::Impl::ask() {
    if (left_) return;
    ++question_;
    const auto steady = [](Duration span) { return std::chrono::duration_cast<std::chrono::steady_clock::duration>(span); };
    interval_.expires_after(steady(options_.interval));
    interval_.async_wait([self = shared_from_this()](const net::ErrorCode& error) {
        if (!error) self->ask();
    });
    user_.asking();
    if (left_) return;
    limit_.expires_after(steady(options_.timeout));
    limit_.async_wait(during([](Impl& self, const net::ErrorCode& error) {
        if (!error)
            self.answer(false, false,
                        fmt::format("no answer within {:g} s", std::chrono::duration<double>(self.options_.timeout).count()));
    }));
    if (const auto endpoint = net::numeric_endpoint(options_.address)) return connect({*endpoint});
    resolver_.async_resolve(
        options_.address.host, std::to_string(options_.address.port), asio::ip::resolver_base::numeric_service,
        during([](Impl& self, const net::ErrorCode& error, const net::TcpResolver::results_type& results) {
            if (error)
                return self.answer(
                    false, false,
                    fmt::format("the name {} cannot be resolved: {}", self.options_.address.host, error.message()));
            self.connect({results.begin(), results.end()});
        }));
}

void ServiceProbe::Impl::connect(const std::vector<net::Endpoint>& candidates) {
    candidates_ = candidates;
    asio::async_connect(socket_, candidates_, during([](Impl& self, const net::ErrorCode& error, const net::Endpoint&) {
                            if (error) {
                                const bool refused = error == asio::error::connection_refused;
                                return self.answer(false, refused, error.message());
                            }
                            if (!self.options_.http) return self.answer(true, false, {});
                            self.say_get();
                        }));
}

void ServiceProbe::Impl::say_get() {
    request_ = fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: holdfast\r\nConnection: close\r\n\r\n", options_.path,
                           net::to_text(options_.address));
    line_.clear();
    asio::async_write(socket_, asio::buffer(request_), during([](Impl& self, const net::ErrorCode& error, std::size_t) {
                          if (error) return self.answer(false, true, error.message());
                          self.read_status();
                      }));
}

void ServiceProbe::Impl::read_status() {
    socket_.async_read_some(asio::buffer(incoming_), during([](Impl& self, const net::ErrorCode& error, std::size_t got) {
                                self.line_.append(self.incoming_.data(), got);
                                if (self.line_.find('\n') != std::string::npos) return self.take_status();
                                if (error) return self.answer(false, true, "the connection ended without an answer");
                                if (self.line_.size() > longest_status_line)
                                    return self.answer(false, false, "the answer is not HTTP");
                                self.read_status();
                            }));
}

void ServiceProbe::Impl::take_status() {
    constexpr unsigned success = 200;
    constexpr unsigned failure = 400;
    const unsigned status = http_status(line_);
    if (status == 0) return answer(false, false, "the answer is not HTTP");
    if (status >= success && status < failure) return answer(true, false, {});
    answer(false, false, fmt::format("GET {} is answered with {}", options_.path, status));
}

void ServiceProbe::Impl::answer(bool ok, bool lost, const std::string& why) {
    end_question();
    // The user may leave inside.
    const auto keep = shared_from_this();
    user_.told(ok, lost, why);
}

void ServiceProbe::Impl::end_question() {
    ++question_;
    limit_.cancel();
    resolver_.cancel();
    net::ErrorCode ignored;
    socket_.close(ignored);
}

ServiceProbe::ServiceProbe(net::IoContext& io, ServiceProbeOptions options, ServiceProbeUser user)
    : impl_(std::make_shared<Impl>(io, std::move(options), std::move(user))) {
    asio::post(io, [impl = impl_] { impl->ask(); });
}

ServiceProbe::~ServiceProbe() {
    impl_->leave();
}

}  // namespace holdfast::watch
