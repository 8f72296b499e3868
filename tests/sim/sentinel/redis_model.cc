#include "redis_model.h"

#include <algorithm>

namespace holdfast::sim {

using resp::Reply;
using std::chrono::milliseconds;

namespace {

constexpr Duration step = milliseconds(10);
constexpr std::string_view no_history = "0000000000000000000000000000000000000000";

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(), [](char letter) {
        return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 32) : letter;
    });
    return text;
}

}  // namespace

RedisModel::RedisModel(City& city, std::string name, Address address)
    : Process(std::move(name), std::move(address)), city_(city) {
    run_id_ = fresh_id();
    replid_ = fresh_id();
    replid2_ = no_history;
    city_.scheduler.after(step, [this] { live(); });
}

std::string RedisModel::fresh_id() {
    return fmt::format("{:016x}{:016x}{:08x}", city_.dice.any(), city_.dice.any(), city_.dice.any() & 0xffffffff);
}

void RedisModel::follow(const Address& master) {
    set_master(master);
    sync_at_ = city_.now();
}

void RedisModel::set_master(const Address& master) {
    if (master == master_) return;
    if (master.host.empty()) {
        replid2_ = replid_;
        replid_ = fresh_id();
    }
    master_ = master;
    link_up_ = false;
    link_down_since_ = city_.now();
    sync_at_ = city_.now() + city_.dice.duration(milliseconds(5), milliseconds(300));
}

void RedisModel::crash() {
    city_.net.crash(*this);
    clients_.clear();
    subscribers_.clear();
    logged_in_.clear();
    transactions_.clear();
    blocked_.clear();
    link_up_ = false;
    paused_until_ = {};
}

void RedisModel::restart(bool empty) {
    city_.net.restarted(*this);
    run_id_ = fresh_id();
    link_down_since_ = city_.now();
    sync_at_ = city_.now() + city_.dice.duration(milliseconds(5), milliseconds(300));
    if (is_master()) {
        replid2_ = empty ? std::string(no_history) : replid_;
        replid_ = fresh_id();
    }
    if (empty) offset_ = keys_ = 0;
}

void RedisModel::live() {
    city_.scheduler.after(step, [this] { live(); });
    if (!runs()) return;
    if (city_.now() >= paused_until_) {
        for (auto& [connection, commands] : std::exchange(blocked_, {})) {
            for (const Words& words : commands)
                request(connection, words);
        }
    }
    if (is_master()) {
        if (takes_writes && !loading && city_.now() >= paused_until_) {
            offset_ += city_.dice.between(0, 40);
            keys_ = std::min<std::uint64_t>(keys_ + 1, 1000);
        }
        return;
    }
    auto* master = dynamic_cast<RedisModel*>(city_.net.at(master_));
    const bool reachable =
        master != nullptr && master != this && master->runs() && !city_.net.is_cut(*this, *master) && !master->loading;
    if (!reachable) {
        if (link_up_) link_down_since_ = city_.now();
        link_up_ = false;
        sync_at_ = city_.now() + city_.dice.duration(milliseconds(5), milliseconds(300));
        return;
    }
    if (link_up_ && master->run_id_ != master_run_id_) {
        // The connection broke; it is looked after once a second.
        link_up_ = false;
        link_down_since_ = city_.now();
        sync_at_ = city_.now() + city_.dice.duration(milliseconds(200), milliseconds(1000));
    }
    if (city_.now() < sync_at_) return;
    master_run_id_ = master->run_id_;
    link_up_ = true;
    replid_ = master->replid_;
    replid2_ = master->replid2_;
    offset_ = master->offset_;
    keys_ = master->keys_;
}

void RedisModel::client_gone(ConnectionId connection) {
    clients_.erase(connection);
    subscribers_.erase(connection);
    logged_in_.erase(connection);
    transactions_.erase(connection);
    blocked_.erase(connection);
}

void RedisModel::request(ConnectionId connection, const Words& words) {
    clients_.insert(connection);
    const bool waits = blocked_.contains(connection) || (city_.now() < paused_until_ && upper(words.front()) == "PUBLISH");
    if (waits) {
        blocked_[connection].push_back(words);
        return;
    }
    Reply reply = answer_to(connection, words);
    if (upper(words.front()) == "SUBSCRIBE")
        reply = Reply::array({Reply::bulk("subscribe"), Reply::bulk(words.at(1)), Reply::number(1)});
    city_.net.answer(connection, std::move(reply));
}

Reply RedisModel::answer_to(ConnectionId connection, const Words& words) {
    const std::string command = upper(words.front());
    if (command == "AUTH") {
        if (words.back() != password) return Reply::error("WRONGPASS invalid username-password pair");
        logged_in_.insert(connection);
        return Reply::status("OK");
    }
    if (!password.empty() && !logged_in_.contains(connection)) return Reply::error("NOAUTH Authentication required.");
    if (busy && command != "SCRIPT") return Reply::error("BUSY Redis is busy running a script.");
    if (command == "MULTI") {
        transactions_[connection];
        return Reply::status("OK");
    }
    if (command == "EXEC") {
        const auto found = transactions_.find(connection);
        if (found == transactions_.end()) return Reply::error("ERR EXEC without MULTI");
        std::vector<Reply> replies;
        for (const Words& queued : std::exchange(found->second, {}))
            replies.push_back(perform(connection, queued));
        transactions_.erase(connection);
        return Reply::array(std::move(replies));
    }
    if (const auto found = transactions_.find(connection); found != transactions_.end()) {
        found->second.push_back(words);
        return Reply::status("QUEUED");
    }
    return perform(connection, words);
}

Reply RedisModel::perform(ConnectionId connection, const Words& words) {
    const std::string command = upper(words.front());
    if (command == "PING")
        return loading ? Reply::error("LOADING Redis is loading the dataset in memory") : Reply::status("PONG");
    if (command == "INFO") return Reply::bulk(info());
    if (command == "PUBLISH") return publish(words);
    if (command == "SUBSCRIBE") {
        subscribers_.insert(connection);
        return Reply::status("OK");
    }
    if (command == "CLIENT") return client(connection, words);
    if (command == "SCRIPT") {
        busy = false;
        return Reply::status("OK");
    }
    if (command == "ROLE")
        return Reply::array({Reply::bulk(is_master() ? "master" : "slave"), Reply::number(static_cast<std::int64_t>(offset_))});
    if (command == "SLAVEOF") {
        const Process* who = city_.net.client_of(connection);
        if (ordered && who != nullptr) ordered(who->name(), words);
        const bool to_nobody = upper(words.at(1)) == "NO";
        set_master(to_nobody ? Address{}
                             : Address{.host = words[1], .port = static_cast<std::uint16_t>(std::stoi(words.at(2)))});
        return Reply::status("OK");
    }
    return Reply::status("OK");
}

Reply RedisModel::publish(const Words& words) {
    for (const ConnectionId subscriber : subscribers_)
        city_.net.answer(subscriber,
                         Reply::array({Reply::bulk("message"), Reply::bulk(words.at(1)), Reply::bulk(words.at(2))}));
    return Reply::number(static_cast<std::int64_t>(subscribers_.size()));
}

Reply RedisModel::client(ConnectionId connection, const Words& words) {
    const std::string what = upper(words.at(1));
    if (what == "PAUSE") {
        if (!can_pause) return Reply::error("ERR syntax error");
        paused_until_ = city_.now() + milliseconds(std::stoi(words.at(2)));
    } else if (what == "UNPAUSE") {
        paused_until_ = {};
    } else if (what == "KILL") {
        kill_clients(connection, words.back() == "pubsub");
    }
    return Reply::status("OK");
}

void RedisModel::kill_clients(ConnectionId but, bool subscribers) {
    for (const ConnectionId id : std::set<ConnectionId>(clients_)) {
        if (id == but || subscribers_.contains(id) != subscribers) continue;
        client_gone(id);
        city_.net.close(id, *this);
    }
}

std::string RedisModel::info() const {
    std::string text = fmt::format("# Server\r\nrun_id:{}\r\n# Persistence\r\nloading:{}\r\n# Replication\r\nrole:{}\r\n",
                                   run_id_, loading ? 1 : 0, is_master() ? "master" : "slave");
    if (!is_master()) {
        text += fmt::format("master_host:{}\r\nmaster_port:{}\r\nmaster_link_status:{}\r\nmaster_sync_in_progress:0\r\n",
                            master_.host, master_.port, link_up_ ? "up" : "down");
        if (!link_up_)
            text += fmt::format("master_link_down_since_seconds:{}\r\n",
                                std::chrono::duration_cast<std::chrono::seconds>(city_.now() - link_down_since_).count());
        text += fmt::format("slave_repl_offset:{}\r\nslave_priority:{}\r\nslave_read_only:1\r\nreplica_announced:1\r\n",
                            offset_, priority);
    }
    int number = 0;
    for (const Address& address : city_.servers) {
        const auto* replica = dynamic_cast<const RedisModel*>(city_.net.at(address));
        if (replica == nullptr || replica == this || !replica->link_up_ || replica->master_ != this->address()) continue;
        text += fmt::format("slave{}:ip={},port={},state=online,offset={},lag=0\r\n", number++, address.host, address.port,
                            replica->offset_);
    }
    text += fmt::format("master_replid:{}\r\nmaster_replid2:{}\r\nmaster_repl_offset:{}\r\n# Keyspace\r\n", replid_, replid2_,
                        offset_);
    if (keys_ > 0) text += fmt::format("db0:keys={},expires=0,avg_ttl=0\r\n", keys_);
    return text;
}

}  // namespace holdfast::sim
