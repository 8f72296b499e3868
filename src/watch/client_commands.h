#pragma once
// CLIENT and its subcommands.

#include "base/time.h"
#include "resp/reply.h"
#include "resp/request_reader.h"
#include "watch/clients.h"

namespace holdfast::watch {

/// Nothing: there is nothing to be said (CLIENT REPLY). Errors are replies.
[[nodiscard]] std::optional<resp::Reply> answer_client_command(Clients& clients, Client& client, const resp::Words& words,
                                                               Time now);

/// Whether it can be a client's name; if not, the error.
[[nodiscard]] std::optional<resp::Reply> set_client_name(Client& client, const std::string& name);

/// One line of CLIENT LIST, without its end.
[[nodiscard]] std::string client_line(const Client& client, Time now);

}  // namespace holdfast::watch
