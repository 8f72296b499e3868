#pragma once
// A simulated network of processes that speak in commands and replies over connections. Each direction of a connection keeps
// its order. Hosts can be cut off from each other: then nothing gets through, but nothing is lost either, as TCP has it. A
// process can be paused (its connections stay, what comes waits), or crash (its connections end).

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "resp/reply.h"
#include "sentinel/address.h"
#include "sentinel/sentinel.h"
#include "sim/dice.h"
#include "sim/scheduler.h"

namespace holdfast::sim {

using Words = std::vector<std::string>;
using sentinel::Address;
using sentinel::LinkEnd;
using ConnectionId = std::uint64_t;

/// Something that listens at an address, and connects to others.
class Process {
public:
    Process(std::string name, Address address) : name_(std::move(name)), address_(std::move(address)) {}
    virtual ~Process() = default;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    // As the one that dialled.
    virtual void connected(ConnectionId) {}
    virtual void closed(ConnectionId, LinkEnd) {}
    virtual void reply(ConnectionId, const resp::Reply&) {}
    // As the one that was dialled.
    virtual void request(ConnectionId, const Words&) {}
    virtual void client_gone(ConnectionId) {}
    /// Goes on after a pause.
    virtual void resumed() {}

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const Address& address() const noexcept { return address_; }
    [[nodiscard]] bool is_up() const noexcept { return up_; }
    [[nodiscard]] bool is_paused() const noexcept { return paused_; }
    [[nodiscard]] bool runs() const noexcept { return up_ && !paused_; }

protected:
    friend class Net;
    bool up_ = true;
    bool paused_ = false;

private:
    std::string name_;
    Address address_;
};

class Net {
public:
    Net(Scheduler& scheduler, Dice& dice) : scheduler_(scheduler), dice_(dice) {}

    void add(Process& process) { processes_[process.address()] = &process; }
    /// Another way to reach it.
    void add_alias(const Address& address, Process& process) { processes_[address] = &process; }
    [[nodiscard]] Process* at(const Address& address) const;

    /// The dialler hears `connected` or `closed`, or nothing for as long as it is cut off.
    ConnectionId dial(Process& from, const Address& to);
    void close(ConnectionId connection, const Process& by);
    void send(ConnectionId connection, Words words);
    void answer(ConnectionId connection, resp::Reply reply);
    [[nodiscard]] const Address& address_of(ConnectionId connection) const { return connections_.at(connection).to; }
    /// Who dialled; null when it is gone.
    [[nodiscard]] Process* client_of(ConnectionId connection) const;

    void crash(Process& process);
    void restarted(Process& process) { process.up_ = true; }
    void pause(Process& process) { process.paused_ = true; }
    void resume(Process& process);

    /// Cut off from each other, both ways.
    void cut(const Process& a, const Process& b);
    void heal(const Process& a, const Process& b);
    void heal_all() { cuts_.clear(); }
    [[nodiscard]] bool is_cut(const Process& a, const Process& b) const;

    Duration least_latency = std::chrono::microseconds(100);
    Duration most_latency = std::chrono::milliseconds(2);

private:
    struct Connection {
        Process* client = nullptr;
        Process* server = nullptr;
        Address to;
        bool open = false;
        std::deque<std::function<void()>> to_client = {};
        std::deque<std::function<void()>> to_server = {};
        bool pumps_client = false;
        bool pumps_server = false;
    };
    void arrive(ConnectionId id);
    void push(ConnectionId id, bool to_client, std::function<void()> what);
    void pump(ConnectionId id, bool to_client);
    [[nodiscard]] Duration latency() { return dice_.duration(least_latency, most_latency); }

    Scheduler& scheduler_;
    Dice& dice_;
    std::map<Address, Process*> processes_;
    std::map<ConnectionId, Connection> connections_;
    std::set<std::pair<const Process*, const Process*>> cuts_;
    ConnectionId last_ = 0;
};

}  // namespace holdfast::sim
