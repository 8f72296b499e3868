#include "sentinel_process.h"

#include <algorithm>

#include "sentinel/hello.h"

namespace holdfast::sim {

using resp::Reply;

sentinel::SavedState saved_form(const sentinel::State& state) {
    sentinel::SavedState saved{.my_id = state.my_id, .current_epoch = state.current_epoch, .options = state.options};
    for (const auto& [name, group] : state.groups) {
        sentinel::SavedGroup& out = saved.groups.emplace_back();
        out = {.name = name,
               .master = group.master.address,
               .options = group.options,
               .config_epoch = group.config_epoch,
               .leader_epoch = group.leader_epoch};
        for (const auto& [key, replica] : group.replicas)
            out.replicas.push_back({.address = replica.address});
        for (const auto& [key, peer] : group.peers)
            out.peers.push_back({.address = peer.address, .run_id = peer.run_id});
    }
    return saved;
}

SentinelProcess::SentinelProcess(City& city, std::string name, Address address, sentinel::SavedState saved)
    : Process(std::move(name), std::move(address)), city_(city), disk_(std::move(saved)) {
    start();
}

void SentinelProcess::start() {
    ++life_;
    saved_ = 0;
    armed_ = Time::max();
    newest_epoch_ = 0;
    newest_configs_.clear();
    machine_ = std::make_unique<sentinel::Sentinel>(disk_, city_.dice.any(), city_.moment());
    // What the machine asks for first is carried out when everybody is there.
    city_.scheduler.after({}, [this, life = life_] {
        if (life == life_) act();
    });
}

void SentinelProcess::crash() {
    city_.net.crash(*this);
    machine_.reset();
    ++life_;
    connections_.clear();
    links_.clear();
    held_replies_.clear();
}

void SentinelProcess::restart() {
    city_.net.restarted(*this);
    start();
}

void SentinelProcess::with(const std::function<void(sentinel::Sentinel&)>& what) {
    what(*machine_);
    act();
}

void SentinelProcess::resumed() {
    const Time due = std::exchange(armed_, Time::max());
    if (machine_ && due <= city_.now()) machine_->tick(city_.moment());
    act();
}

void SentinelProcess::act() {
    if (!machine_ || acting_) return;
    acting_ = true;
    for (auto actions = machine_->take_actions(); !actions.empty(); actions = machine_->take_actions()) {
        for (const auto& action : actions)
            carry_out(action);
    }
    acting_ = false;
    const std::uint64_t epoch = machine_->state().current_epoch;
    if (epoch < newest_epoch_) throw Broken(name() + "'s epoch goes back");
    newest_epoch_ = epoch;
    for (const auto& [group_name, group] : machine_->state().groups) {
        std::uint64_t& newest = newest_configs_[group_name];
        if (group.config_epoch < newest) throw Broken(name() + "'s configuration's epoch goes back");
        newest = group.config_epoch;
    }
    arm();
}

void SentinelProcess::arm() {
    const auto next = machine_->next_timer();
    if (!next || *next >= armed_) return;
    armed_ = std::max(*next, city_.now());
    city_.scheduler.at(armed_, [this, when = armed_, life = life_] {
        if (life != life_ || armed_ != when) return;
        if (is_paused()) return;
        armed_ = Time::max();
        ++ticks_;
        machine_->tick(city_.moment());
        act();
    });
}

void SentinelProcess::carry_out(const sentinel::Action& action) {
    if (const auto* dial = std::get_if<sentinel::Dial>(&action)) {
        const ConnectionId id = city_.net.dial(*this, dial->address);
        connections_[dial->link] = id;
        links_[id] = dial->link;
    } else if (const auto* hang_up = std::get_if<sentinel::HangUp>(&action)) {
        if (const auto found = connections_.find(hang_up->link); found != connections_.end()) {
            city_.net.close(found->second, *this);
            links_.erase(found->second);
            connections_.erase(found);
        }
    } else if (const auto* order = std::get_if<sentinel::Send>(&action)) {
        send(*order);
    } else if (const auto* told = std::get_if<sentinel::Tell>(&action)) {
        note(told->event);
    } else if (const auto* save = std::get_if<sentinel::Save>(&action)) {
        city_.scheduler.after(city_.dice.duration(least_disk, most_disk),
                              [this, number = save->number, state = saved_form(machine_->state()), life = life_] {
                                  became_durable(number, state, life);
                              });
    }
}

void SentinelProcess::became_durable(sentinel::SaveNumber number, const sentinel::SavedState& state, std::uint64_t life) {
    if (life != life_ || number <= saved_) return;
    if (is_paused()) {
        city_.scheduler.after(std::chrono::milliseconds(5),
                              [this, number, state, life] { became_durable(number, state, life); });
        return;
    }
    disk_ = state;
    saved_ = number;
    machine_->saved(number, true, city_.moment());
    release();
    act();
}

void SentinelProcess::release() {
    for (auto& [connection, held] : held_replies_) {
        for (; !held.empty() && held.front().after_save <= saved_; held.pop_front()) {
            if (held.front().leaves) held.front().leaves();
            city_.net.answer(connection, held.front().reply);
        }
    }
}

void SentinelProcess::send(const sentinel::Send& order) {
    const auto found = connections_.find(order.link);
    if (found == connections_.end()) return;
    note_sent(order.words);
    if (says) says(city_.net.address_of(found->second), order.words);
    city_.net.send(found->second, order.words);
}

void SentinelProcess::note_sent(const Words& words) {
    if (words.front() == "SLAVEOF" && city_.may_act && !city_.may_act(*this))
        throw Broken(name() + " gives orders without a majority");
    if (words.front() != "PUBLISH") return;
    const auto hello = sentinel::parse_hello(words.at(2));
    if (!hello) throw Broken(name() + " says a hello that is none: " + words.at(2));
    city_.announced(hello->group, name(), hello->config_epoch, hello->master);
}

void SentinelProcess::note(const sentinel::Event& event) {
    city_.tell("{} {} {}", name(), event.name, event.text);
    if (event.name == "+switch-master") ++switches_;
    if (event.name == "+elected-leader") {
        const sentinel::Group& group = machine_->state().groups.at(event.group);
        city_.leads(event.group, id(), group.failover_epoch, group.peers.size() + 1);
    }
    if (heard) heard(event);
}

void SentinelProcess::connected(ConnectionId connection) {
    if (const auto found = links_.find(connection); found != links_.end())
        machine_->link_opened(found->second, address().host, city_.moment());
    act();
}

void SentinelProcess::closed(ConnectionId connection, LinkEnd end) {
    if (const auto found = links_.find(connection); found != links_.end()) {
        const sentinel::LinkId link = found->second;
        links_.erase(found);
        connections_.erase(link);
        machine_->link_closed(link, end, city_.moment());
    }
    act();
}

void SentinelProcess::reply(ConnectionId connection, const Reply& reply) {
    if (const auto found = links_.find(connection); found != links_.end())
        machine_->reply(found->second, reply, city_.moment());
    act();
}

Reply SentinelProcess::answer_to(const Words& words, sentinel::SaveNumber& after_save) {
    if (words.front() == "PING") return Reply::status("PONG");
    if (words.front() == "INFO") return Reply::bulk("# Server\r\nredis_version:7.0.15\r\nholdfast_version:1\r\n");
    if (words.front() == "PUBLISH") {
        machine_->hello(words.at(2), city_.moment());
        return Reply::number(1);
    }
    if (words.front() != "SENTINEL") return Reply::status("OK");
    const Address master{.host = words.at(2), .port = static_cast<std::uint16_t>(std::stoi(words.at(3)))};
    const bool is_request = words.at(5) != "*";
    const auto answer =
        machine_->is_master_down(master, std::stoull(words.at(4)), is_request ? words.at(5) : "", city_.moment());
    after_save = answer.after_save;
    return Reply::array({Reply::number(answer.down ? 1 : 0), Reply::bulk(answer.leader.empty() ? "*" : answer.leader),
                         Reply::number(static_cast<std::int64_t>(answer.leader_epoch))});
}

std::string SentinelProcess::group_of(const Words& words) const {
    for (const auto& [name, group] : machine_->state().groups) {
        if (group.master.address.host == words.at(2) && std::to_string(group.master.address.port) == words.at(3)) return name;
    }
    return {};
}

void SentinelProcess::request(ConnectionId connection, const Words& words) {
    sentinel::SaveNumber after_save = 0;
    HeldReply held{.reply = answer_to(words, after_save)};
    held.after_save = after_save;
    if (held.reply.items.size() == 3 && held.reply.items[1].text != "*") {
        held.leaves = [this, group = group_of(words), leader = held.reply.items[1].text,
                       epoch = static_cast<std::uint64_t>(held.reply.items[2].integer)] {
            city_.voted(group, id(), epoch, leader);
            if (answers) answers(leader, epoch);
        };
    }
    held_replies_[connection].push_back(std::move(held));
    release();
    act();
}

}  // namespace holdfast::sim
