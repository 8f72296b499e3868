#pragma once
// Connections to the other sentinels of groups: one each, made when there is something to say and kept. Each thing said comes
// back with its answer, or with an empty one when the peer could not be reached, refused it, or took too long.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/tcp.h"
#include "redis/link.h"

namespace holdfast::watch {

struct PeerLinksOptions {
    redis::LinkOptions link = {};
    std::string user = {};      ///< empty: only the password is said
    std::string password = {};  ///< empty: none is said; a secret
    Duration answer_timeout = std::chrono::seconds(1);
    /// A peer that could not be reached is left alone so long.
    Duration redial = std::chrono::milliseconds(100);
};

/// Threads: the io_context's one thread.
class PeerLinks {
public:
    using Words = std::vector<std::string>;
    /// Never from inside a call of this class.
    using Answered = std::function<void(const std::string& peer, const Words& said, const Words& answer)>;

    PeerLinks(net::IoContext& io, PeerLinksOptions options, Answered answered);
    ~PeerLinks();
    PeerLinks(const PeerLinks&) = delete;
    PeerLinks& operator=(const PeerLinks&) = delete;

    /// `peer`: its address, "host:port".
    void say(const std::string& peer, Words words);

private:
    class Line;

    net::IoContext& io_;
    const PeerLinksOptions options_;
    const Answered answered_;
    std::map<std::string, std::shared_ptr<Line>> lines_;
};

}  // namespace holdfast::watch
