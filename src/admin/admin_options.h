#pragma once
// The bounds and the address of the HTTP API.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace holdfast::admin {

struct AdminOptions {
    std::string address = "127.0.0.1";
    /// 0 takes a free port, which `AdminServer::port` then tells.
    std::uint16_t port = 8080;
    /// Without it, an address outside 127.0.0.0/8 and ::1 is refused at start.
    bool allow_remote = false;

    /// Items of one page when the request names no limit, and the largest limit it may name.
    std::size_t page_size = 100;
    std::size_t max_page_size = 1000;
    std::size_t max_connections = 256;
    std::size_t max_header_bytes = 16 * 1024;
    std::size_t max_body_bytes = 1024 * 1024;
    /// A batch of commands, or a job's list of devices.
    std::size_t max_large_body_bytes = 32 * 1024 * 1024;
    /// The whole body of a bulk import, which is read in pieces.
    std::uint64_t max_import_bytes = 4ULL * 1024 * 1024 * 1024;
    /// One line of a bulk import.
    std::size_t max_import_line_bytes = 256 * 1024;
    std::size_t max_requests_per_connection = 10'000;
    /// Clients that may follow events, or commands, at the same time; each also counts as a connection.
    std::size_t max_event_streams = 64;
    /// What a follower of commands has not taken yet, at most; what is beyond is counted and told.
    std::size_t max_followed_commands = 4096;
    std::size_t max_followed_bytes = 4 * 1024 * 1024;
    /// Devices whose change a follower of places was not told yet, at most; beyond it the follower has to come again.
    std::size_t max_waiting_places = 100'000;
    /// Events that go to a follower in one piece.
    std::size_t event_batch = 256;

    /// From a connection's accept, or its last answer, to the end of its next request's header.
    std::chrono::milliseconds idle_timeout{60'000};
    /// For the rest of a request to come in, and for its answer to go out; for streams, for each piece.
    std::chrono::milliseconds request_timeout{30'000};
    std::chrono::milliseconds event_heartbeat{15'000};
};

}  // namespace holdfast::admin
