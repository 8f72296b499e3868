#include "net.h"

#include <algorithm>

namespace holdfast::sim {

namespace {

/// How soon somebody who could not get through tries again.
constexpr Duration try_again = std::chrono::milliseconds(20);

}  // namespace

Process* Net::at(const Address& address) const {
    const auto found = processes_.find(address);
    return found == processes_.end() ? nullptr : found->second;
}

ConnectionId Net::dial(Process& from, const Address& to) {
    const ConnectionId id = ++last_;
    connections_[id] = {.client = &from, .to = to};
    scheduler_.after(latency(), [this, id] { arrive(id); });
    return id;
}

void Net::arrive(ConnectionId id) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second.client == nullptr) return;
    Connection& connection = found->second;
    Process* server = at(connection.to);
    if (server != nullptr && is_cut(*connection.client, *server)) {
        scheduler_.after(std::chrono::milliseconds(200), [this, id] { arrive(id); });
        return;
    }
    if (server == nullptr || !server->is_up()) {
        push(id, true, [this, id] {
            const auto place = connections_.find(id);
            Process* client = place->second.client;
            connections_.erase(place);
            client->closed(id, LinkEnd::refused);
        });
        return;
    }
    // The kernel accepts, also for a process that stands still.
    connection.server = server;
    connection.open = true;
    push(id, true, [this, id] { connections_.at(id).client->connected(id); });
}

void Net::send(ConnectionId connection, Words words) {
    push(connection, false, [this, connection, words = std::move(words)] {
        if (Process* server = connections_.at(connection).server) server->request(connection, words);
    });
}

void Net::answer(ConnectionId connection, resp::Reply reply) {
    push(connection, true, [this, connection, reply = std::move(reply)] {
        if (Process* client = connections_.at(connection).client) client->reply(connection, reply);
    });
}

Process* Net::client_of(ConnectionId connection) const {
    const auto found = connections_.find(connection);
    return found == connections_.end() ? nullptr : found->second.client;
}

void Net::close(ConnectionId id, const Process& by) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    Connection& connection = found->second;
    const bool by_client = connection.client == &by;
    (by_client ? connection.client : connection.server) = nullptr;
    (by_client ? connection.to_client : connection.to_server).clear();
    Process* other = by_client ? connection.server : connection.client;
    if (other == nullptr) {
        connections_.erase(found);
        return;
    }
    push(id, !by_client, [this, id, by_client] {
        const auto place = connections_.find(id);
        Process* left = by_client ? place->second.server : place->second.client;
        connections_.erase(place);
        if (left == nullptr) return;
        if (by_client) {
            left->client_gone(id);
        } else {
            left->closed(id, LinkEnd::ended);
        }
    });
}

void Net::push(ConnectionId id, bool to_client, std::function<void()> what) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    Connection& connection = found->second;
    (to_client ? connection.to_client : connection.to_server).push_back(std::move(what));
    bool& pumps = to_client ? connection.pumps_client : connection.pumps_server;
    if (std::exchange(pumps, true)) return;
    scheduler_.after(latency(), [this, id, to_client] { pump(id, to_client); });
}

void Net::pump(ConnectionId id, bool to_client) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    Connection& connection = found->second;
    auto& queue = to_client ? connection.to_client : connection.to_server;
    const Process* reader = to_client ? connection.client : connection.server;
    const Process* writer =
        at(to_client ? connection.to : (connection.client == nullptr ? connection.to : connection.client->address()));
    if (reader == nullptr || !reader->is_up()) queue.clear();
    const bool cut = reader != nullptr && writer != nullptr && is_cut(*reader, *writer);
    if (!queue.empty() && (cut || reader->is_paused())) {
        scheduler_.after(try_again, [this, id, to_client] { pump(id, to_client); });
        return;
    }
    if (!queue.empty()) {
        const auto what = std::move(queue.front());
        queue.pop_front();
        what();
    }
    const auto again = connections_.find(id);
    if (again == connections_.end()) return;
    auto& rest = to_client ? again->second.to_client : again->second.to_server;
    bool& pumps = to_client ? again->second.pumps_client : again->second.pumps_server;
    pumps = !rest.empty();
    if (pumps) scheduler_.after(std::chrono::microseconds(20), [this, id, to_client] { pump(id, to_client); });
}

void Net::crash(Process& process) {
    process.up_ = false;
    process.paused_ = false;
    std::vector<ConnectionId> own;
    for (const auto& [id, connection] : connections_) {
        if (connection.client == &process || connection.server == &process) own.push_back(id);
    }
    for (const ConnectionId id : own)
        close(id, process);
}

void Net::resume(Process& process) {
    if (!std::exchange(process.paused_, false)) return;
    process.resumed();
}

void Net::cut(const Process& a, const Process& b) {
    if (&a == &b) return;
    cuts_.insert({&a, &b});
    cuts_.insert({&b, &a});
}

void Net::heal(const Process& a, const Process& b) {
    cuts_.erase({&a, &b});
    cuts_.erase({&b, &a});
}

bool Net::is_cut(const Process& a, const Process& b) const {
    return cuts_.contains({&a, &b});
}

}  // namespace holdfast::sim
