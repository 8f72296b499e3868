#include "watch/watcher.h"

#include <fmt/format.h>
#include <openssl/rand.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "net/steady_time.h"
#include "redis/tls.h"
#include "watch/event_line.h"
#include "watch/executable.h"
#include "watch/redis_masters.h"

namespace holdfast::watch {
namespace {

constexpr std::string_view part = "sentinel";
constexpr Duration longest_rest = std::chrono::milliseconds(20);

template <std::size_t size>
std::array<unsigned char, size> random_bytes() {
    std::array<unsigned char, size> bytes{};
    HF_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "the system has random numbers");
    return bytes;
}

/// 40 hexadecimal digits, as Redis names its processes.
std::string random_id() {
    constexpr std::size_t bytes = 20;
    std::string id;
    for (const unsigned char byte : random_bytes<bytes>())
        id += fmt::format("{:02x}", byte);
    return id;
}

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    for (const unsigned char byte : random_bytes<sizeof seed>())
        seed = seed << 8U | byte;
    return seed;
}

redis::TlsSettings client_settings(const sentinel::TlsOptions& options) {
    redis::TlsSettings settings;
    settings.side = redis::TlsSide::client;
    const bool own = !options.client_cert_file.empty();
    settings.cert_file = own ? options.client_cert_file : options.cert_file;
    settings.key_file = own ? options.client_key_file : options.key_file;
    settings.key_file_pass = own ? options.client_key_file_pass : options.key_file_pass;
    settings.ca_cert_file = options.ca_cert_file;
    settings.ca_cert_dir = options.ca_cert_dir;
    settings.protocols = options.protocols;
    settings.ciphers = options.ciphers;
    settings.ciphersuites = options.ciphersuites;
    return settings;
}

double seconds(const timeval& time) {
    constexpr double microsecond = 1e-6;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * microsecond;
}

}  // namespace

std::optional<log::Level> log_level_named(std::string_view redis_name) {
    if (redis_name == "debug") return log::Level::debug;
    if (redis_name == "verbose" || redis_name == "notice") return log::Level::info;
    if (redis_name == "warning") return log::Level::warning;
    if (redis_name == "nothing") return log::Level::error;
    return std::nullopt;
}

Watcher::Watcher(net::IoContext& io, const Clock& clock, WatcherSetup setup, std::function<void()> shut_down)
    : io_(io),
      clock_(clock),
      setup_(std::move(setup)),
      shut_down_(std::move(shut_down)),
      run_id_(random_id()),
      started_(clock.now()),
      is_new_(setup_.config.saved.my_id.empty()),
      sentinel_([this] {
          sentinel::SavedState saved = setup_.config.saved;
          if (is_new_) saved.my_id = random_id();
          return std::make_unique<sentinel::Sentinel>(std::move(saved), random_seed(), moment());
      }()),
      desk_(*sentinel_, clients_, users_, setup_.config.server.acl_log_max_len, desk_world()),
      port_(io, setup_.config.server, users_, clients_, desk_, [this] { return clock_.now(); }),
      scripts_(io, {}, [this](const sentinel::Event& event) { tell(event); }),
      file_(io, setup_.config_file, [this](std::uint64_t number, const Result<>& written) { on_written(number, written); }),
      timer_(io),
      rest_(io) {}

Watcher::~Watcher() = default;

DeskWorld Watcher::desk_world() {
    DeskWorld world;
    world.commands.process = [this] { return process_facts(); };
    world.commands.is_executable = is_executable_file;
    world.commands.set_log_level = [this](std::string_view level) {
        if (const auto named = log_level_named(level)) log::configure(*named, setup_.log_format);
        setup_.config.server.loglevel = level;
        server_lines_.loglevel = level;
    };
    world.commands.log_level = [this] { return setup_.config.server.loglevel; };
    world.moment = [this] { return moment(); };
    world.act = [this] { act(); };
    world.users_changed = [this] {
        server_lines_.users = users_.lines();
        sentinel_->save(moment());
        act();
    };
    world.shut_down = [this] { shut_down_(); };
    if (setup_.groups) world.holdfast = [this](const resp::Words& words) { return groups_->answer(words); };
    return world;
}

Result<> Watcher::set_up_users() {
    users_.set_default_password(setup_.config.saved.options.require_pass);
    for (const auto& words : setup_.config.server.users) {
        if (words.empty()) continue;
        // A line of the file says everything about its user.
        std::vector<std::string> rules{"reset"};
        rules.insert(rules.end(), words.begin() + 1, words.end());
        if (auto set = users_.set(words.front(), rules); !set)
            return std::unexpected(std::move(set).error().with_prefix(fmt::format("user {}: ", words.front())));
    }
    return {};
}

Result<> Watcher::set_up_links() {
    const sentinel::TlsOptions& tls = setup_.config.server.tls;
    if (tls.replication || setup_.tls_between_sentinels) {
        auto context = redis::make_tls_context(client_settings(tls));
        if (!context) return std::unexpected(std::move(context).error());
        client_tls_ = std::move(*context);
    }
    links_ = std::make_unique<Links>(io_, *this);
    return {};
}

bool Watcher::speaks_tls_with(const sentinel::Address& address) const {
    if (setup_.config.server.tls.replication) return true;
    if (!setup_.tls_between_sentinels) return false;
    const auto is_there = [&address](const auto& named) { return named.second.address == address; };
    return std::ranges::any_of(sentinel_->state().groups,
                               [&](const auto& group) { return std::ranges::any_of(group.second.peers, is_there); });
}

void Watcher::set_up_groups() {
    if (!setup_.groups) return;
    GroupWatchSetup setup = *setup_.groups;
    setup.my_id = sentinel_->state().my_id;
    setup.seed = random_seed();
    if (setup_.tls_between_sentinels) setup.links.link.tls = client_tls_;
    groups_ = std::make_unique<GroupWatch>(
        io_, clock_, std::move(setup),
        GroupWatchUser{.tell = [this](const sentinel::Event& event) { tell(event); },
                       .saves_over = [this](sentinel::SaveNumber number,
                                            bool durable) { clients_.saves_over(save_of_groups | number, durable); },
                       .written =
                           [this] {
                               if (stopping_ && stopped_ && has_written()) std::exchange(stopped_, nullptr)();
                           }});
}

Result<> Watcher::start() {
    if (auto done = set_up_users(); !done) return done;
    if (auto done = set_up_links(); !done) return done;
    set_up_groups();
    if (auto done = port_.open(setup_.config.server.port); !done) return done;
    if (groups_) {
        if (auto done = groups_->start(); !done) return done;
    }
    const std::size_t masters = sentinel_->state().groups.size();
    log::info(part, "sentinel {} watches {} {}", sentinel_->state().my_id, masters, masters == 1 ? "master" : "masters");
    if (is_new_) sentinel_->save(moment());
    act();
    return {};
}

Result<> Watcher::change(const WatcherSetup& fresh) {
    HF_ASSERT(groups_ && fresh.groups, "only a sentinel with settings of its own reads them again");
    if (stopping_) return {};
    if (auto done = groups_->change(fresh.groups->groups); !done) return done;
    sentinel::SentinelOptions options = sentinel_->state().options;
    options.early_suspicion = fresh.config.saved.options.early_suspicion;
    if (options != sentinel_->state().options) sentinel_->set_options(std::move(options), moment());
    put_masters(*sentinel_, setup_.config.saved.groups, fresh.config.saved.groups, moment());
    setup_.config.saved.groups = fresh.config.saved.groups;
    act();
    return {};
}

void Watcher::stop(const std::function<void()>& done) {
    if (std::exchange(stopping_, true)) return;
    timer_.cancel();
    rest_.cancel();
    port_.close();
    links_.reset();
    if (groups_) groups_->stop();
    save_what_is_wanted();
    if (has_written()) return done();
    stopped_ = done;
}

bool Watcher::has_written() const {
    return !file_.busy() && wanted_ <= over_ && (!groups_ || groups_->has_written());
}

// Carries out what the sentinel wants, until it wants nothing more.
void Watcher::act() {
    if (acting_ || stopping_) return;
    acting_ = true;
    for (auto actions = sentinel_->take_actions(); !actions.empty(); actions = sentinel_->take_actions()) {
        for (const sentinel::Action& action : actions)
            std::visit([this](const auto& order) { carry_out(order); }, action);
    }
    acting_ = false;
    save_what_is_wanted();
    arm();
}

void Watcher::carry_out(const sentinel::Dial& order) {
    links_->dial(order, speaks_tls_with(order.address) ? client_tls_ : nullptr);
}
void Watcher::carry_out(const sentinel::HangUp& order) {
    links_->hang_up(order.link);
}
void Watcher::carry_out(const sentinel::Send& order) {
    links_->send(order);
}
void Watcher::carry_out(const sentinel::Tell& order) {
    tell(order.event);
}
void Watcher::carry_out(const sentinel::Save& order) {
    wanted_ = order.number;
}
void Watcher::carry_out(const sentinel::RunScript& order) {
    const sentinel::SentinelOptions& options = sentinel_->state().options;
    scripts_.set_times(options.script_retry_delay, options.script_max_runtime);
    scripts_.run(order.words);
}
void Watcher::carry_out(const sentinel::Crash&) {
    constexpr int simulated_failure = 99;
    std::_Exit(simulated_failure);
}

void Watcher::tell(const sentinel::Event& event) {
    const log::Level level = event_log_level(event);
    if (log::enabled(level)) log::write(level, part, event_line(event));
    const bool is_for_all = event.level != sentinel::EventLevel::debug && !event.log_only;
    if (is_for_all) clients_.publish(event.name, event.text);
}

void Watcher::arm() {
    const auto next = sentinel_->next_timer();
    if (next == armed_) return;
    armed_ = next;
    timer_.cancel();
    if (!next) return;
    timer_.expires_at(net::to_steady(*next));
    timer_.async_wait([this](const net::ErrorCode& error) {
        if (error) return;
        armed_.reset();
        sentinel_->tick(moment());
        act();
    });
}

void Watcher::save_what_is_wanted() {
    // One write at a time: what is wanted meanwhile goes into the next one.
    if (wanted_ <= over_ || file_.busy()) return;
    const Time now = clock_.now();
    if (now < rests_until_ && !stopping_) {
        rest_.expires_at(net::to_steady(rests_until_));
        rest_.async_wait([this](const net::ErrorCode& error) {
            if (!error) save_what_is_wanted();
        });
        return;
    }
    write_began_ = now;
    file_.write(wanted_, sentinel_->state(), server_lines_);
}

void Watcher::on_written(std::uint64_t number, const Result<>& written) {
    if (!written && !std::exchange(save_failed_, true)) {
        log::error(part, "the state cannot be saved: {}. Until it can, a restart forgets votes and what was found",
                   written.error().message());
    } else if (written && std::exchange(save_failed_, false)) {
        log::info(part, "the state is saved again");
    }
    over_ = number;
    const Time now = clock_.now();
    rests_until_ = now + std::min(now - write_began_, longest_rest);
    if (stopping_) {
        save_what_is_wanted();
        if (stopped_ && has_written()) std::exchange(stopped_, nullptr)();
        return;
    }
    sentinel_->saved(number, written.has_value(), moment());
    clients_.saves_over(number, written.has_value());
    act();
}

void Watcher::link_opened(sentinel::LinkId link, std::string_view local, std::string_view remote) {
    sentinel_->link_opened(link, local, moment(), remote);
    act();
}
void Watcher::link_closed(sentinel::LinkId link, sentinel::LinkEnd end) {
    sentinel_->link_closed(link, end, moment());
    act();
}
void Watcher::link_replied(sentinel::LinkId link, const resp::Reply& reply) {
    sentinel_->reply(link, reply, moment());
    act();
}

sentinel::ProcessFacts Watcher::process_facts() {
    sentinel::ProcessFacts facts;
    facts.version = setup_.version;
    facts.run_id = run_id_;
    utsname system{};
    if (::uname(&system) == 0) facts.os = fmt::format("{} {} {}", system.sysname, system.release, system.machine);
    facts.executable = setup_.executable;
    facts.config_file = setup_.config_file;
    facts.process_id = static_cast<std::uint64_t>(::getpid());
    facts.tcp_port = setup_.config.server.port;
    facts.started = started_;
    facts.connected_clients = clients_.size();
    facts.max_clients = setup_.config.server.max_clients;
    facts.connections_received = port_.counts().received;
    facts.connections_rejected = port_.counts().rejected;
    facts.commands_processed = desk_.counts().commands;
    facts.error_replies = desk_.counts().errors;
    const Time now = clock_.now();
    if (const Duration passed = now - sampled_; passed >= std::chrono::seconds(1)) {
        const auto span = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(passed).count());
        commands_per_second_ = sampled_ == Time{} ? 0 : (facts.commands_processed - sampled_commands_) / span;
        sampled_ = now;
        sampled_commands_ = facts.commands_processed;
    }
    facts.commands_per_second = commands_per_second_;
    facts.input_bytes = port_.traffic().input_bytes;
    facts.output_bytes = port_.traffic().output_bytes;
    facts.channels = clients_.channels();
    facts.patterns = clients_.patterns();
    rusage own{};
    rusage children{};
    ::getrusage(RUSAGE_SELF, &own);
    ::getrusage(RUSAGE_CHILDREN, &children);
    facts.cpu_system = seconds(own.ru_stime);
    facts.cpu_user = seconds(own.ru_utime);
    facts.cpu_system_children = seconds(children.ru_stime);
    facts.cpu_user_children = seconds(children.ru_utime);
    facts.scripts = scripts_.facts();
    return facts;
}

}  // namespace holdfast::watch
