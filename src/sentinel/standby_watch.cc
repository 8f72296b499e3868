#include "sentinel/standby_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace holdfast::sentinel {

StandbySeat* StandbyWatch::find(std::string_view member) {
    const auto found = seats.find(member);
    return found == seats.end() ? nullptr : &found->second;
}

const StandbySeat* StandbyWatch::find(std::string_view member) const {
    const auto found = seats.find(member);
    return found == seats.end() ? nullptr : &found->second;
}

bool StandbyWatch::is_passed_over(std::string_view member) const {
    return std::ranges::find(configuration.passed_over, member) != configuration.passed_over.end();
}

bool StandbyWatch::is_fit(const StandbySeat& seat) const {
    return is_well(seat) && seat.member.priority > 0 && !is_passed_over(seat.member.name);
}

const StandbySeat* StandbyWatch::best_other() const {
    const StandbySeat* best = nullptr;
    for (const auto& [name, seat] : seats) {
        if (name == configuration.active || !is_fit(seat)) continue;
        if (best == nullptr || is_better(seat.member, best->member)) best = &seat;
    }
    return best;
}

const StandbySeat* StandbyWatch::best_by_priority() const {
    const StandbySeat* best = nullptr;
    for (const auto& [name, seat] : seats) {
        if (seat.member.priority == 0 || is_passed_over(name)) continue;
        if (best == nullptr || is_better(seat.member, best->member)) best = &seat;
    }
    return best;
}

bool StandbyWatch::has_settled(Time now, Time& next) const {
    if (!switched || now >= *switched + options.settle) return true;
    next = std::min(next, *switched + options.settle);
    return false;
}

void StandbyWatch::discount(Duration pause) {
    for (auto& [name, seat] : seats) {
        seat.life.discount(pause);
        if (seat.up_since) *seat.up_since += pause;
    }
    for (auto& [peer, word] : words) {
        word.answered += pause;
        if (word.asked) *word.asked += pause;
    }
    if (election) election->deadline += pause;
    if (wants_since) *wants_since += pause;
    next_attempt += pause;
    started += pause;
}

bool is_better(const StandbyMember& left, const StandbyMember& right) noexcept {
    return std::tie(left.priority, left.name) < std::tie(right.priority, right.name);
}

Result<> check_group(const StandbyGroup& group, std::size_t voters) {
    const auto wrong = [&group](std::string_view what) {
        return fail(SentinelErrc::bad_argument, fmt::format("group {}: {}", group.name, what));
    };
    if (!is_standby_name(group.name)) return wrong("its name must be 1 to 128 letters without spaces, and not \"-\"");
    if (group.members.empty() || group.members.size() > most_standby_members)
        return wrong(fmt::format("it needs 1 to {} members", most_standby_members));
    std::set<std::string_view> names;
    for (const StandbyMember& member : group.members) {
        if (!is_standby_name(member.name))
            return wrong(
                fmt::format("the member's name \"{}\" must be 1 to 128 letters without spaces, and not \"-\"", member.name));
        if (!names.insert(member.name).second) return wrong(fmt::format("the member {} is there twice", member.name));
    }
    if (group.options.quorum < 1 || group.options.quorum > voters)
        return wrong(fmt::format("the quorum of {} cannot be met: there are {} sentinels", group.options.quorum, voters));
    if (group.options.down_after <= Duration::zero()) return wrong("down_after must be more than nothing");
    if (group.config_epoch > largest_standby_epoch || group.voted_epoch > largest_standby_epoch)
        return wrong("its epochs cannot have been reached");
    return {};
}

}  // namespace holdfast::sentinel
