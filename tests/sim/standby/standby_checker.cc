#include "sim/standby/standby_checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::sim {

namespace {

template <class... Arguments>
void require(bool holds, fmt::format_string<Arguments...> sentence, Arguments&&... arguments) {
    if (!holds) throw Broken(fmt::format(sentence, std::forward<Arguments>(arguments)...));
}

/// What a sentinel has heard of others counts so long, and some time passes until it is used.
constexpr Duration word_lasts = std::chrono::seconds(7);

}  // namespace

void StandbyChecker::leaves(const std::string& sentinel, const std::vector<std::string>& words, std::uint64_t kept_epoch) {
    std::uint64_t epoch = 0;
    std::uint64_t configuration = 0;
    const auto note_vote = [&](const std::string& voter, std::uint64_t voted, const std::string& leader) {
        if (voted == 0 || leader.empty()) return;
        const auto [known, is_new] = votes_.try_emplace({voter, voted}, leader);
        require(known->second == leader, "{} has voted for {} and for {} in epoch {}", voter, known->second, leader, voted);
    };
    if (words.front() == "HOLDFAST") {
        const auto message = sentinel::parse_message(words);
        require(message.has_value(), "{} says what nobody understands", sentinel);
        std::visit([&](const auto& kind) { epoch = kind.epoch; }, *message);
        if (const auto* hello = std::get_if<sentinel::StandbyHello>(&*message)) {
            for (const auto& heard : hello->configurations)
                configuration = heard.epoch;
        } else if (const auto* request = std::get_if<sentinel::StandbyVoteRequest>(&*message)) {
            note_vote(sentinel, request->epoch, sentinel);
        }
    } else {
        const auto reply = sentinel::parse_reply(words);
        require(reply.has_value(), "{} answers what nobody understands", sentinel);
        if (const auto* vote = std::get_if<sentinel::StandbyVoteAnswer>(&*reply)) {
            epoch = vote->view.epoch;
            note_vote(sentinel, vote->vote.epoch, vote->vote.leader);
        } else {
            epoch = std::visit(
                [](const auto& kind) {
                    if constexpr (requires { kind.epoch; }) return kind.epoch;
                    return std::uint64_t{};
                },
                *reply);
        }
    }
    require(configuration <= epoch, "{} is in epoch {} and has a configuration of {}", sentinel, epoch, configuration);
    require(epoch <= kept_epoch, "{} says epoch {} and has kept {}", sentinel, epoch, kept_epoch);
    // Words may overtake each other, but none is older than what was said before a crash.
    require(epoch >= said_before_crash_[sentinel], "{} has said epoch {}, has crashed, and says {}", sentinel,
            said_before_crash_[sentinel], epoch);
    said_epoch_[sentinel] = std::max(said_epoch_[sentinel], epoch);
}

void StandbyChecker::sees(const std::string& sentinel, const sentinel::StandbyView& view, std::uint64_t current_epoch,
                          Time now) {
    auto& [current, configuration] = seen_epochs_[sentinel];
    require(current_epoch >= current && view.config_epoch >= configuration, "the epochs of {} go back", sentinel);
    current = current_epoch;
    configuration = view.config_epoch;
    for (const auto& member : view.members) {
        if (member.down) seen_down_[{sentinel, member.member.name}] = now;
    }
    // A sentinel alone has nobody who could have heard of what a crash made it forget.
    if (view.active.empty() || voters_ == 1) return;
    const auto [known, is_new] = active_of_.try_emplace(view.config_epoch, view.active);
    require(known->second == view.active, "in epoch {} both {} and {} are active", view.config_epoch, known->second,
            view.active);
}

void StandbyChecker::restarted(const std::string& sentinel) {
    seen_epochs_.erase(sentinel);
    said_before_crash_[sentinel] = said_epoch_[sentinel];
}

void StandbyChecker::only_members_fail(Time now) {
    calm_since_ = now;
    changes_ = 0;
    calm_decisions_ = 0;
    last_unordered_.reset();
}

void StandbyChecker::member_changed(const std::string& member, bool up, Time now) {
    // Between two probes nobody notices.
    constexpr Duration noticed = std::chrono::seconds(1);
    ++changes_;
    if (!up) {
        gone_.try_emplace(member, now);
        return;
    }
    if (const auto gone = gone_.find(member); gone != gone_.end()) {
        if (now - gone->second > noticed) back_[member] = now;
        gone_.erase(gone);
    }
}

void StandbyChecker::switched(const std::string& sentinel, const sentinel::SwitchTo& to, Time now) {
    if (to.reason.starts_with("heard")) return;
    decided(sentinel, to, now);
}

void StandbyChecker::decided(const std::string& sentinel, const sentinel::SwitchTo& to, Time now) {
    ++decisions_;
    const auto has_voted = [&](const auto& vote) { return vote.first.second == to.epoch && vote.second == sentinel; };
    const auto votes = static_cast<std::size_t>(std::ranges::count_if(votes_, has_voted));
    require(voters_ == 1 || votes > voters_ / 2, "{} acts in epoch {} with {} votes of {}", sentinel, to.epoch, votes, voters_);
    if (to.reason.starts_with("ordered") || to.from.empty()) return;
    const bool for_need = to.reason.contains("does not answer");
    if (for_need) {
        const auto sees_it = [&](const auto& seen) { return seen.first.second == to.from && now - seen.second < word_lasts; };
        const auto seers = static_cast<std::size_t>(std::ranges::count_if(seen_down_, sees_it));
        require(seers >= options_.quorum, "{} replaces {} while {} sentinels see it down", sentinel, to.from, seers);
    }
    if (to.reason.contains("better priority")) {
        const auto back = back_.find(to.member);
        require(back == back_.end() || now - back->second >= options_.switch_back_after, "{} is given its place back too soon",
                to.member);
    }
    if (calm_since_ && now - *calm_since_ > options_.settle) {
        require(!last_unordered_ || now - *last_unordered_ >= options_.settle, "{} has not let a switch settle", sentinel);
        ++calm_decisions_;
        require(calm_decisions_ <= changes_ + 1, "{} switches, and {} changes of members do not explain it", calm_decisions_,
                changes_);
    }
    last_unordered_ = now;
}

}  // namespace holdfast::sim
