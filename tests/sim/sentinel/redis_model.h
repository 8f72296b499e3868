#pragma once
// A Redis server, as far as sentinels see it: replication with histories and offsets, INFO, ROLE, pub/sub, transactions, pauses
// of writes. It takes writes while it is a master.

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "city.h"

namespace holdfast::sim {

class RedisModel : public Process {
public:
    RedisModel(City& city, std::string name, Address address);

    void request(ConnectionId connection, const Words& words) override;
    void client_gone(ConnectionId connection) override;

    void follow(const Address& master);
    void crash();
    /// `empty`: nothing of its data was kept.
    void restart(bool empty = false);

    [[nodiscard]] bool is_master() const noexcept { return master_.host.empty(); }
    [[nodiscard]] const Address& master() const noexcept { return master_; }
    [[nodiscard]] bool link_is_up() const noexcept { return link_up_; }
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
    [[nodiscard]] const std::string& run_id() const noexcept { return run_id_; }
    [[nodiscard]] const std::string& history() const noexcept { return replid_; }

    int priority = 100;
    bool loading = false;
    bool busy = false;         ///< a script runs
    bool takes_writes = true;  ///< clients write
    bool can_pause = true;     ///< knows CLIENT PAUSE ... WRITE
    std::string password = {};
    std::function<void(const std::string& who, const Words& words)> ordered = {};  ///< SLAVEOF and its like

private:
    [[nodiscard]] resp::Reply answer_to(ConnectionId connection, const Words& words);
    [[nodiscard]] resp::Reply perform(ConnectionId connection, const Words& words);
    [[nodiscard]] resp::Reply publish(const Words& words);
    [[nodiscard]] resp::Reply client(ConnectionId connection, const Words& words);
    void set_master(const Address& master);
    void kill_clients(ConnectionId but, bool subscribers);
    [[nodiscard]] std::string info() const;
    [[nodiscard]] std::string fresh_id();
    /// Replication and writes, a step at a time.
    void live();

    City& city_;
    std::string run_id_;
    std::string replid_;
    std::string replid2_;
    Address master_;
    bool link_up_ = false;
    std::string master_run_id_;  ///< that it is, or was, connected to
    Time link_down_since_{};
    Time sync_at_{};
    std::uint64_t offset_ = 0;
    std::uint64_t keys_ = 0;
    Time paused_until_{};
    std::set<ConnectionId> clients_;
    std::set<ConnectionId> subscribers_;
    std::set<ConnectionId> logged_in_;
    std::map<ConnectionId, std::vector<Words>> transactions_;
    std::map<ConnectionId, std::vector<Words>> blocked_;  ///< behind a write while writes are paused
};

}  // namespace holdfast::sim
