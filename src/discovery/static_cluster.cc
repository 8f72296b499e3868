#include "discovery/static_cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "net/steady_time.h"

namespace holdfast::discovery {

class StaticCluster::Impl : public std::enable_shared_from_this<StaticCluster::Impl> {
public:
    Impl(net::IoContext& io, StaticClusterOptions options, NodesSink nodes, std::function<void(const std::string&)> trouble)
        : options_(std::move(options)), nodes_(std::move(nodes)), trouble_(std::move(trouble)), resolver_(io), timer_(io) {}

    void start() {
        running_ = true;
        list(true);
        resolve_round();
    }

    void set_nodes(std::vector<StaticNode> nodes) {
        options_.nodes = std::move(nodes);
        if (!running_) return;
        list(true);
        timer_.cancel();
        if (!resolving_) resolve_round();
    }

    void stop() {
        running_ = false;
        timer_.cancel();
        resolver_.cancel();
    }

private:
    struct Name {
        std::optional<std::string> address;
        bool in_trouble = false;
    };

    // One name after the other, then a pause: the resolver has one thread, and there are few names.
    void resolve_round() {
        to_resolve_.clear();
        for (const auto& node : options_.nodes) {
            const bool is_name = !net::numeric_endpoint(node.address);
            if (is_name && std::ranges::find(to_resolve_, node.address.host) == to_resolve_.end())
                to_resolve_.push_back(node.address.host);
        }
        std::erase_if(names_,
                      [this](const auto& entry) { return std::ranges::find(to_resolve_, entry.first) == to_resolve_.end(); });
        some_failed_ = false;
        resolve_next();
    }

    void resolve_next() {
        resolving_ = !to_resolve_.empty();
        if (!resolving_) {
            list(false);
            return wait();
        }
        const std::string name = to_resolve_.back();
        to_resolve_.pop_back();
        resolver_.async_resolve(name, "", [weak = weak_from_this(), name](const net::ErrorCode& error, const auto& results) {
            const auto self = weak.lock();
            if (!self || !self->running_) return;
            self->take(name, error, results);
            self->resolve_next();
        });
    }

    void take(const std::string& name, const net::ErrorCode& error, const net::TcpResolver::results_type& results) {
        Name& known = names_[name];
        if (error || results.empty()) {
            some_failed_ = true;
            if (!std::exchange(known.in_trouble, true) && trouble_) {
                trouble_(fmt::format("cluster {}: the name {} cannot be resolved ({}); {}", options_.cluster, name,
                                     error.message(),
                                     known.address ? "its last address stays in use" : "its nodes wait until it can"));
            }
            return;
        }
        known.in_trouble = false;
        std::vector<std::string> addresses;
        for (const auto& result : results)
            addresses.push_back(result.endpoint().address().to_string());
        if (known.address && std::ranges::find(addresses, *known.address) != addresses.end()) return;
        const auto v4 = std::ranges::find_if(results, [](const auto& result) { return result.endpoint().address().is_v4(); });
        known.address = v4 != results.end() ? v4->endpoint().address().to_string() : addresses.front();
    }

    void wait() {
        const Duration pause = some_failed_ ? options_.retry_interval : options_.resolve_interval;
        timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(pause));
        timer_.async_wait([weak = weak_from_this()](const net::ErrorCode& error) {
            const auto self = weak.lock();
            if (!error && self && self->running_ && !self->resolving_) self->resolve_round();
        });
    }

    void list(bool even_if_same) {
        NodesListed listed{options_.cluster, {}};
        std::string picture;
        for (const auto& node : options_.nodes) {
            std::string address;
            if (net::numeric_endpoint(node.address)) {
                address = node.address.host;
            } else if (const auto found = names_.find(node.address.host); found != names_.end() && found->second.address) {
                address = *found->second.address;
            }
            picture += address + ' ';
            listed.nodes.push_back(
                {node.name, node.address.host, std::move(address), node.address.port, node.weight, node.priority});
        }
        if (!even_if_same && picture == last_picture_) return;
        last_picture_ = std::move(picture);
        nodes_(listed);
    }

    StaticClusterOptions options_;
    NodesSink nodes_;
    std::function<void(const std::string&)> trouble_;
    net::TcpResolver resolver_;
    net::Timer timer_;
    std::map<std::string, Name> names_;
    std::vector<std::string> to_resolve_;
    std::string last_picture_;
    bool running_ = false;
    bool resolving_ = false;
    bool some_failed_ = false;
};

StaticCluster::StaticCluster(net::IoContext& io, StaticClusterOptions options, NodesSink nodes,
                             std::function<void(const std::string&)> trouble)
    : impl_(std::make_shared<Impl>(io, std::move(options), std::move(nodes), std::move(trouble))) {}

StaticCluster::~StaticCluster() {
    impl_->stop();
}

void StaticCluster::start() {
    impl_->start();
}
void StaticCluster::set_nodes(std::vector<StaticNode> nodes) {
    impl_->set_nodes(std::move(nodes));
}
void StaticCluster::stop() {
    impl_->stop();
}

}  // namespace holdfast::discovery
