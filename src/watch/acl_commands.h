#pragma once
// ACL and its subcommands, but for ACL LOG.

#include <functional>

#include "resp/reply.h"
#include "resp/request_reader.h"
#include "watch/access_list.h"

namespace holdfast::watch {

struct AclAnswer {
    resp::Reply reply = {};
    bool changed = false;                         ///< users were
    std::vector<std::string> removed_users = {};  ///< their clients have no place any more
};

/// `own_name`: of the user who asks.
[[nodiscard]] AclAnswer answer_acl_command(AccessList& users, const std::string& own_name, const resp::Words& words);

}  // namespace holdfast::watch
