#pragma once
// Takes the requests of clients: who may say what, what concerns the connection itself (AUTH, HELLO, CLIENT, ACL, SUBSCRIBE and
// its like, QUIT, SHUTDOWN), and for the rest the sentinel's own answers.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "resp/reply.h"
#include "resp/request_reader.h"
#include "sentinel/commands.h"
#include "sentinel/sentinel.h"
#include "watch/access_list.h"
#include "watch/access_log.h"
#include "watch/clients.h"

namespace holdfast::watch {

/// What the desk needs of the process around it.
struct DeskWorld {
    sentinel::CommandWorld commands = {};
    std::function<Moment()> moment;
    /// The sentinel was told something: carry out what it wants.
    std::function<void()> act;
    /// A user was added, changed or removed.
    std::function<void()> users_changed;
    std::function<void()> shut_down;
    /// Answers HOLDFAST. Null: it is not known here.
    std::function<sentinel::Answer(const resp::Words& words)> holdfast = nullptr;
};

/// Counted since the start.
struct DeskCounts {
    std::uint64_t commands = 0;
    std::uint64_t errors = 0;
};

/// Threads: the io_context's one thread.
class RequestDesk {
public:
    RequestDesk(sentinel::Sentinel& sentinel, Clients& clients, AccessList& users, std::size_t max_refusals, DeskWorld world);

    void handle(Client& client, const resp::Words& words);
    [[nodiscard]] const DeskCounts& counts() const noexcept { return counts_; }

private:
    /// Why it may not be said, as an error; nothing: it may.
    [[nodiscard]] std::optional<resp::Reply> refusal(Client& client, const resp::Words& words,
                                                     const sentinel::CommandEntry& command);
    [[nodiscard]] std::optional<resp::Reply> channel_refusal(const AccessUser& user, const resp::Words& words) const;
    void answer(Client& client, const resp::Words& words, const sentinel::CommandEntry& command);
    void reply(Client& client, sentinel::Answer answer);
    void reply(Client& client, const resp::Reply& reply);

    void authenticate(Client& client, const resp::Words& words);
    [[nodiscard]] bool log_in(Client& client, const std::string& user, const std::string& password);
    void hello(Client& client, const resp::Words& words);
    void subscribe(Client& client, const resp::Words& words, bool pattern);
    void unsubscribe(Client& client, const resp::Words& words, bool pattern);
    void shut_down(Client& client, const resp::Words& words);
    void client_command(Client& client, const resp::Words& words);
    void acl_command(Client& client, const resp::Words& words);
    void note_refusal(const Client& client, std::string reason, std::string object, std::string user);

    sentinel::Sentinel& sentinel_;
    Clients& clients_;
    AccessList& users_;
    AccessLog refusals_;
    DeskWorld world_;
    DeskCounts counts_;
};

}  // namespace holdfast::watch
