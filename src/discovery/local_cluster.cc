#include "discovery/local_cluster.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/assert.h"
#include "discovery/local_node_process.h"
#include "discovery/mosquitto_program.h"

namespace holdfast::discovery {
namespace {

namespace fs = std::filesystem;

// Held while the cluster runs: two Holdfasts on one directory would end each other's nodes as leftovers.
class DirectoryLock {
public:
    DirectoryLock() = default;
    ~DirectoryLock() { release(); }
    DirectoryLock(const DirectoryLock&) = delete;
    DirectoryLock& operator=(const DirectoryLock&) = delete;

    [[nodiscard]] Result<> take(const std::string& directory) {
        std::error_code error;
        fs::create_directories(directory, error);
        if (error) {
            return fail(LocalErrc::no_directory, fmt::format("cannot make the directory {}: {}; choose another paths.data_dir",
                                                             directory, error.message()));
        }
        const std::string path = directory + "/lock";
        constexpr mode_t for_the_owner = 0600;
        file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, for_the_owner);
        if (file_ < 0)
            return fail(LocalErrc::no_directory, fmt::format("cannot write {}; check the directory's permissions", path));
        if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return {};
        release();
        return fail(
            LocalErrc::in_use,
            fmt::format("another Holdfast runs local nodes in {}; end it, or choose another paths.data_dir", directory));
    }
    void release() noexcept {
        if (file_ >= 0) ::close(std::exchange(file_, -1));
    }

private:
    int file_ = -1;
};

}  // namespace

class LocalCluster::Impl : public std::enable_shared_from_this<LocalCluster::Impl> {
public:
    Impl(net::IoContext& io, LocalClusterOptions options, NodesSink nodes, LocalNodeSink events)
        : io_(io), options_(std::move(options)), nodes_sink_(std::move(nodes)), events_(std::move(events)) {}

    Result<> start();
    void stop(std::function<void()> done);
    [[nodiscard]] std::vector<LocalNode> nodes() const;

private:
    Result<> make_nodes(const std::string& mosquitto, const std::string& directory);
    void list();
    void one_stopped();

    net::IoContext& io_;
    LocalClusterOptions options_;
    NodesSink nodes_sink_;
    LocalNodeSink events_;
    DirectoryLock lock_;
    std::vector<std::unique_ptr<LocalNodeProcess>> processes_;
    bool starting_ = false;
    std::string last_picture_;
    std::size_t still_running_ = 0;
    std::function<void()> stopped_;
};

Result<> LocalCluster::Impl::start() {
    HF_ASSERT(processes_.empty(), "a local cluster is started once");
    auto mosquitto = find_mosquitto(options_.mosquitto);
    if (!mosquitto) return std::unexpected(std::move(mosquitto.error()));
    std::error_code error;
    // Mosquitto is told absolute paths, and leftovers are recognised by them.
    const fs::path root = fs::absolute(options_.data_dir, error).lexically_normal();
    const std::string directory = (root / "local" / options_.cluster).native();
    auto ready = lock_.take(directory);
    if (ready) ready = make_nodes(fs::absolute(*mosquitto, error).native(), directory);
    if (!ready) {
        processes_.clear();
        lock_.release();
        return ready;
    }
    starting_ = true;
    for (const auto& process : processes_)
        process->start();
    starting_ = false;
    list();
    return {};
}

Result<> LocalCluster::Impl::make_nodes(const std::string& mosquitto, const std::string& directory) {
    boost::system::error_code bad_address;
    boost::asio::ip::make_address(options_.address, bad_address);
    if (bad_address)
        return fail(LocalErrc::no_port, fmt::format("{} is not a numeric address for local nodes", options_.address));
    if (options_.base_port != 0 && options_.base_port + options_.nodes - 1 > 65'535) {
        return fail(LocalErrc::no_port,
                    fmt::format("base_port {} leaves no ports for {} nodes", options_.base_port, options_.nodes));
    }
    const auto taken = [this](std::uint16_t port) {
        return std::ranges::any_of(processes_, [port](const auto& process) { return process->port() == port; });
    };
    for (unsigned i = 0; i < options_.nodes; ++i) {
        LocalNodeOptions node;
        node.cluster = options_.cluster;
        node.node = fmt::format("{}-{}", options_.cluster, i + 1);
        node.directory = fmt::format("{}/{}", directory, node.node);
        node.mosquitto = mosquitto;
        node.address = options_.address;
        if (options_.base_port != 0) node.port = static_cast<std::uint16_t>(options_.base_port + i);
        node.restart = options_.restart;
        node.log_max_size = options_.log_max_size;
        node.stop_timeout = options_.stop_timeout;
        auto process = std::make_unique<LocalNodeProcess>(io_, std::move(node), taken, events_, [this] { list(); });
        if (auto prepared = process->prepare(); !prepared) return prepared;
        processes_.push_back(std::move(process));
    }
    return {};
}

// Only what is new is told: a restart changes nothing of a listed node.
void LocalCluster::Impl::list() {
    if (starting_) return;
    NodesListed listed{options_.cluster, {}};
    // In their order, where one of them is to be active.
    std::uint32_t priority = fleet::default_priority;
    for (const auto& process : processes_) {
        ++priority;
        if (!process->was_started()) continue;
        listed.nodes.push_back(
            {process->name(), options_.address, options_.address, process->port(), options_.weight, priority});
    }
    std::string picture;
    for (const auto& node : listed.nodes)
        picture += fmt::format("{} {} ", node.name, node.port);
    if (picture == last_picture_) return;
    last_picture_ = std::move(picture);
    if (nodes_sink_) nodes_sink_(listed);
}

void LocalCluster::Impl::stop(std::function<void()> done) {
    stopped_ = std::move(done);
    // One more than there are, so that none of those that end at once is the last.
    still_running_ = processes_.size() + 1;
    for (const auto& process : processes_)
        process->stop([this] { one_stopped(); });
    one_stopped();
}

void LocalCluster::Impl::one_stopped() {
    if (--still_running_ > 0) return;
    boost::asio::post(io_, [self = shared_from_this()] {
        self->processes_.clear();
        self->lock_.release();
        if (const auto call = std::exchange(self->stopped_, nullptr)) call();
    });
}

std::vector<LocalNode> LocalCluster::Impl::nodes() const {
    std::vector<LocalNode> nodes;
    for (const auto& process : processes_)
        nodes.push_back({process->name(), options_.address, process->port(), process->pid()});
    return nodes;
}

LocalCluster::LocalCluster(net::IoContext& io, LocalClusterOptions options, NodesSink nodes, LocalNodeSink events)
    : impl_(std::make_shared<Impl>(io, std::move(options), std::move(nodes), std::move(events))) {}

LocalCluster::~LocalCluster() = default;

Result<> LocalCluster::start() {
    return impl_->start();
}
void LocalCluster::stop(std::function<void()> done) {
    impl_->stop(std::move(done));
}
std::vector<LocalNode> LocalCluster::nodes() const {
    return impl_->nodes();
}

}  // namespace holdfast::discovery
