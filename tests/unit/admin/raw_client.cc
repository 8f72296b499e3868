#include "raw_client.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <cstring>

#include "admin_stage.h"

namespace holdfast::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr long patience_seconds = 10;

RawAnswer take(const http::response<http::string_body>& message) {
    RawAnswer answer;
    answer.status = message.result_int();
    answer.body = message.body();
    for (const auto& field : message) {
        std::string name(field.name_string().data(), field.name_string().size());
        for (char& c : name)
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        answer.fields[name] = std::string(field.value().data(), field.value().size());
    }
    return answer;
}

}  // namespace

boost::json::value RawAnswer::json() const {
    boost::system::error_code error;
    boost::json::value value = boost::json::parse(body, error);
    EXPECT_FALSE(error) << body;
    return value;
}

std::string RawAnswer::field(std::string_view name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
}

PatientSocket::PatientSocket(std::uint16_t port, int receive_buffer) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval patience{patience_seconds, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << std::strerror(errno);
}

PatientSocket::~PatientSocket() {
    ::close(fd_);
}

std::size_t PatientSocket::receive(char* to, std::size_t size, boost::system::error_code& error) {
    const ssize_t count = ::recv(fd_, to, size, 0);
    error.clear();
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) {
        error = asio::error::eof;
    } else {
        error = errno == EAGAIN ? boost::system::error_code(asio::error::timed_out)
                                : boost::system::error_code(errno, boost::system::system_category());
    }
    return 0;
}

void PatientSocket::send(std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
        // The other side may close early on purpose: what matters is what it answered.
        if (count <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

void PatientSocket::shut_down() {
    ::shutdown(fd_, SHUT_WR);
}

RawClient::RawClient(std::uint16_t port, int receive_buffer) : socket_(port, receive_buffer) {}

void RawClient::send(std::string_view text) {
    socket_.send(text);
}

void RawClient::shut_down() {
    socket_.shut_down();
}

RawAnswer RawClient::read(bool to_head) {
    http::response_parser<http::string_body> parser;
    parser.body_limit(64 * 1024 * 1024);
    if (to_head) parser.skip(true);
    boost::system::error_code error;
    http::read(socket_, buffer_, parser, error);
    if (error) return {};
    return take(parser.get());
}

RawAnswer RawClient::read_head() {
    http::response_parser<http::string_body> parser;
    boost::system::error_code error;
    http::read_header(socket_, buffer_, parser, error);
    if (error) return {};
    stream_ += boost::beast::buffers_to_string(buffer_.data());
    buffer_.clear();
    return take(parser.get());
}

std::string RawClient::read_until(std::string_view text) {
    std::array<char, 16 * 1024> piece{};
    while (stream_.find(text) == std::string::npos) {
        boost::system::error_code error;
        const std::size_t count = socket_.receive(piece.data(), piece.size(), error);
        if (error) {
            ADD_FAILURE() << "'" << text << "' did not come: " << error.message() << "; there was: " << stream_.substr(0, 2000);
            return {};
        }
        stream_.append(piece.data(), count);
    }
    const std::size_t end = stream_.find(text) + text.size();
    std::string read = stream_.substr(0, end);
    stream_.erase(0, end);
    return read;
}

bool RawClient::wait_for_end() {
    std::array<char, 16 * 1024> piece{};
    while (true) {
        boost::system::error_code error;
        socket_.receive(piece.data(), piece.size(), error);
        if (error) return error == asio::error::eof || error == asio::error::connection_reset;
    }
}

RawAnswer RawClient::ask(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view more_fields) {
    std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\n{}", method, target,
                                      AdminStage::token, more_fields);
    if (!body.empty()) request += fmt::format("Content-Length: {}\r\n", body.size());
    send(request + "\r\n" + std::string(body));
    return read(method == "HEAD");
}

}  // namespace holdfast::test
