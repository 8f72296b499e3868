#include "discovery/local_node_process.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include "discovery/mosquitto_config.h"
#include "net/address.h"
#include "net/free_port.h"
#include "net/port_holder.h"
#include "net/steady_time.h"

namespace holdfast::discovery {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view config_name = "mosquitto.conf";
constexpr std::string_view log_name = "mosquitto.log";
constexpr std::string_view pid_name = "mosquitto.pid";
constexpr std::string_view port_name = "port";
constexpr std::string_view sessions_name = "sessions";

// Mosquitto ends within milliseconds when it cannot listen.
constexpr Duration surely_listening = std::chrono::seconds(2);

double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

std::string user_name() {
    const passwd* const entry = ::getpwuid(::geteuid());
    return entry != nullptr ? entry->pw_name : "root";
}

// FNV-1a: a place to begin the search for a port, stable over starts.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return hash;
}

// Whole or not at all: a reader never finds half a file.
Result<> write_file(const std::string& path, std::string_view text) {
    const std::string beside = path + ".new";
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    std::error_code error;
    if (out) fs::rename(beside, path, error);
    if (!out || error)
        return fail(LocalErrc::no_directory,
                    fmt::format("cannot write {}; check its directory's permissions and free space", path));
    return {};
}

}  // namespace

LocalNodeProcess::LocalNodeProcess(net::IoContext& io, LocalNodeOptions options, std::function<bool(std::uint16_t)> taken,
                                   LocalNodeSink events, std::function<void()> changed)
    : io_(io),
      options_(std::move(options)),
      taken_(std::move(taken)),
      events_(std::move(events)),
      changed_(std::move(changed)),
      log_(file(log_name), options_.log_max_size),
      restart_(options_.restart),
      timer_(io) {}

LocalNodeProcess::~LocalNodeProcess() = default;

std::string LocalNodeProcess::file(std::string_view name) const {
    return fmt::format("{}/{}", options_.directory, name);
}

Result<> LocalNodeProcess::prepare() {
    std::error_code error;
    fs::create_directories(file(sessions_name), error);
    if (error) {
        return fail(LocalErrc::no_directory,
                    fmt::format("cannot make the directory {} for node {}: {}; choose another paths.data_dir",
                                file(sessions_name), options_.node, error.message()));
    }
    if (auto port = choose_port(); !port) return port;
    return write_config();
}

Result<> LocalNodeProcess::choose_port() {
    port_ = options_.port;
    if (port_ != 0) return {};
    std::ifstream(file(port_name)) >> port_;
    const auto address = boost::asio::ip::make_address(options_.address);
    // A port that our own leftover holds will be free once that has ended.
    const bool kept =
        port_ != 0 && !taken_(port_) && (net::can_listen({address, port_}) || find_leftover(file(pid_name), file(config_name)));
    if (kept) return {};
    const auto picked = net::pick_lasting_port(address, hash_of(options_.directory), taken_);
    if (!picked)
        return fail(LocalErrc::no_port, fmt::format("no free port at {} for node {}", options_.address, options_.node));
    port_ = *picked;
    return write_file(file(port_name), fmt::format("{}\n", port_));
}

Result<> LocalNodeProcess::write_config() const {
    MosquittoConfig config;
    config.node = options_.node;
    config.address = options_.address;
    config.port = port_;
    config.persistence_dir = file(sessions_name);
    config.user = user_name();
    return write_file(file(config_name), mosquitto_config_text(config));
}

void LocalNodeProcess::start() {
    const auto leftover = find_leftover(file(pid_name), file(config_name));
    if (!leftover) return launch();
    leftover_ = std::make_unique<LeftoverEnding>(io_, *leftover, options_.stop_timeout, [this, pid = *leftover] {
        tell(LocalNodeEvent::Kind::leftover_ended, pid, {},
             fmt::format("{}: ended process {}, which an earlier Holdfast had left behind", options_.node, pid));
        // Destroys this callback.
        const auto old = std::move(leftover_);
        stopping_ ? ended() : launch();
    });
}

void LocalNodeProcess::launch() {
    if (auto started = spawn(); !started) return retry(LocalNodeEvent::Kind::start_failed, 0, started.error().message());
    launched_at_ = net::steady_now();
    restart_.started(launched_at_);
    was_started_ = true;
    const std::string where = net::to_text(net::HostPort{options_.address, port_});
    tell(LocalNodeEvent::Kind::started, pid(), {}, fmt::format("{} runs as process {} on {}", options_.node, pid(), where));
    changed_();
}

// Between choosing a port and Mosquitto's listening on it, somebody else may take it. Until it has once been surely ours,
// another is chosen.
Result<> LocalNodeProcess::claim_port() {
    const net::Endpoint endpoint(boost::asio::ip::make_address(options_.address), port_);
    if (net::can_listen(endpoint)) {
        port_holder_.reset();
        return {};
    }
    if (options_.port == 0 && !settled_) {
        if (auto port = choose_port(); !port) return port;
        return write_config();
    }
    // Looked up once, not at each try: it costs some milliseconds.
    if (!port_holder_) port_holder_ = net::port_holder_note(port_);
    return fail(LocalErrc::no_port,
                fmt::format("port {} is in use{}; end that program, or set another base_port for cluster {}", port_,
                            *port_holder_, options_.cluster));
}

Result<> LocalNodeProcess::spawn() {
    if (auto port = claim_port(); !port) return port;
    auto child = ChildProcess::start(
        io_, {options_.mosquitto, "-c", file(config_name)}, [this](ByteView output) { log_.write(output); },
        [this](const ChildExit& exit) { on_exit(exit); });
    if (!child) return std::unexpected(std::move(child.error()));
    child_ = std::move(*child);
    // Without the file a leftover would only not be recognised.
    static_cast<void>(write_file(file(pid_name), fmt::format("{}\n", child_->pid())));
    return {};
}

void LocalNodeProcess::on_exit(const ChildExit& exit) {
    const auto child = std::move(child_);
    const int pid = child->pid();
    if (net::steady_now() - launched_at_ >= surely_listening) settled_ = true;
    std::error_code ignored;
    fs::remove(file(pid_name), ignored);
    if (stopping_) {
        tell(LocalNodeEvent::Kind::stopped, pid, {},
             fmt::format("{} is stopped (process {} {})", options_.node, pid, to_text(exit)));
        return ended();
    }
    retry(LocalNodeEvent::Kind::exited, pid, fmt::format("{} (process {}) {}", options_.node, pid, to_text(exit)));
    changed_();
}

void LocalNodeProcess::retry(LocalNodeEvent::Kind kind, int pid, const std::string& what) {
    const Duration wait = restart_.ended(net::steady_now());
    after(wait, &LocalNodeProcess::start_again);
    const bool ran = kind == LocalNodeEvent::Kind::exited;
    tell(kind, pid, wait,
         ran ? fmt::format("{}; it starts again in {:.1f}s (its log: {})", what, seconds(wait), log_.path())
             : fmt::format("{} could not be started: {}; next try in {:.1f}s", options_.node, what, seconds(wait)));
}

void LocalNodeProcess::after(Duration wait, void (LocalNodeProcess::*what)()) {
    timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(wait));
    timer_.async_wait([this, what, alive = std::weak_ptr<const bool>(alive_)](const net::ErrorCode& error) {
        if (!error && !alive.expired()) (this->*what)();
    });
}

void LocalNodeProcess::start_again() {
    if (!stopping_) launch();
}

void LocalNodeProcess::kill() {
    if (child_) child_->signal(SIGKILL);
}

void LocalNodeProcess::stop(std::function<void()> done) {
    stopping_ = true;
    stopped_ = std::move(done);
    timer_.cancel();
    if (leftover_) return;
    if (!child_) return ended();
    child_->signal(SIGTERM);
    // A frozen process sees SIGTERM only when it goes on.
    child_->signal(SIGCONT);
    after(options_.stop_timeout, &LocalNodeProcess::kill);
}

void LocalNodeProcess::ended() {
    timer_.cancel();
    if (const auto done = std::exchange(stopped_, nullptr)) done();
}

void LocalNodeProcess::tell(LocalNodeEvent::Kind kind, int pid, Duration restart_in, std::string sentence) {
    if (events_) events_(LocalNodeEvent{kind, options_.cluster, options_.node, pid, restart_in, std::move(sentence)});
}

}  // namespace holdfast::discovery
