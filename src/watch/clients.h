#pragma once
// The clients that are connected, and what they have subscribed to.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "sentinel/action.h"
#include "watch/client.h"

namespace holdfast::watch {

/// Threads: the io_context's one thread.
class Clients {
public:
    /// Subscriptions of one client; more are refused.
    static constexpr std::size_t max_subscriptions = 4096;

    void add(std::shared_ptr<Client> client);
    void remove(const Client& client);
    [[nodiscard]] std::size_t size() const noexcept { return clients_.size(); }
    [[nodiscard]] const std::map<ClientId, std::shared_ptr<Client>>& all() const noexcept { return clients_; }

    /// False: he has too many already.
    bool subscribe(Client& client, const std::string& channel, bool pattern);
    void unsubscribe(Client& client, const std::string& channel, bool pattern);
    /// To every subscriber of the channel, and of each pattern that it matches; how many.
    std::size_t publish(const std::string& channel, const std::string& text);
    [[nodiscard]] std::size_t channels() const noexcept { return channels_.size(); }
    [[nodiscard]] std::size_t patterns() const noexcept { return patterns_.size(); }

    void saves_over(sentinel::SaveNumber number, bool durable);

private:
    using Subscribers = std::map<std::string, std::map<ClientId, Client*>, std::less<>>;

    std::map<ClientId, std::shared_ptr<Client>> clients_;
    Subscribers channels_;
    Subscribers patterns_;
};

}  // namespace holdfast::watch
