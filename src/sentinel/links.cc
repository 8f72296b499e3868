#include "sentinel/links.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace holdfast::sentinel {

namespace {

/// A connection that is not there after so long is tried anew.
constexpr Duration dial_patience = std::chrono::milliseconds(1500);

}  // namespace

Contact& Links::add(std::uint64_t id, Role role, std::string group, std::string key, Address address, Time now) {
    const auto [place, added] = contacts_.try_emplace(id, id, role, std::move(group), std::move(key), std::move(address), now);
    HF_ASSERT(added, "a contact's number is never used twice");
    return place->second;
}

void Links::remove(std::uint64_t id) {
    Contact& contact = at(id);
    hang_up(contact, contact.command);
    hang_up(contact, contact.subscription);
    contacts_.erase(id);
}

Contact* Links::find(std::uint64_t id) {
    const auto found = contacts_.find(id);
    return found == contacts_.end() ? nullptr : &found->second;
}

Contact& Links::at(std::uint64_t id) {
    Contact* contact = find(id);
    HF_ASSERT(contact != nullptr, "everybody who is watched has a contact");
    return *contact;
}

const Contact& Links::at(std::uint64_t id) const {
    const auto found = contacts_.find(id);
    HF_ASSERT(found != contacts_.end(), "everybody who is watched has a contact");
    return found->second;
}

std::optional<Links::Place> Links::place_of(LinkId link) {
    const auto owner = owners_.find(link);
    if (owner == owners_.end()) return std::nullopt;
    Contact& contact = at(owner->second);
    return Place{.contact = &contact, .line = contact.command.id == link ? &contact.command : &contact.subscription};
}

void Links::opened(const Place& place, std::string_view local, Time now) {
    place.line->up = true;
    place.line->since = place.line->heard = now;
    if (!place.is_command()) return;
    place.contact->local = local;
    place.contact->life.accepted();
}

void Links::ended(const Place& place, LinkEnd end, const LinkTimes& times, Time now) {
    Contact& contact = *place.contact;
    Line& line = *place.line;
    owners_.erase(line.id);
    line.id = 0;
    line.up = false;
    line.next_dial = now + line.pause;
    line.pause = std::clamp(line.pause * 2, times.redial_min, times.redial_max);
    if (!place.is_command()) return;
    fail_awaited(contact);
    if (end == LinkEnd::refused || end == LinkEnd::ended) {
        contact.life.lost(now);
    } else {
        contact.life.unreachable(now);
    }
}

Time Links::keep(Contact& contact, const LinkTimes& times, Time now) {
    Time next = keep_line(contact, contact.command, times.command_silence, times, now);
    // Who is not there is looked for on one line, not two.
    if (contact.role != Role::peer && (contact.command.up || contact.subscription.id != 0))
        next = std::min(next, keep_line(contact, contact.subscription, times.subscription_silence, times, now));
    return next;
}

Time Links::keep_line(Contact& contact, Line& line, Duration silence, const LinkTimes& times, Time now) {
    if (contact.address.port == 0) return Time::max();
    if (line.id != 0 && !line.up && now >= line.since + dial_patience) {
        outbox_.hang_up(line.id);
        ended({.contact = &contact, .line = &line}, LinkEnd::timed_out, times, now);
    }
    if (line.up) {
        if (&line == &contact.command && contact.awaited.empty()) return Time::max();
        if (now < line.heard + silence) return line.heard + silence;
        hang_up(contact, line);
        if (&line == &contact.command) contact.life.probed(now);
        line.next_dial = now;
    }
    if (line.id == 0) {
        if (now < line.next_dial) return line.next_dial;
        line.id = outbox_.dial(contact.address);
        line.since = now;
        owners_.emplace(line.id, contact.id);
    }
    return line.since + dial_patience;
}

void Links::hang_up(Contact& contact, Line& line) {
    if (line.id == 0) return;
    outbox_.hang_up(line.id);
    owners_.erase(line.id);
    line.id = 0;
    line.up = false;
    if (&line == &contact.command) fail_awaited(contact);
}

void Links::fail_awaited(Contact& contact) {
    contact.awaited.clear();
    contact.info_awaited = false;
    contact.role_awaited = false;
}

void Links::drop(Contact& contact, Time now) {
    hang_up(contact, contact.command);
    hang_up(contact, contact.subscription);
    contact.life.probed(now);
    hurry(contact, now);
}

void Links::hurry(Contact& contact, Time now) {
    contact.command.pause = contact.subscription.pause = {};
    contact.command.next_dial = std::min(contact.command.next_dial, now);
    contact.subscription.next_dial = std::min(contact.subscription.next_dial, now);
}

bool Links::send(Contact& contact, Awaited awaited, std::vector<std::string> words, Time now) {
    if (!contact.command.up) return false;
    // Its silence counts from when there is something to answer.
    if (contact.awaited.empty()) contact.command.heard = now;
    outbox_.send(contact.command.id, std::move(words));
    contact.awaited.push_back(std::move(awaited));
    return true;
}

void Links::subscribe(Contact& contact, std::vector<std::string> words) {
    if (contact.subscription.up) outbox_.send(contact.subscription.id, std::move(words));
}

Awaited Links::take_awaited(Contact& contact) {
    if (contact.awaited.empty()) return {};
    Awaited first = std::move(contact.awaited.front());
    contact.awaited.pop_front();
    return first;
}

LinkState Links::view(const Contact& contact) {
    return {.command = contact.command.id,
            .subscription = contact.subscription.id,
            .command_up = contact.command.up,
            .subscription_up = contact.subscription.up,
            .pending = static_cast<unsigned>(contact.awaited.size()),
            .unanswered_since = contact.life.unanswered_since(),
            .last_ping_sent = contact.last_ping_sent,
            .last_accepted = contact.last_accepted,
            .last_reply = contact.last_reply};
}

}  // namespace holdfast::sentinel
