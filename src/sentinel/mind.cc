#include "sentinel/mind.h"

#include <algorithm>
#include <utility>

namespace holdfast::sentinel {

namespace {

/// In the wake queue: the end of the tilt.
constexpr std::uint64_t tilt_wake = 0;
/// No own attempt sooner than this after a pause of its own.
constexpr Duration patience_after_pause = std::chrono::milliseconds(500);
/// How soon somebody is stepped again whose time to do something has come and who could not do it.
constexpr Duration shortest_wait = std::chrono::milliseconds(1);
constexpr std::size_t run_id_size = 40;

std::string make_run_id(Chance& chance) {
    std::string id;
    while (id.size() < run_id_size)
        id += fmt::format("{:016x}", chance.any());
    id.resize(run_id_size);
    return id;
}

}  // namespace

Sentinel::Mind::Mind(SavedState saved, std::uint64_t seed, Moment moment) : chance(seed), now(moment.now) {
    state.my_id = std::move(saved.my_id);
    state.current_epoch = saved.current_epoch;
    state.options = std::move(saved.options);
    const bool nameless = state.my_id.empty();
    if (nameless) state.my_id = make_run_id(chance);
    for (const SavedGroup& group : saved.groups) {
        if (find(group.name) != nullptr) continue;
        state.current_epoch = std::max({state.current_epoch, group.config_epoch, group.leader_epoch});
        add_group(group);
    }
    if (nameless) save();
    settle();
}

void Sentinel::Mind::enter(Moment moment) {
    const Time before = std::exchange(now, std::max(now, moment.now));
    const auto due = wake.next();
    if (left_at && due) {
        // Whoever is called late for what it had to do stood still, and so did its ears. Since when is not known, so none of
        // the time counts in which nothing was heard.
        const Time heard = std::max(*left_at, before);
        const Duration late = now - std::max(*due, heard);
        if (late > state.options.own_pause) stood_still_for(now - heard, late);
    }
}

void Sentinel::Mind::stood_still_for(Duration pause, Duration late) {
    for (auto& [id, contact] : links.all()) {
        contact.life.discount(pause);
        contact.last_accepted += pause;
        contact.command.heard += pause;
        contact.subscription.heard += pause;
        if (!contact.command.up) contact.command.since += pause;
        if (!contact.subscription.up) contact.subscription.since += pause;
        mirror(contact);
    }
    for (auto& [name, watch] : watches) {
        watch.deadline += pause;
        // What has come meanwhile is to be read first.
        watch.next_attempt = std::max(watch.next_attempt, now + patience_after_pause);
        for (auto& [peer, ask] : watch.asks)
            ask.answered += pause;
    }
    // Told as Redis Sentinel does; it has no other meaning here.
    if (late <= state.options.tilt_trigger) return;
    if (!state.tilt_since) tell_text(EventLevel::warning, "+tilt", nullptr, "#tilt mode entered");
    state.tilt_since = now;
    wake.set(tilt_wake, now + state.options.tilt_period);
}

void Sentinel::Mind::settle() {
    constexpr std::size_t rounds = 16;
    for (std::size_t turns = rounds * (wake.size() + 1); turns > 0; --turns) {
        const auto id = wake.take_due(now);
        if (!id) break;
        if (*id == tilt_wake) {
            state.tilt_since.reset();
            tell_text(EventLevel::warning, "-tilt", nullptr, "#tilt mode exited");
            continue;
        }
        Time next = Time::max();
        if (Contact* contact = links.find(*id)) {
            next = step(*contact);
        } else if (const auto found = watches_by_id.find(*id); found != watches_by_id.end()) {
            next = step(*found->second);
        }
        wake.hasten(*id, std::max(next, now + shortest_wait));
    }
    left_at = now;
}

void Sentinel::Mind::saved(bool durable) {
    if (!durable && !warned_of_save)
        out.tell({.level = EventLevel::warning,
                  .name = "-warning",
                  .text = "the state cannot be written: a vote that is given now may be forgotten in a crash",
                  .log_only = true});
    warned_of_save = !durable;
    for (const auto& [name, watch] : watches) {
        if (watch.group.step == FailoverStep::wait_start) touch(watch);
    }
}

void Sentinel::Mind::touch_groups_of(const Contact& contact) {
    for_each_group_of(contact, [this](Watch& watch) { touch(watch); });
}

Watch* Sentinel::Mind::find(std::string_view group) {
    const auto found = watches.find(group);
    return found == watches.end() ? nullptr : &found->second;
}

Instance* Sentinel::Mind::instance_in(Group& group, const Contact& contact) {
    if (contact.role == Role::master) return &group.master;
    auto& among = contact.role == Role::replica ? group.replicas : group.peers;
    const auto found = among.find(contact.key);
    return found == among.end() ? nullptr : &found->second;
}

}  // namespace holdfast::sentinel
