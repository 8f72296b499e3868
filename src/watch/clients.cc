#include "watch/clients.h"

#include <utility>
#include <vector>

#include "resp/glob.h"

namespace holdfast::watch {

using resp::Reply;

void Clients::add(std::shared_ptr<Client> client) {
    const ClientId id = client->facts().id;
    clients_.emplace(id, std::move(client));
}

void Clients::remove(const Client& client) {
    const ClientId id = client.facts().id;
    const auto forget = [id](Subscribers& all, const auto& names) {
        for (const std::string& name : names) {
            const auto found = all.find(name);
            if (found == all.end()) continue;
            found->second.erase(id);
            if (found->second.empty()) all.erase(found);
        }
    };
    forget(channels_, client.facts().channels);
    forget(patterns_, client.facts().patterns);
    clients_.erase(id);
}

bool Clients::subscribe(Client& client, const std::string& channel, bool pattern) {
    ClientFacts& facts = client.facts();
    auto& own = pattern ? facts.patterns : facts.channels;
    if (own.contains(channel)) return true;
    if (facts.channels.size() + facts.patterns.size() >= max_subscriptions) return false;
    own.insert(channel);
    (pattern ? patterns_ : channels_)[channel][facts.id] = &client;
    return true;
}

void Clients::unsubscribe(Client& client, const std::string& channel, bool pattern) {
    ClientFacts& facts = client.facts();
    (pattern ? facts.patterns : facts.channels).erase(channel);
    Subscribers& all = pattern ? patterns_ : channels_;
    const auto found = all.find(channel);
    if (found == all.end()) return;
    found->second.erase(facts.id);
    if (found->second.empty()) all.erase(found);
}

std::size_t Clients::publish(const std::string& channel, const std::string& text) {
    std::size_t receivers = 0;
    if (const auto found = channels_.find(channel); found != channels_.end()) {
        const Reply message = Reply::array({Reply::bulk("message"), Reply::bulk(channel), Reply::bulk(text)});
        for (const auto& [id, client] : found->second)
            client->push(message);
        receivers += found->second.size();
    }
    for (const auto& [pattern, subscribers] : patterns_) {
        if (!resp::glob_matches(pattern, channel)) continue;
        const Reply message =
            Reply::array({Reply::bulk("pmessage"), Reply::bulk(pattern), Reply::bulk(channel), Reply::bulk(text)});
        for (const auto& [id, client] : subscribers)
            client->push(message);
        receivers += subscribers.size();
    }
    return receivers;
}

void Clients::saves_over(sentinel::SaveNumber number, bool durable) {
    // Handling what waited may end clients.
    std::vector<std::shared_ptr<Client>> now;
    now.reserve(clients_.size());
    for (const auto& [id, client] : clients_)
        now.push_back(client);
    for (const auto& client : now)
        client->saves_over(number, durable);
}

}  // namespace holdfast::watch
