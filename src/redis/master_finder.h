#pragma once
// Finds the master of a group by its sentinels, whichever of them lives, and hears of each change: a Sentinel client as Redis
// describes it. What a sentinel says is believed once the server itself says that it is a master, so a sentinel that is behind
// the times leads nobody astray.

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/address.h"
#include "net/tcp.h"
#include "redis/exchange.h"
#include "redis/link.h"

namespace holdfast::redis {

struct MasterFinderOptions {
    std::vector<net::HostPort> sentinels = {};  ///< at least one
    std::string group = {};
    Login sentinel_login = {};
    Login master_login = {};
    LinkOptions sentinel_link = {.connect_timeout = std::chrono::milliseconds(500)};
    LinkOptions master_link = {.connect_timeout = std::chrono::milliseconds(500)};
    Duration answer_timeout = std::chrono::milliseconds(500);
    /// After a round in which no sentinel led to a master; doubled up to the longest, and then a random part of it.
    Duration backoff_first = std::chrono::milliseconds(20);
    Duration backoff_longest = std::chrono::seconds(1);
    /// How often a sentinel is asked again although nothing is amiss.
    Duration ask_again = std::chrono::seconds(10);
};

/// Calls come on the io_context's thread, never from inside a call of the finder. Inside each of them the finder may be
/// destroyed.
class MasterFinderUser {
public:
    /// The first one, or another than before.
    virtual void on_master(const net::HostPort& master) = 0;
    /// No sentinel leads to a master. Once until there is one; it goes on being looked for.
    virtual void on_no_master(std::string_view why) = 0;

protected:
    ~MasterFinderUser() = default;
};

/// Threads: the io_context's one thread. The io_context and the user must outlive the finder.
class MasterFinder {
public:
    MasterFinder(net::IoContext& io, MasterFinderOptions options, MasterFinderUser& user);
    ~MasterFinder();
    MasterFinder(const MasterFinder&) = delete;
    MasterFinder& operator=(const MasterFinder&) = delete;

    /// Begins to look.
    void start();
    /// The master that is known does not answer its user any more: looks again at once.
    void doubt();
    /// The last one that was found.
    [[nodiscard]] const std::optional<net::HostPort>& master() const noexcept { return master_; }

private:
    class Listening;

    void ask();
    void on_address(const Result<resp::Reply>& answer);
    void verify(const net::HostPort& address);
    void on_role(const net::HostPort& address, const Result<resp::Reply>& answer);
    void found(const net::HostPort& address);
    void next_sentinel(std::string why);
    void ask_in(Duration pause);
    void listen();
    void on_listening();
    void on_message(std::string_view text);
    void on_listening_over();

    net::IoContext& io_;
    const MasterFinderOptions options_;
    MasterFinderUser& user_;
    net::Timer timer_;
    std::minstd_rand chance_;
    std::size_t current_ = 0;  ///< of the sentinels
    std::size_t failed_ = 0;   ///< sentinels that led nowhere, one after the other
    unsigned rounds_ = 0;      ///< of all sentinels, without a master
    bool asking_ = false;
    bool told_ = false;  ///< that there is no master
    std::optional<net::HostPort> master_;
    /// A timer that has run out calls even after its end.
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
    std::unique_ptr<Exchange> exchange_;
    std::unique_ptr<Listening> listening_;
};

}  // namespace holdfast::redis
