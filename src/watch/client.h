#pragma once
// One client of a sentinel: bytes in, requests to its user; replies and pushes out, in order, bounded, and not before what they
// wait for is on the disk.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/time.h"
#include "net/tcp.h"
#include "redis/stream.h"
#include "resp/reply.h"
#include "resp/request_reader.h"
#include "sentinel/action.h"
#include "sentinel/commands.h"

namespace holdfast::watch {

using ClientId = std::uint64_t;

/// What the server knows about a client and the client itself does not use.
struct ClientFacts {
    ClientId id = 0;
    std::string address = {};  ///< "host:port" of the other end
    std::string local = {};    ///< of this end
    bool loopback = false;
    std::string name = {};  ///< CLIENT SETNAME
    std::string user = {};  ///< empty: not authenticated
    Time since{};
    Time active{};  ///< the last request
    std::string last_command = {};
    std::set<std::string, std::less<>> channels = {};
    std::set<std::string, std::less<>> patterns = {};
    bool silent = false;  ///< CLIENT REPLY OFF
    unsigned skip = 0;    ///< CLIENT REPLY SKIP: replies still to be left out
};

/// Counted over all clients of a server.
struct ClientTraffic {
    std::uint64_t input_bytes = 0;
    std::uint64_t output_bytes = 0;
};

/// Saves of groups are numbered apart from those of the sentinel for Redis: their numbers have this bit.
inline constexpr sentinel::SaveNumber save_of_groups = sentinel::SaveNumber{1} << 63U;

/// Whether what waits for save `awaited` (0: for nothing) may go out after save `over`.
[[nodiscard]] constexpr bool is_over(sentinel::SaveNumber awaited, sentinel::SaveNumber over) noexcept {
    return awaited == 0 || ((awaited & save_of_groups) == (over & save_of_groups) && awaited <= over);
}

class Client;

class ClientUser {
public:
    /// Never from inside a call of the client. It may be ended inside.
    virtual void on_request(Client& client, const resp::Words& words) = 0;
    /// The connection is over; the last call. `why` is for the log.
    virtual void on_gone(Client& client, std::string_view why) = 0;

protected:
    ~ClientUser() = default;
};

/// Threads: the io_context's one thread.
class Client : public std::enable_shared_from_this<Client> {
public:
    Client(net::TcpSocket socket, ClientFacts facts, ClientTraffic& traffic, ClientUser& user);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// `tls` null: in the clear.
    void start(const redis::TlsContext& tls);

    /// The answer to the request that is being handled. Until its save is over, nothing else of this client is handled.
    void reply(sentinel::Answer answer);
    void reply(const resp::Reply& reply);
    /// Something that it did not ask for. A client that reads too little of it is ended.
    void push(const resp::Reply& reply);
    /// What waits for this save or an earlier one goes out.
    void saves_over(sentinel::SaveNumber number, bool durable);
    /// Ends it when what was said is sent.
    void end_after_replies();
    /// Ends it now; `on_gone` comes later.
    void end(std::string why);
    /// The user is gone.
    void leave();

    void set_limits(resp::RequestLimits limits) { requests_.set_limits(limits); }
    [[nodiscard]] ClientFacts& facts() noexcept { return facts_; }
    [[nodiscard]] const ClientFacts& facts() const noexcept { return facts_; }
    [[nodiscard]] std::size_t unsent() const noexcept { return sending_.size() + ready_.size() + held_bytes_; }
    [[nodiscard]] std::size_t unread() const noexcept { return requests_.held(); }

private:
    /// Output that waits for a save, and what comes behind it.
    struct Held {
        sentinel::SaveNumber after_save = 0;
        std::string bytes;
        std::optional<std::string> if_not_saved;
    };

    void read();
    void handle_requests();
    void say(const resp::Reply& reply);
    void flush();
    void gone(std::string_view why);

    ClientFacts facts_;
    ClientTraffic& traffic_;
    ClientUser* user_;
    redis::Stream stream_;
    resp::RequestReader requests_;
    std::array<char, std::size_t{4} * 1024> incoming_{};
    std::string sending_;
    std::string ready_;
    std::deque<Held> held_;
    std::size_t held_bytes_ = 0;
    bool reading_ = false;
    bool handling_ = false;
    bool writing_ = false;
    bool ending_ = false;
    bool open_ = false;
};

}  // namespace holdfast::watch
