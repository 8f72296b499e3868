// Sessions coming in: TCP connect, CONNECT, CONNACK, many at a time, and what became of each.
//
// The same engine makes the connect-and-close loop (a few at once, closed when answered), the crowd that is held
// (a few at once, kept) and the storm (all at once, kept).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "load_options.h"
#include "packets.h"

namespace holdfast::bench {

/// One client's connection.
struct Link {
    int fd = -1;
    bool connect_sent = false;
    PacketWalker walker;
};

struct ArrivalPlan {
    std::size_t total = 0;     // arrivals in all
    std::size_t at_once = 1;   // arrivals between their connect and their answer
    std::size_t first_id = 0;  // ids are first_id + (number modulo ids)
    std::size_t ids = 1;
    bool keep = false;  // whether answered connections stay open
};

struct ArrivalCounts {
    std::size_t answered = 0;    // a CONNACK that accepts
    std::size_t refused = 0;     // a CONNACK that does not
    std::size_t failed = 0;      // a connection that was closed, reset, or answered by something else
    std::size_t unanswered = 0;  // still open without an answer when the time was up
    double seconds = 0;          // from the first connect to the last answer
};

class Arrivals {
public:
    explicit Arrivals(const LoadOptions& options);
    Arrivals(const Arrivals&) = delete;
    Arrivals& operator=(const Arrivals&) = delete;
    ~Arrivals();

    /// Runs the plan to its end, or until the options' time-out has passed.
    ArrivalCounts run(const ArrivalPlan& plan);

    /// The kept connections, in no particular order. The caller closes them.
    std::vector<Link>& kept() { return kept_; }

private:
    bool start_one();
    void on_event(std::size_t slot, std::uint32_t events);
    bool read_answer(Link& link);
    void finish(std::size_t slot);

    const LoadOptions& options_;
    ArrivalPlan plan_;
    ArrivalCounts counts_;
    int epoll_;
    std::vector<Link> slots_;  // one per arrival under way
    std::vector<std::size_t> free_slots_;
    std::vector<Link> kept_;
    std::size_t started_ = 0;
    std::size_t done_ = 0;
    std::int64_t last_answer_ = 0;
    std::vector<char> scratch_;
};

/// Arrives with `count` sessions, a few at once, and ends the process unless every one of them is accepted.
std::vector<Link> open_sessions(const LoadOptions& options, std::size_t count);

/// Closes all of them.
void close_all(std::vector<Link>& links);

}  // namespace holdfast::bench
