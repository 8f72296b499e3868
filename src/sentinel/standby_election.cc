// Being elected to make another member the active one, and doing it.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "sentinel/standby_state.h"

namespace holdfast::sentinel {

namespace {

/// How long votes are waited for. Voters write them down first, which takes a disk's time.
constexpr Duration election_limit = std::chrono::seconds(1);
/// A voter that has not answered is asked again after this.
constexpr Duration vote_again = std::chrono::milliseconds(200);
/// A lost election is tried again in a new epoch after a random time between these.
constexpr Duration retry_least = std::chrono::milliseconds(50);
constexpr Duration retry_most = std::chrono::milliseconds(300);
/// How long another candidate that has the own vote is left alone with it.
constexpr Duration patience_with_another = std::chrono::seconds(1);
/// Between candidates, so that they do not stand for election at the same time.
constexpr Duration rank_step = std::chrono::milliseconds(40);

}  // namespace

std::size_t Standby::State::votes_needed(const StandbyWatch& watch, StandbyPurpose purpose) const {
    const std::size_t most = majority(voters());
    return purpose == StandbyPurpose::replace ? std::max<std::size_t>(most, watch.options.quorum) : most;
}

Duration Standby::State::rank_delay(const StandbyWatch& watch) const {
    Rank rank(me, watch.name());
    for (const auto& [address, peer] : peers) {
        if (counts(address, peer)) rank.meet(peer.id);
    }
    return rank_step * rank.place();
}

void Standby::State::maybe_begin(StandbyWatch& watch, Time& next) {
    auto want = wanted(watch, next);
    if (!want) {
        watch.wants_since.reset();
        return;
    }
    // Without a majority within reach an election would only use up an epoch. That they are all used up, only lies can do.
    if (1 + peers_in_reach() < votes_needed(watch, want->purpose) || current_epoch >= largest_standby_epoch) {
        if (want->purpose == StandbyPurpose::order) {
            tell(EventLevel::warning, "-failover-abort-not-elected", watch, {});
            drop_order(watch);
        }
        return;
    }
    if (!watch.wants_since) watch.wants_since = now;
    const bool at_once = want->purpose == StandbyPurpose::order;
    const Time due = std::max(watch.next_attempt, *watch.wants_since + (at_once ? Duration::zero() : rank_delay(watch)));
    if (now < due) {
        next = std::min(next, due);
        return;
    }
    begin(watch, *std::move(want));
    await_votes(watch, next);
}

void Standby::State::begin(StandbyWatch& watch, StandbyWant want) {
    const std::uint64_t epoch = ++current_epoch;
    HF_ASSERT(epoch <= largest_standby_epoch, "epochs are not used up");
    tell(EventLevel::warning, "+new-epoch", watch, std::to_string(epoch));
    tell(EventLevel::warning, "+try-failover", watch, fmt::format("{} {}", name_of(want.purpose), want.reason));
    const bool voted = watch.ballot.ask(me, epoch, epoch);
    HF_ASSERT(voted, "an epoch that was just begun has no vote yet");
    tell(EventLevel::warning, "+vote-for-leader", watch, fmt::format("{} {}", me, epoch));
    watch.ballot_save = save();
    watch.voted = now;
    const std::size_t needed = votes_needed(watch, want.purpose);
    watch.election.emplace(StandbyElection{.purpose = want.purpose,
                                           .target = std::move(want.target),
                                           .reason = std::move(want.reason),
                                           .tally = Tally(epoch, me, voters(), needed),
                                           .save = watch.ballot_save,
                                           .deadline = now + election_limit});
}

void Standby::State::ask_for_votes(StandbyWatch& watch, Time& next) {
    StandbyElection& election = *watch.election;
    for (const auto& [address, peer] : peers) {
        if (election.tally.has_answered(address)) continue;
        const auto asked = election.asked.find(address);
        if (asked != election.asked.end() && now < asked->second + vote_again) {
            next = std::min(next, asked->second + vote_again);
            continue;
        }
        election.asked.insert_or_assign(address, now);
        next = std::min(next, now + vote_again);
        say(address, StandbyVoteRequest{.sender = me,
                                        .epoch = election.tally.epoch(),
                                        .purpose = election.purpose,
                                        .target = election.target,
                                        .configuration = watch.configuration});
    }
}

void Standby::State::await_votes(StandbyWatch& watch, Time& next) {
    StandbyElection& election = *watch.election;
    // A vote that could be forgotten in a crash is none; but who is alone has nobody to contradict.
    const bool own_vote_is_safe = peers.empty() || still_to_wait_for(election.save) == 0;
    if (own_vote_is_safe) election.tally.count(me, watch.ballot.last());
    if (election.tally.won()) return elected(watch);
    const auto may_answer = [&](const auto& named) {
        return counts(named.first, named.second) && !election.tally.has_answered(named.first);
    };
    const auto awaited = static_cast<std::size_t>(std::ranges::count_if(peers, may_answer)) + (own_vote_is_safe ? 0 : 1);
    if (election.tally.lost(awaited) || now >= election.deadline) {
        not_elected(watch);
        next = std::min(next, watch.next_attempt);
        return;
    }
    next = std::min(next, election.deadline);
    ask_for_votes(watch, next);
}

void Standby::State::elected(StandbyWatch& watch) {
    const StandbyElection election = *std::exchange(watch.election, std::nullopt);
    watch.lost = 0;
    watch.wants_since.reset();
    tell(EventLevel::warning, "+elected-leader", watch, std::to_string(election.tally.epoch()));
    if (election.purpose == StandbyPurpose::replace && !watch.agreed) {
        tell(EventLevel::warning, "-failover-abort-active-is-up", watch, fmt::format("member {}", watch.configuration.active));
        return;
    }
    const StandbySeat* target = election.target.empty() ? watch.best_other() : watch.find(election.target);
    if (target == nullptr || !is_well(*target)) {
        tell(EventLevel::warning, "-failover-abort-no-good-slave", watch, {});
        watch.next_attempt = now + chance.between(retry_least, retry_most);
        touch(watch);
        return;
    }
    StandbyConfiguration chosen = watch.configuration;
    chosen.epoch = election.tally.epoch();
    chosen.active = target->member.name;
    chosen.by_order = election.purpose == StandbyPurpose::order;
    if (election.purpose == StandbyPurpose::replace && watch.options.switch_back == SwitchBack::never)
        chosen.passed_over.push_back(watch.configuration.active);
    std::erase_if(chosen.passed_over,
                  [&](const std::string& name) { return name == chosen.active || watch.find(name) == nullptr; });
    if (!watch.configuration.active.empty()) watch.switched = now;
    watch.order.reset();
    switch_to(watch, chosen, election.reason);
    greet_all();
}

void Standby::State::not_elected(StandbyWatch& watch) {
    watch.election.reset();
    tell(EventLevel::warning, "-failover-abort-not-elected", watch, {});
    watch.next_attempt = now + retry_pause(++watch.lost, retry_least, retry_most, chance);
    if (watch.order && --watch.order->tries_left == 0) drop_order(watch);
}

void Standby::State::leave_to_another(StandbyWatch& watch) {
    if (watch.election) not_elected(watch);
    watch.next_attempt = now + patience_with_another;
    touch(watch);
}

void Standby::State::drop_order(StandbyWatch& watch) {
    if (!watch.order) return;
    tell(EventLevel::warning, "-warning", watch,
         fmt::format("the operator's order to make {} the active member was given up", watch.order->target), true);
    watch.order.reset();
}

void Standby::State::switch_to(StandbyWatch& watch, const StandbyConfiguration& configuration, const std::string& reason) {
    const std::string from = std::exchange(watch.configuration, configuration).active;
    const std::string& to = watch.configuration.active;
    save();
    if (watch.election) {
        watch.election.reset();
        tell(EventLevel::warning, "-failover-abort-not-elected", watch, {});
    }
    if (from == to) return;
    watch.agreed = false;
    watch.down_since.reset();
    watch.words.clear();
    watch.told_hopeless = false;
    watch.lost = 0;
    watch.next_attempt = now;
    if (watch.find(to) == nullptr) {
        tell(EventLevel::warning, "-warning", watch,
             fmt::format("the other sentinels have made {} the active member, which is not one of the group here: make the "
                         "settings of all sentinels equal",
                         to),
             true);
        return;
    }
    tell(EventLevel::warning, "+switch-active", watch, fmt::format("{} {}", from.empty() ? "-" : from, to));
    actions.emplace_back(
        SwitchTo{.group = watch.name(), .member = to, .from = from, .epoch = watch.configuration.epoch, .reason = reason});
}

}  // namespace holdfast::sentinel
