#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "command/certainty.h"
#include "command/dispatcher_state.h"

namespace holdfast::command {

namespace {

/// A silent channel is asked less and less often, down to once in so many channel timeouts.
constexpr int slowest_asking = 20;

/// The deadline by the calendar of now. As long as the calendar has not been stepped it is what was asked for, to the
/// millisecond.
WallTime deadline_by_calendar(const HeldCommand& held, Moment moment) {
    constexpr WallTime::duration rounding(1);
    const WallTime at = moment.wall + std::chrono::floor<WallTime::duration>(held.deadline - moment.now);
    const WallTime asked = held.command.deadline;
    return at >= asked - rounding && at <= asked + rounding ? asked : at;
}

}  // namespace

void Dispatcher::State::unsettle(DeviceLine& line) {
    if (line.unsettled) return;
    line.unsettled = true;
    to_settle.push_back(&line);
}

void Dispatcher::State::settle(Moment moment) {
    while (!to_settle.empty()) {
        DeviceLine& line = *to_settle.back();
        to_settle.pop_back();
        line.unsettled = false;
        let_go_out(line, moment);
        if (line.held == 0 && !line.unsettled) lines.erase(std::string_view(line.device()));
    }
}

void Dispatcher::State::let_go_out(DeviceLine& line, Moment moment) {
    std::optional<DevicePlace> place;
    while (line.taken() < options.window) {
        HeldCommand* held = line.next();
        if (held == nullptr) return;
        if (!place) place = where(line.device());
        switch (way_of(*held, *place, moment)) {
            case Way::free:
                send(*held, *place, moment);
                break;
            case Way::taken_care_of:
                break;
            case Way::device_absent:
                return;
        }
    }
}

Dispatcher::State::Way Dispatcher::State::way_of(HeldCommand& held, const DevicePlace& place, Moment moment) {
    if (!place.known || place.disabled) {
        const Reason reason = place.known ? Reason::device_disabled : Reason::device_unknown;
        end_now(held, command::State::rejected, reason, {}, moment);
        return Way::taken_care_of;
    }
    if (moment.now >= held.deadline) {
        // Held a little longer after a restart; nothing is sent any more.
        pause(held, held.end_by);
        return Way::taken_care_of;
    }
    if (!place.connected() || place.cluster.empty()) {
        if (held.command.offline != Offline::fail || may_have_arrived(held.command)) return Way::device_absent;
        const Reason reason = place.cluster.empty() ? Reason::no_cluster : Reason::device_offline;
        end_now(held, command::State::rejected, reason, {}, moment);
        return Way::taken_care_of;
    }
    if ((held.backlog || held.joined <= held.line->backlog_end) && !held.has_turn) {
        const Time turn = pace.reserve(moment.now);
        held.has_turn = true;
        if (turn > moment.now) {
            held.line->set_awaits_turn(held, true);
            pause(held, turn);
            return Way::taken_care_of;
        }
    }
    return Way::free;
}

void Dispatcher::State::send(HeldCommand& held, const DevicePlace& place, Moment moment) {
    Command& command = held.command;
    Attempt attempt;
    if (!command.attempts.empty()) attempt.number = static_cast<std::uint16_t>(held.newest().number + 1);
    attempt.queued_at = moment.wall;
    command.attempts.push_back(std::move(attempt));
    command.executed = certainty(command);
    held.has_turn = held.backlog = false;
    held.asked = 0;
    held.answer_by = Time::max();
    held.ask_on_return = false;
    held.line->set_phase(held, Phase::under_way);
    ++counts.under_way;
    ask(held, place, moment);
    changed(held);
}

void Dispatcher::State::ask(HeldCommand& held, const DevicePlace& place, Moment moment) {
    const Command& command = held.command;
    const Attempt& attempt = held.newest();
    // The newest requests are taken in order, so per device they leave in order.
    effects.requests.push_back({.cluster = place.cluster,
                                .request = {.id = command.id,
                                            .attempt = attempt.number,
                                            .device = command.device,
                                            .name = command.name,
                                            .payload = command.payload,
                                            .content_type = command.content_type,
                                            .deadline = deadline_by_calendar(held, moment),
                                            .centre = options.centre}});
    ++counts.requests;
    if (attempt.number > 1) ++counts.resent;
    const std::uint32_t doublings = std::min(held.asked, 5U);
    ++held.asked;
    held.ask_at = moment.now + options.channel_timeout * std::min(1 << doublings, slowest_asking);
    set_timer(held);
}

void Dispatcher::State::ask_again(HeldCommand& held, Moment moment) {
    const DevicePlace place = where(held.command.device);
    if (held.command.cancel_wanted) {
        end_cancelled(held, moment);
        return;
    }
    if (!place.known || place.disabled) {
        const Reason reason = place.known ? Reason::device_disabled : Reason::device_unknown;
        end_now(held, command::State::rejected, reason, {}, moment);
        return;
    }
    if (!place.connected() || place.cluster.empty()) {
        // Nobody could bring it to the device now, and a channel that was asked once can still say for certain that it did not.
        held.ask_on_return = true;
        held.ask_at = Time::max();
        set_timer(held);
        return;
    }
    ask(held, place, moment);
}

}  // namespace holdfast::command
