#include "stock_model.h"

#include <algorithm>

namespace holdfast::sim {

using resp::Reply;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Duration ping_period = seconds(1);
constexpr Duration hello_period = seconds(2);
constexpr Duration ask_period = seconds(1);

}  // namespace

StockModel::StockModel(City& city, std::string name, Address address, std::string id, StockSettings settings)
    : Process(std::move(name), std::move(address)), city_(city), id_(std::move(id)), settings_(std::move(settings)) {
    file_.master = settings_.master;
    start();
}

void StockModel::start() {
    ++life_;
    kept_ = file_;
    leader_.clear();
    agreed_ = false;
    step_ = Step::none;
    failover_started_ = {};
    tilt_until_ = {};
    replicas_.clear();
    peers_.clear();
    const auto fresh = [this](Kind kind, const Address& where) {
        Instance instance{.kind = kind, .address = where};
        instance.role = kind == Kind::master ? sentinel::Role::master : sentinel::Role::replica;
        instance.unanswered = instance.last_ok = instance.last_pong = instance.up_since = instance.role_since =
            instance.follows_since = city_.now();
        return instance;
    };
    master_ = fresh(Kind::master, kept_.master);
    for (const Address& replica : kept_.replicas)
        replicas_[replica] = fresh(Kind::replica, replica);
    for (const auto& [where, id] : kept_.peers) {
        peers_[id] = fresh(Kind::peer, where);
        peers_[id].id = id;
    }
    last_tick_ = city_.now();
    city_.scheduler.after(city_.dice.duration(milliseconds(1), milliseconds(100)), [this, life = life_] {
        if (life == life_) tick();
    });
}

void StockModel::crash() {
    city_.net.crash(*this);
    ++life_;
}

void StockModel::restart() {
    city_.net.restarted(*this);
    start();
}

void StockModel::tick() {
    city_.scheduler.after(city_.dice.duration(milliseconds(53), milliseconds(100)), [this, life = life_] {
        if (life == life_) tick();
    });
    if (is_paused()) return;
    if (city_.now() - last_tick_ > seconds(2)) tilt_until_ = city_.now() + seconds(30);
    last_tick_ = city_.now();
    each([this](Instance& instance) { step(instance); });
    if (city_.now() < tilt_until_) return;
    each([this](Instance& instance) { judge(instance); });
    judge_agreement();
    begin_if_due();
    drive();
    ask_peers(false);
}

void StockModel::step(Instance& instance) {
    dial(instance);
    const Time now = city_.now();
    if (!instance.command_up || instance.awaited.size() > 100) return;
    const bool hot = agreed_ || step_ != Step::none;
    const bool odd = instance.info_at && !instance.info.follows_link_up;
    const Duration info_period = instance.kind == Kind::replica && (hot || odd) ? Duration(seconds(1)) : Duration(seconds(10));
    if (instance.kind != Kind::peer && (!instance.info_at || now - *instance.info_at > info_period) &&
        (now - instance.info_sent > info_period || !instance.info_at)) {
        if (std::ranges::find(instance.awaited, Said::info) == instance.awaited.end()) say(instance, Said::info, {"INFO"});
        instance.info_sent = now;
    }
    const Duration period = std::min<Duration>(ping_period, settings_.down_after);
    if (now - instance.last_pong > period && now - instance.last_ping > period / 2) {
        say(instance, Said::ping, {"PING"});
        instance.last_ping = now;
        if (!instance.unanswered) instance.unanswered = now;
    }
    if (now - instance.last_hello > hello_period) {
        instance.last_hello = now;
        const sentinel::Hello hello{.sender = address(),
                                    .run_id = id_,
                                    .current_epoch = kept_.current_epoch,
                                    .group = settings_.group,
                                    .master = announced_master(),
                                    .config_epoch = kept_.config_epoch};
        city_.announced(settings_.group, name(), hello.config_epoch, hello.master);
        say(instance, Said::other, {"PUBLISH", std::string(sentinel::hello_channel), sentinel::format_hello(hello)});
    }
}

void StockModel::dial(Instance& instance) {
    const Time now = city_.now();
    const bool stale = instance.command_up && instance.unanswered && now - *instance.unanswered > settings_.down_after / 2 &&
                       now - instance.last_dial > seconds(15);
    if (stale) hang_up(instance);
    const bool whole = instance.command_up && (instance.kind == Kind::peer || instance.subscription != 0);
    if (whole || now - instance.last_dial < ping_period) return;
    instance.last_dial = now;
    if (!instance.command_up) {
        hang_up(instance);
        instance.command = city_.net.dial(*this, instance.address);
        if (!instance.unanswered) instance.unanswered = now;
    }
    if (instance.kind != Kind::peer && instance.subscription == 0)
        instance.subscription = city_.net.dial(*this, instance.address);
}

void StockModel::hang_up(Instance& instance) {
    if (instance.command != 0) city_.net.close(instance.command, *this);
    if (instance.subscription != 0) city_.net.close(instance.subscription, *this);
    instance.command = instance.subscription = 0;
    instance.command_up = false;
    instance.awaited.clear();
}

StockModel::Instance* StockModel::find(ConnectionId connection) {
    Instance* found = nullptr;
    each([&](Instance& instance) {
        if (instance.command == connection || instance.subscription == connection) found = &instance;
    });
    return found;
}

void StockModel::connected(ConnectionId connection) {
    Instance* instance = find(connection);
    if (instance == nullptr) return;
    if (connection == instance->subscription) {
        city_.net.send(connection, {"SUBSCRIBE", std::string(sentinel::hello_channel)});
        return;
    }
    instance->command_up = true;
    say(*instance, Said::ping, {"PING"});
    instance->last_ping = city_.now();
    if (!instance->unanswered) instance->unanswered = city_.now();
}

void StockModel::closed(ConnectionId connection, LinkEnd) {
    Instance* instance = find(connection);
    if (instance == nullptr) return;
    if (connection == instance->subscription) {
        instance->subscription = 0;
        return;
    }
    instance->command = 0;
    instance->command_up = false;
    instance->awaited.clear();
}

void StockModel::say(Instance& instance, Said said, Words words) {
    if (!instance.command_up) return;
    instance.awaited.push_back(said);
    city_.net.send(instance.command, std::move(words));
}

void StockModel::reply(ConnectionId connection, const Reply& reply) {
    Instance* instance = find(connection);
    if (instance == nullptr) return;
    if (connection == instance->subscription) {
        if (reply.items.size() == 3 && reply.items[0].text == "message") hear(reply.items[2].text);
        return;
    }
    if (instance->awaited.empty()) return;
    const Said said = instance->awaited.front();
    instance->awaited.pop_front();
    if (said == Said::ping) {
        instance->last_pong = city_.now();
        if (reply.text == "PONG" || reply.text.starts_with("LOADING")) {
            instance->last_ok = city_.now();
            instance->unanswered.reset();
        }
    } else if (said == Said::info && reply.is_text()) {
        take_info(*instance, reply.text);
    } else if (said == Said::ask && reply.items.size() == 3) {
        instance->ask_answered = city_.now();
        instance->says_down = reply.items[0].integer == 1;
        if (reply.items[1].text != "*") {
            instance->leader = reply.items[1].text;
            instance->leader_epoch = static_cast<std::uint64_t>(reply.items[2].integer);
        }
    }
}

void StockModel::take_info(Instance& instance, const std::string& text) {
    const Time now = city_.now();
    const sentinel::InfoText info = sentinel::read_info(text);
    if (info.role && *info.role != instance.role) {
        instance.role = *info.role;
        instance.role_since = now;
    }
    if (info.follows != instance.info.follows) instance.follows_since = now;
    instance.info = info;
    instance.info_at = now;
    if (instance.kind == Kind::master && instance.role == sentinel::Role::master) {
        for (const Address& replica : info.replicas) {
            if (replicas_.contains(replica) || replica == master_.address) continue;
            Instance& added = replicas_[replica] = {.kind = Kind::replica, .address = replica};
            added.unanswered = added.last_ok = added.last_pong = added.up_since = added.role_since = added.follows_since = now;
            kept_.replicas.push_back(replica);
            file_ = kept_;
        }
    }
    if (now < tilt_until_ || instance.kind != Kind::replica) return;
    const bool sane = master_.role == sentinel::Role::master && !master_.down_since && master_.info_at &&
                      now - *master_.info_at < seconds(20);
    const auto up_for = [&](Duration time) { return !instance.down_since && now - instance.up_since > time; };
    if (instance.role == sentinel::Role::master) {
        if (step_ == Step::wait_promotion && instance.address == chosen_) {
            kept_.config_epoch = failover_epoch_;
            file_ = kept_;
            step_ = Step::reconf;
            step_since_ = now;
            city_.tell("{} +promoted-slave {}:{}", name(), chosen_.host, chosen_.port);
            each([](Instance& every) { every.last_hello = {}; });
        } else if (sane && up_for(hello_period * 4) && now - instance.role_since > hello_period * 4) {
            city_.tell("{} +convert-to-slave {}", name(), instance.address.host);
            slaveof(instance, master_.address);
        }
        return;
    }
    if (step_ == Step::reconf) {
        const bool follows = info.follows == chosen_;
        if (instance.reconf == Reconf::sent && follows) instance.reconf = Reconf::in_progress;
        if (instance.reconf == Reconf::in_progress && info.follows_link_up) instance.reconf = Reconf::done;
    } else if (step_ == Step::none && info.follows != master_.address && sane && up_for(settings_.failover_timeout) &&
               now - instance.follows_since > settings_.failover_timeout) {
        city_.tell("{} +fix-slave-config {}", name(), instance.address.host);
        slaveof(instance, master_.address);
    }
}

void StockModel::judge(Instance& instance) {
    const Time now = city_.now();
    Duration silent{};
    if (instance.unanswered) {
        silent = now - *instance.unanswered;
    } else if (!instance.command_up) {
        silent = now - instance.last_ok;
    }
    const bool wrong_role = instance.kind == Kind::master && instance.role == sentinel::Role::replica &&
                            now - instance.role_since > settings_.down_after + seconds(20);
    const bool down = silent > settings_.down_after || wrong_role;
    if (down == instance.down_since.has_value()) return;
    if (down) {
        instance.down_since = now;
    } else {
        instance.down_since.reset();
        instance.up_since = now;
    }
    if (instance.kind == Kind::master)
        city_.tell("{} {} {}:{}", name(), down ? "+sdown" : "-sdown", instance.address.host, instance.address.port);
}

void StockModel::judge_agreement() {
    std::size_t down = master_.down_since ? 1 : 0;
    for (auto& [id, peer] : peers_) {
        if (city_.now() - peer.ask_answered > ask_period * 5) {
            peer.says_down = false;
            peer.leader.clear();
        }
        if (master_.down_since && peer.says_down) ++down;
    }
    const bool agreed = down >= settings_.quorum && master_.down_since;
    if (agreed && !agreed_) city_.tell("{} +odown {}", name(), down);
    agreed_ = agreed;
}

void StockModel::begin_if_due() {
    if (!agreed_ || step_ != Step::none) return;
    if (failover_started_ != Time{} && city_.now() - failover_started_ < settings_.failover_timeout * 2) return;
    failover_epoch_ = ++kept_.current_epoch;
    city_.tell("{} +try-failover epoch {}", name(), failover_epoch_);
    step_ = Step::wait_start;
    step_since_ = city_.now();
    failover_started_ = city_.now() + city_.dice.duration({}, milliseconds(999));
    ask_peers(true);
}

void StockModel::abort(std::string_view why) {
    city_.tell("{} {}", name(), why);
    step_ = Step::none;
    chosen_ = {};
}

void StockModel::drive() {
    const Time now = city_.now();
    const auto chosen = replicas_.find(chosen_);
    switch (step_) {
        case Step::none:
            break;
        case Step::wait_start:
            count_votes();
            break;
        case Step::select:
            select();
            break;
        case Step::send_noone:
            if (chosen != replicas_.end() && chosen->second.command_up) {
                slaveof(chosen->second, {});
                step_ = Step::wait_promotion;
                step_since_ = now;
            } else if (now - step_since_ > settings_.failover_timeout) {
                abort("-failover-abort-slave-timeout");
            }
            break;
        case Step::wait_promotion:
            if (now - step_since_ > settings_.failover_timeout) abort("-failover-abort-slave-timeout");
            break;
        case Step::reconf:
            reconf_replicas();
            break;
        case Step::update:
            finish();
            break;
    }
}

void StockModel::count_votes() {
    const Time now = city_.now();
    std::map<std::string, std::size_t> votes;
    for (const auto& [id, peer] : peers_) {
        if (!peer.leader.empty() && peer.leader_epoch == kept_.current_epoch) ++votes[peer.leader];
    }
    const auto best = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
    const auto [mine, epoch] = vote(kept_.current_epoch, best == votes.end() ? id_ : best->first);
    if (!mine.empty() && epoch == kept_.current_epoch) ++votes[mine];
    const std::size_t needed = std::max((peers_.size() + 1) / 2 + 1, settings_.quorum);
    // The one that has most votes, whichever that is; it must be this one, in the epoch that it stands for.
    if (votes[id_] >= needed && kept_.current_epoch == failover_epoch_) {
        city_.leads(settings_.group, id_, failover_epoch_, peers_.size() + 1);
        city_.tell("{} +elected-leader epoch {}", name(), failover_epoch_);
        step_ = Step::select;
        step_since_ = now;
    } else if (now - failover_started_ > std::min<Duration>(seconds(10), settings_.failover_timeout)) {
        abort("-failover-abort-not-elected");
    }
}

void StockModel::select() {
    const Time now = city_.now();
    Instance* best = nullptr;
    for (auto& [where, replica] : replicas_) {
        const bool fit =
            !replica.down_since && replica.command_up && now - replica.last_ok <= seconds(5) && replica.info.priority != 0 &&
            replica.info_at && now - *replica.info_at <= seconds(5) &&
            replica.info.follows_link_down_for <= settings_.down_after * 10 + (now - master_.down_since.value_or(now));
        if (!fit) continue;
        const auto rank = [](const Instance& one) {
            return std::tuple(one.info.priority, ~one.info.replica_offset.value_or(0), one.info.run_id);
        };
        if (best == nullptr || rank(replica) < rank(*best)) best = &replica;
    }
    if (best == nullptr) return abort("-failover-abort-no-good-slave");
    chosen_ = best->address;
    city_.tell("{} +selected-slave {}", name(), chosen_.host);
    step_ = Step::send_noone;
    step_since_ = now;
}

void StockModel::reconf_replicas() {
    const Time now = city_.now();
    std::size_t under_way = 0;
    bool open = false;
    for (auto& [where, replica] : replicas_) {
        if (replica.reconf == Reconf::sent && now - replica.reconf_at > seconds(10)) replica.reconf = Reconf::done;
        if (replica.reconf == Reconf::sent || replica.reconf == Reconf::in_progress) ++under_way;
    }
    const bool late = now - step_since_ > settings_.failover_timeout;
    for (auto& [where, replica] : replicas_) {
        if (where == chosen_ || replica.reconf == Reconf::done || replica.down_since) continue;
        open = true;
        if (replica.reconf != Reconf::none || !replica.command_up || (under_way > 0 && !late)) continue;
        slaveof(replica, chosen_);
        replica.reconf = Reconf::sent;
        replica.reconf_at = now;
        ++under_way;
    }
    if (!open || late) step_ = Step::update;
}

void StockModel::finish() {
    switch_to(chosen_);
}

void StockModel::switch_to(const Address& to) {
    const Time now = city_.now();
    city_.tell("{} +switch-master {} to {}", name(), master_.address.host, to.host);
    ++switches_;
    const Address from = master_.address;
    hang_up(master_);
    for (auto& [where, replica] : replicas_)
        hang_up(replica);
    // The time of the last dialling is kept with the instance that is reset, and so is the wait after it.
    const Time last_dial = master_.last_dial;
    std::vector<Address> others{from};
    for (const auto& [where, replica] : replicas_) {
        if (where != to) others.push_back(where);
    }
    replicas_.clear();
    const auto fresh = [now](Kind kind, const Address& where) {
        Instance instance{.kind = kind, .address = where};
        instance.role = kind == Kind::master ? sentinel::Role::master : sentinel::Role::replica;
        instance.unanswered = instance.last_ok = instance.last_pong = instance.up_since = instance.role_since =
            instance.follows_since = now;
        return instance;
    };
    master_ = fresh(Kind::master, to);
    master_.last_dial = last_dial;
    for (const Address& where : others)
        replicas_[where] = fresh(Kind::replica, where);
    for (auto& [id, peer] : peers_)
        peer.says_down = false;
    kept_.master = to;
    kept_.replicas = others;
    file_ = kept_;
    step_ = Step::none;
    chosen_ = {};
    failover_started_ = {};
    agreed_ = false;
    leader_.clear();
}

void StockModel::slaveof(Instance& instance, const Address& master) {
    const bool nobody = master.host.empty();
    say(instance, Said::other, {"MULTI"});
    say(instance, Said::other, {"SLAVEOF", nobody ? "NO" : master.host, nobody ? "ONE" : std::to_string(master.port)});
    say(instance, Said::other, {"CONFIG", "REWRITE"});
    say(instance, Said::other, {"CLIENT", "KILL", "TYPE", "normal"});
    say(instance, Said::other, {"CLIENT", "KILL", "TYPE", "pubsub"});
    say(instance, Said::other, {"EXEC"});
}

void StockModel::ask_peers(bool forced) {
    if (!master_.down_since) return;
    for (auto& [id, peer] : peers_) {
        if (!peer.command_up || (!forced && city_.now() - std::max(peer.ask_answered, peer.ask_sent) < ask_period)) continue;
        peer.ask_sent = city_.now();
        say(peer, Said::ask,
            {"SENTINEL", "is-master-down-by-addr", master_.address.host, std::to_string(master_.address.port),
             std::to_string(kept_.current_epoch), step_ == Step::none ? "*" : id_});
    }
}

Address StockModel::announced_master() const {
    return step_ == Step::reconf || step_ == Step::update ? chosen_ : master_.address;
}

void StockModel::new_epoch(std::uint64_t epoch) {
    if (epoch <= kept_.current_epoch) return;
    kept_.current_epoch = epoch;
    file_ = kept_;
}

std::pair<std::string, std::uint64_t> StockModel::vote(std::uint64_t epoch, const std::string& candidate) {
    new_epoch(epoch);
    if (kept_.leader_epoch < epoch && kept_.current_epoch <= epoch) {
        kept_.leader_epoch = epoch;
        leader_ = candidate;
        file_ = kept_;
        city_.tell("{} +vote-for-leader {} {}", name(), candidate.substr(0, 4), epoch);
        if (candidate != id_) failover_started_ = city_.now() + city_.dice.duration({}, milliseconds(999));
    }
    return {leader_, kept_.leader_epoch};
}

void StockModel::request(ConnectionId connection, const Words& words) {
    if (words.front() == "PING") return city_.net.answer(connection, Reply::status("PONG"));
    if (words.front() == "INFO") return city_.net.answer(connection, Reply::bulk("# Server\r\nredis_version:7.0.15\r\n"));
    if (words.front() == "PUBLISH") {
        hear(words.at(2));
        return city_.net.answer(connection, Reply::number(1));
    }
    if (words.front() != "SENTINEL") return city_.net.answer(connection, Reply::status("OK"));
    const bool known = words.at(2) == master_.address.host && std::stoi(words.at(3)) == master_.address.port;
    const bool down = known && master_.down_since && city_.now() >= tilt_until_;
    std::pair<std::string, std::uint64_t> given{"", 0};
    if (known && words.at(5) != "*") {
        given = vote(std::stoull(words.at(4)), words.at(5));
        if (!given.first.empty()) city_.voted(settings_.group, id_, given.second, given.first);
    }
    city_.net.answer(connection,
                     Reply::array({Reply::number(down ? 1 : 0), Reply::bulk(given.first.empty() ? "*" : given.first),
                                   Reply::number(static_cast<std::int64_t>(given.second))}));
}

void StockModel::hear(const std::string& text) {
    const auto hello = sentinel::parse_hello(text);
    if (!hello || hello->run_id == id_ || hello->group != settings_.group) return;
    if (!peers_.contains(hello->run_id)) {
        Instance& peer = peers_[hello->run_id] = {.kind = Kind::peer, .address = hello->sender, .id = hello->run_id};
        peer.unanswered = peer.last_ok = peer.last_pong = peer.up_since = city_.now();
        kept_.peers[hello->sender] = hello->run_id;
        file_ = kept_;
    }
    new_epoch(hello->current_epoch);
    if (hello->config_epoch <= kept_.config_epoch) return;
    kept_.config_epoch = hello->config_epoch;
    file_ = kept_;
    if (hello->master != master_.address) switch_to(hello->master);
}

}  // namespace holdfast::sim
