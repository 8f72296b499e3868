// What sentinels of groups say to each other: greetings that spread the configuration, and questions that are answered.

#include <fmt/format.h>

#include <algorithm>

#include "sentinel/standby_state.h"

namespace holdfast::sentinel {

namespace {

constexpr Duration hello_period = std::chrono::seconds(2);
/// To a peer that could not be reached the last time.
constexpr Duration hello_again = std::chrono::milliseconds(500);
/// A hello without an answer is given up after this; a peer that has been silent for so long does not count as within reach.
constexpr Duration silence = std::chrono::seconds(5);
/// Who has voted just now does not help another candidate into a newer epoch: the first may be about to act.
constexpr Duration loyalty = std::chrono::milliseconds(300);

}  // namespace

Time Standby::State::step_peers() {
    Time next = Time::max();
    std::optional<StandbyHello> hello;
    for (auto& [address, peer] : peers) {
        if (peer.greeted && now - *peer.greeted >= silence) {
            peer.greeted.reset();
            peer.answered.reset();
            touch_all();
        }
        if (now >= peer.next_hello && !peer.greeted) {
            if (!hello) hello = own_hello();
            say(address, *hello);
            peer.greeted = now;
            peer.next_hello = now + hello_period;
        }
        next = std::min(next, peer.greeted ? *peer.greeted + silence : peer.next_hello);
    }
    return next;
}

void Standby::State::greet_all() {
    const StandbyHello hello = own_hello();
    for (auto& [address, peer] : peers) {
        say(address, hello);
        peer.greeted = now;
        peer.next_hello = now + hello_period;
    }
}

StandbyHello Standby::State::own_hello() const {
    StandbyHello hello{.sender = me, .epoch = current_epoch};
    for (const auto& [name, watch] : watches)
        hello.configurations.push_back(watch.configuration);
    return hello;
}

bool Standby::State::is_voter(const std::string& address, const StandbyPeer& peer) const {
    if (peer.id.empty() || peer.id == me) return false;
    // Of two addresses of one sentinel, only the first counts.
    return std::ranges::none_of(peers, [&](const auto& named) { return named.second.id == peer.id && named.first < address; });
}

bool Standby::State::counts(const std::string& address, const StandbyPeer& peer) const {
    return peer.answered && now - *peer.answered < silence && is_voter(address, peer);
}

std::size_t Standby::State::peers_in_reach() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(peers, [this](const auto& named) { return counts(named.first, named.second); }));
}

void Standby::State::heard(StandbyPeer& peer, const std::string& address, const std::string& id) {
    const bool was_away = !peer.answered;
    peer.answered = now;
    peer.id = id;
    if (was_away) touch_all();
    if (is_voter(address, peer) || warned_of_double) return;
    warned_of_double = true;
    actions.emplace_back(
        Tell{{.level = EventLevel::warning,
              .name = "-warning",
              .text = fmt::format("the sentinel at {} has the id {}, which is this one's own or that of another "
                                  "peer: it has no vote; give each an id of its own and name each once",
                                  address, id),
              .log_only = true}});
}

void Standby::State::take_reply(const std::string& address, StandbyPeer& peer, const std::vector<std::string>& said,
                                const StandbyReply& reply) {
    if (const auto* hello = std::get_if<StandbyHello>(&reply)) {
        peer.greeted.reset();
        wake.hasten(peers_wake, peer.next_hello);
        heard(peer, address, hello->sender);
        new_epoch(hello->epoch, nullptr);
        for (const StandbyConfiguration& configuration : hello->configurations)
            take(configuration, hello->sender);
        return;
    }
    const auto* with_vote = std::get_if<StandbyVoteAnswer>(&reply);
    const StandbyDownAnswer& view = with_vote != nullptr ? with_vote->view : std::get<StandbyDownAnswer>(reply);
    heard(peer, address, view.sender);
    new_epoch(view.epoch, find(view.configuration.group));
    take(view.configuration, view.sender);
    StandbyWatch* watch = find(view.configuration.group);
    if (watch == nullptr || !is_voter(address, peer)) return;
    touch(*watch);
    const bool is_about_the_same =
        view.configuration.epoch == watch->configuration.epoch && view.configuration.active == watch->configuration.active;
    StandbyWord& word = watch->words[address];
    word.says_down = view.down && is_about_the_same;
    word.answered = now;
    word.awaited = false;
    const auto asked = parse_message(said);
    const auto* request = asked ? std::get_if<StandbyVoteRequest>(&*asked) : nullptr;
    if (with_vote == nullptr || request == nullptr || !watch->election || request->epoch != watch->election->tally.epoch())
        return;
    // Who has not voted in this epoch when asked will not do so.
    if (with_vote->vote.epoch < request->epoch) watch->election->tally.pass(address);
    watch->election->tally.count(address, with_vote->vote);
}

void Standby::State::lost_contact(const std::string& address, StandbyPeer& peer, const std::vector<std::string>& said) {
    const auto message = parse_message(said);
    peer.answered.reset();
    peer.next_hello = std::min(peer.next_hello, now + hello_again);
    if (!message || std::holds_alternative<StandbyHello>(*message)) peer.greeted.reset();
    wake.hasten(peers_wake, now);
    if (const auto* question = message ? std::get_if<StandbyDownQuestion>(&*message) : nullptr) {
        if (StandbyWatch* watch = find(question->configuration.group)) watch->words[address].awaited = false;
    }
    touch_all();
}

void Standby::State::new_epoch(std::uint64_t epoch, const StandbyWatch* about) {
    if (epoch <= current_epoch) return;
    current_epoch = epoch;
    if (about != nullptr) tell(EventLevel::warning, "+new-epoch", *about, std::to_string(epoch));
    save();
}

void Standby::State::take(const StandbyConfiguration& heard, const std::string& from) {
    StandbyWatch* watch = find(heard.group);
    if (watch == nullptr || heard.active.empty() || heard.epoch <= watch->configuration.epoch) return;
    new_epoch(heard.epoch, watch);
    tell(EventLevel::notice, "+config-update-from", *watch, fmt::format("sentinel {}", from));
    if (heard.active != watch->configuration.active && !watch->configuration.active.empty()) watch->switched = now;
    if (watch->order && watch->order->target == heard.active) watch->order.reset();
    switch_to(*watch, heard, fmt::format("heard from sentinel {}", from));
    touch(*watch);
}

Result<Standby::Answer> Standby::State::answer(const StandbyHello& hello) {
    if (hello.sender != me) {
        new_epoch(hello.epoch, nullptr);
        for (const StandbyConfiguration& configuration : hello.configurations)
            take(configuration, hello.sender);
        // Whoever says hello may be one that could not be reached until now.
        for (auto& [address, peer] : peers) {
            if (!peer.answered) peer.next_hello = now;
        }
        wake.hasten(peers_wake, now);
    }
    return Answer{.words = format_reply(own_hello()), .after_save = still_to_wait_for(saves)};
}

Result<Standby::Answer> Standby::State::answer(const StandbyDownQuestion& question) {
    StandbyWatch* watch = find(question.configuration.group);
    if (watch == nullptr)
        return fail(SentinelErrc::unknown_group, fmt::format("there is no group {}", question.configuration.group));
    if (question.sender != me) {
        new_epoch(question.epoch, watch);
        take(question.configuration, question.sender);
    }
    const StandbySeat* active = watch->active();
    return Answer{.words = format_reply(StandbyDownAnswer{.sender = me,
                                                          .epoch = current_epoch,
                                                          .configuration = watch->configuration,
                                                          .down = active != nullptr && active->down}),
                  .after_save = still_to_wait_for(saves)};
}

bool Standby::State::grants(const StandbyWatch& watch, const StandbyVoteRequest& request) const {
    // Who does not know of the last switch would undo it.
    if (request.configuration.epoch < watch.configuration.epoch) return false;
    if (request.purpose == StandbyPurpose::order) return true;
    Time never = Time::max();
    if (!watch.has_settled(now, never)) return false;
    if (watch.voted && now - *watch.voted < loyalty && watch.ballot.last().leader != request.sender) return false;
    const StandbySeat* active = watch.active();
    const StandbySeat* target = watch.find(request.target);
    if (request.purpose == StandbyPurpose::first) return active == nullptr || active->down;
    if (request.purpose == StandbyPurpose::give_back) return target != nullptr && is_well(*target);
    return true;
}

Result<Standby::Answer> Standby::State::answer(const StandbyVoteRequest& request) {
    StandbyWatch* watch = find(request.configuration.group);
    if (watch == nullptr)
        return fail(SentinelErrc::unknown_group, fmt::format("there is no group {}", request.configuration.group));
    if (request.sender != me) {
        new_epoch(request.epoch, watch);
        take(request.configuration, request.sender);
        if (grants(*watch, request) && watch->ballot.ask(request.sender, request.epoch, current_epoch)) {
            watch->ballot_save = save();
            watch->voted = now;
            tell(EventLevel::warning, "+vote-for-leader", *watch, fmt::format("{} {}", request.sender, request.epoch));
            leave_to_another(*watch);
        }
    }
    const StandbySeat* active = watch->active();
    return Answer{.words = format_reply(StandbyVoteAnswer{.view = {.sender = me,
                                                                   .epoch = current_epoch,
                                                                   .configuration = watch->configuration,
                                                                   .down = active != nullptr && active->down},
                                                          .vote = watch->ballot.last()}),
                  .after_save = still_to_wait_for(saves)};
}

}  // namespace holdfast::sentinel
