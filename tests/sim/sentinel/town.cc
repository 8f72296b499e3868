#include "town.h"

#include <algorithm>

namespace holdfast::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

std::string make_id(Dice& dice) {
    return fmt::format("{:016x}{:016x}{:08x}", dice.any(), dice.any(), dice.any() & 0xffffffff);
}

}  // namespace

Town::Town(City& city, const TownPlan& plan) : city_(city) {
    for (std::size_t i = 0; i < plan.servers; ++i) {
        const Address address{.host = fmt::format("10.0.1.{}", i + 1), .port = 6379};
        servers.push_back(std::make_unique<RedisModel>(city, fmt::format("redis-{}", i + 1), address));
        city.servers.push_back(address);
        city.net.add(*servers.back());
        if (i > 0) servers.back()->follow(servers.front()->address());
    }
    const std::size_t all = plan.own + plan.stock;
    const auto quorum = plan.quorum == 0 ? static_cast<unsigned>(all / 2 + 1) : plan.quorum;
    city.configurations[{std::string(group_name), 0}] = servers.front()->address();
    for (std::size_t i = 0; i < plan.own; ++i) {
        sentinel::SavedState saved{.my_id = make_id(city.dice)};
        saved.options.early_suspicion = plan.early_suspicion;
        saved.groups.push_back({.name = std::string(group_name), .master = servers.front()->address()});
        saved.groups.back().options.quorum = quorum;
        saved.groups.back().options.down_after = plan.down_after;
        saved.groups.back().options.failover_timeout = plan.failover_timeout;
        if (plan.tune) plan.tune(saved);
        const Address address{.host = fmt::format("10.0.0.{}", i + 1), .port = 26379};
        own.push_back(std::make_unique<SentinelProcess>(city, fmt::format("own-{}", i + 1), address, std::move(saved)));
        city.net.add(*own.back());
    }
    for (std::size_t i = 0; i < plan.stock; ++i) {
        const Address address{.host = fmt::format("10.0.0.{}", plan.own + i + 1), .port = 26379};
        const StockSettings settings{.group = std::string(group_name),
                                     .master = servers.front()->address(),
                                     .quorum = quorum,
                                     .down_after = plan.down_after,
                                     .failover_timeout = plan.failover_timeout};
        stock.push_back(
            std::make_unique<StockModel>(city, fmt::format("stock-{}", i + 1), address, make_id(city.dice), settings));
        city.net.add(*stock.back());
    }
    watch_majorities();
    // By then it has noticed that the others are silent.
    city.may_act = [this](const Process& one) {
        return reaches_majority(one) || city_.now() - had_majority_[&one] < seconds(8);
    };
}

bool Town::reaches_majority(const Process& one) {
    const auto all = sentinels();
    const auto reaches = [&](const Process* other) {
        return other == &one || (other->runs() && !city_.net.is_cut(one, *other));
    };
    return 2 * static_cast<std::size_t>(std::ranges::count_if(all, reaches)) > all.size();
}

void Town::watch_majorities() {
    for (const Process* one : sentinels()) {
        if (reaches_majority(*one)) had_majority_[one] = city_.now();
    }
    city_.scheduler.after(milliseconds(100), [this] { watch_majorities(); });
}

bool Town::run_until(const std::function<bool()>& holds, Duration at_most) {
    const Time end = city_.now() + at_most;
    while (!holds()) {
        if (city_.now() >= end) return false;
        run_for(milliseconds(5));
    }
    return true;
}

std::vector<Process*> Town::sentinels() {
    std::vector<Process*> all;
    for (const auto& one : own)
        all.push_back(one.get());
    for (const auto& one : stock)
        all.push_back(one.get());
    return all;
}

std::vector<Process*> Town::everybody() {
    std::vector<Process*> all = sentinels();
    for (const auto& one : servers)
        all.push_back(one.get());
    return all;
}

RedisModel& Town::server(const Address& address) {
    return *std::ranges::find_if(servers, [&](const auto& one) { return one->address() == address; })->get();
}

RedisModel* Town::agreed_master() {
    std::optional<std::pair<Address, std::uint64_t>> agreed;
    const auto same = [&agreed](const Address& address, std::uint64_t epoch) {
        if (!agreed) agreed = {address, epoch};
        return *agreed == std::pair(address, epoch);
    };
    for (const auto& one : own) {
        if (!one->runs()) continue;
        const sentinel::Group& group = one->state().groups.begin()->second;
        if (!same(group.master.address, group.config_epoch)) return nullptr;
    }
    for (const auto& one : stock) {
        if (one->runs() && !same(one->master(), one->config_epoch())) return nullptr;
    }
    return agreed ? &server(agreed->first) : nullptr;
}

bool Town::is_whole() {
    RedisModel* master = agreed_master();
    if (master == nullptr || !master->runs() || !master->is_master()) return false;
    if (std::ranges::any_of(stock, [](const auto& one) { return one->is_failing_over(); })) return false;
    return std::ranges::all_of(servers, [master](const auto& one) {
        return one.get() == master || !one->runs() || (one->master() == master->address() && one->link_is_up());
    });
}

std::string Town::picture() {
    std::string text = fmt::format("at {:.0f} ms:\n", city_.milliseconds());
    for (const auto& one : servers)
        text += fmt::format("  {} {} {} follows {} link {}\n", one->name(), one->address().host,
                            one->runs() ? (one->is_master() ? "master" : "replica") : "not running", one->master().host,
                            one->link_is_up());
    for (const auto& one : own) {
        if (!one->is_up()) continue;
        const sentinel::Group& group = one->state().groups.begin()->second;
        text += fmt::format("  {} names {} epoch {} of {} step {} peers {}{}\n", one->name(), group.master.address.host,
                            group.config_epoch, one->state().current_epoch, static_cast<int>(group.step), group.peers.size(),
                            group.master.objectively_down_since ? " odown" : "");
    }
    for (const auto& one : stock)
        text += fmt::format("  {} names {} epoch {}\n", one->name(), one->master().host, one->config_epoch());
    return text;
}

std::size_t Town::switches() const {
    std::size_t count = 0;
    for (const auto& one : own)
        count += one->switches();
    for (const auto& one : stock)
        count += one->switches();
    return count;
}

void Town::crash(Process& sentinel) {
    if (auto* one = dynamic_cast<SentinelProcess*>(&sentinel)) one->crash();
    if (auto* one = dynamic_cast<StockModel*>(&sentinel)) one->crash();
}

void Town::restart(Process& sentinel) {
    if (auto* one = dynamic_cast<SentinelProcess*>(&sentinel)) one->restart();
    if (auto* one = dynamic_cast<StockModel*>(&sentinel)) one->restart();
}

void Town::strike() {
    const std::size_t what = city_.dice.below(10);
    if (what < 4) return strike_server();
    if (what < 7) return strike_sentinel();
    strike_network();
}

void Town::strike_server() {
    RedisModel& struck = *city_.dice.pick(servers);
    if (!struck.is_up()) {
        city_.tell("-- {} restarts", struck.name());
        struck.restart(city_.dice.chance(0.1));
    } else if (struck.is_paused()) {
        city_.tell("-- {} goes on", struck.name());
        city_.net.resume(struck);
    } else if (city_.dice.chance(0.6)) {
        city_.tell("-- {} crashes", struck.name());
        struck.crash();
        if (city_.dice.chance(0.3)) struck.restart(city_.dice.chance(0.3));
    } else {
        city_.tell("-- {} stands still", struck.name());
        city_.net.pause(struck);
    }
}

void Town::strike_sentinel() {
    const auto all = sentinels();
    Process& struck = *all[city_.dice.below(all.size())];
    if (!struck.is_up()) {
        city_.tell("-- {} restarts", struck.name());
        restart(struck);
    } else if (struck.is_paused()) {
        city_.tell("-- {} goes on", struck.name());
        city_.net.resume(struck);
    } else if (city_.dice.chance(0.6)) {
        city_.tell("-- {} crashes", struck.name());
        crash(struck);
        if (city_.dice.chance(0.6)) restart(struck);
    } else {
        city_.tell("-- {} stands still", struck.name());
        city_.net.pause(struck);
    }
}

void Town::strike_network() {
    const auto all = everybody();
    if (city_.dice.chance(0.4)) {
        city_.tell("-- the network heals");
        city_.net.heal_all();
        return;
    }
    if (city_.dice.chance(0.5)) {
        Process& a = *all[city_.dice.below(all.size())];
        Process& b = *all[city_.dice.below(all.size())];
        city_.tell("-- {} and {} are cut off from each other", a.name(), b.name());
        city_.net.cut(a, b);
        return;
    }
    std::vector<Process*> side;
    for (Process* one : all) {
        if (city_.dice.chance(0.3)) side.push_back(one);
    }
    for (Process* one : all) {
        if (std::ranges::find(side, one) != side.end()) continue;
        for (Process* other : side)
            city_.net.cut(*one, *other);
    }
    std::string names;
    for (const Process* one : side)
        names += one->name() + " ";
    city_.tell("-- {}are cut off from the rest", names);
}

void Town::repair() {
    city_.tell("-- everything runs again");
    city_.net.heal_all();
    for (Process* one : everybody()) {
        if (one->is_paused()) city_.net.resume(*one);
    }
    for (const auto& one : servers) {
        if (!one->is_up()) one->restart();
        one->loading = one->busy = false;
    }
    for (Process* one : sentinels()) {
        if (!one->is_up()) restart(*one);
    }
}

}  // namespace holdfast::sim
