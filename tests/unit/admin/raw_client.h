#pragma once
// A client of the API that sends what a test wants, well formed or not, and waits for answers at most so long.

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::test {

struct RawAnswer {
    unsigned status = 0;
    std::map<std::string, std::string, std::less<>> fields;  ///< names in lower case
    std::string body;
    [[nodiscard]] boost::json::value json() const;
    [[nodiscard]] std::string field(std::string_view name) const;
};

/// A socket whose reads give up after a while. What Beast calls a SyncReadStream.
class PatientSocket {
public:
    explicit PatientSocket(std::uint16_t port, int receive_buffer);
    ~PatientSocket();
    PatientSocket(const PatientSocket&) = delete;
    PatientSocket& operator=(const PatientSocket&) = delete;

    template <class Buffers>
    std::size_t read_some(const Buffers& buffers, boost::system::error_code& error) {
        const boost::asio::mutable_buffer first = *boost::asio::buffer_sequence_begin(buffers);
        return receive(static_cast<char*>(first.data()), first.size(), error);
    }
    template <class Buffers>
    std::size_t read_some(const Buffers& buffers) {
        boost::system::error_code error;
        const std::size_t count = read_some(buffers, error);
        if (error) throw boost::system::system_error(error);
        return count;
    }
    std::size_t receive(char* to, std::size_t size, boost::system::error_code& error);
    void send(std::string_view text);
    void shut_down();

private:
    int fd_;
};

class RawClient {
public:
    /// `receive_buffer` of 0 leaves the system's.
    explicit RawClient(std::uint16_t port, int receive_buffer = 0);

    void send(std::string_view text);
    /// The next whole answer; status 0 when the connection ended or nothing came in time.
    [[nodiscard]] RawAnswer read(bool to_head = false);
    /// The head of an answer without an end.
    [[nodiscard]] RawAnswer read_head();
    /// Reads until `text` has come, and answers all that came; fails the test after some seconds.
    [[nodiscard]] std::string read_until(std::string_view text);
    /// Reads until the other side ends the connection; false when it does not in time.
    [[nodiscard]] bool wait_for_end();
    void shut_down();

    /// One request with the stage's token and its answer.
    [[nodiscard]] RawAnswer ask(std::string_view method, std::string_view target, std::string_view body = {},
                                std::string_view more_fields = {});

private:
    PatientSocket socket_;
    boost::beast::flat_buffer buffer_;
    std::string stream_;
};

}  // namespace holdfast::test
