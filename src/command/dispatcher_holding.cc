#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "command/certainty.h"
#include "command/dispatcher_state.h"
#include "command/merge.h"

namespace holdfast::command {

Time monotonic(WallTime at, Moment moment) noexcept {
    constexpr auto far = std::chrono::duration_cast<WallTime::duration>(std::chrono::hours(24 * 36525));
    const auto away = std::clamp(at - moment.wall, -far, far);
    return moment.now + std::chrono::duration_cast<Duration>(away);
}

Dispatcher::State::State(DispatcherOptions how, Where place_of, std::uint64_t seed)
    : options(std::move(how)), where(std::move(place_of)), jitter(seed), pace(options.backlog_pace) {}

HeldCommand& Dispatcher::State::hold(Command command) {
    auto made = std::make_unique<HeldCommand>(std::move(command));
    HeldCommand& held = *made;
    commands.emplace(held.command.id, std::move(made));
    return held;
}

HeldCommand* Dispatcher::State::find(CommandId id) const {
    const auto found = commands.find(id);
    return found == commands.end() ? nullptr : found->second.get();
}

DeviceLine& Dispatcher::State::line_for(std::string_view device, std::uint64_t session) {
    if (const auto found = lines.find(device); found != lines.end()) return *found->second;
    auto made = std::make_unique<DeviceLine>(std::string(device));
    DeviceLine& line = *made;
    line.session = session;
    lines.emplace(std::string_view(line.device()), std::move(made));
    return line;
}

void Dispatcher::State::schedule(HeldCommand& held) {
    held.phase = Phase::scheduled;
    calendar.set(held, *held.command.deliver_at);
}

void Dispatcher::State::join_line(HeldCommand& held, bool restored, Moment moment) {
    // Counted from now on the monotonic axis: a later step of the calendar neither shortens nor lengthens it.
    held.deadline = monotonic(held.command.deadline, moment);
    held.end_by = held.deadline;
    held.joined = ++joined;
    held.backlog = restored;
    held.line->join(held, restored);
    set_timer(held);
    unsettle(*held.line);
}

void Dispatcher::State::release(HeldCommand& held, Moment moment) {
    calendar.remove(held);
    held.command.state = command::State::queued;
    changed(held);
    join_line(held, false, moment);
}

void Dispatcher::State::changed(HeldCommand& held) {
    if (held.changed) return;
    held.changed = true;
    to_write.push_back(&held);
}

void Dispatcher::State::let_go(HeldCommand& held) {
    const bool was_held = held.line != nullptr;
    if (held.phase == Phase::under_way) --counts.under_way;
    if (held.phase == Phase::scheduled) {
        calendar.remove(held);
    } else {
        timers.remove(held);
        if (was_held) held.line->leave(held);
    }
    held.phase = Phase::leaving;
    changed(held);
    effects.ended.push_back(held.command.id);
    ++counts.ended[static_cast<std::size_t>(held.command.state)];
    ended_ids.add(held.command.id);
    if (!was_held) return;
    --counts.open;
    --held.line->held;
    unsettle(*held.line);
    held.line = nullptr;
}

void Dispatcher::State::drop(HeldCommand& held) {
    const CommandId id = held.command.id;
    if (held.changed) std::erase(to_write, &held);
    std::erase(effects.accepted, id);
    std::erase(effects.ended, id);
    std::erase_if(effects.requests, [id](const Dispatch& dispatch) { return dispatch.request.id == id; });
    if (held.line != nullptr) {
        if (held.phase == Phase::under_way) --counts.under_way;
        if (held.phase == Phase::scheduled) {
            calendar.remove(held);
        } else {
            timers.remove(held);
            held.line->leave(held);
        }
        --counts.open;
        --held.line->held;
        unsettle(*held.line);
    }
    commands.erase(id);
}

void Dispatcher::State::end_now(HeldCommand& held, command::State state, Reason reason, std::string_view detail,
                                Moment moment) {
    end(held.command, state, reason, detail, moment.wall);
    let_go(held);
}

namespace {

/// Somebody has submitted it just now, at another centre: nobody has begun with it, and the others of its device are here.
bool is_fresh(const Command& command, WallTime now) {
    constexpr Duration fresh = std::chrono::seconds(2);
    return command.attempts.empty() && !command.cancel_wanted && command.created_at > now - fresh &&
           command.created_at < now + fresh;
}

}  // namespace

void Dispatcher::State::take_up(HeldCommand& held, Moment moment) {
    Command& command = held.command;
    if (command.state == command::State::scheduled) {
        if (command.deliver_at && *command.deliver_at > moment.wall) {
            schedule(held);
        } else {
            command.state = command::State::queued;
            changed(held);
            join_line(held, true, moment);
            pause(held, moment.now + options.grace);
        }
        return;
    }
    join_line(held, true, moment);
    if (is_fresh(command, moment.wall)) {
        held.backlog = false;
        return;
    }
    const bool under_way = !command.attempts.empty() && !command.attempts.back().ended_at;
    if (may_have_arrived(command)) {
        // Its last word may lie in the queue already; let it come before the command ends or is sent again.
        held.end_by = std::max(held.deadline, moment.now + options.grace);
    }
    if (under_way) {
        held.line->set_phase(held, Phase::under_way);
        ++counts.under_way;
        // Whoever held it before may have handed it out more than once.
        held.asked = 2;
        const Attempt& attempt = command.attempts.back();
        if (attempt.fate == Attempt::Fate::queued) {
            held.ask_at = std::max(pace.reserve(moment.now), moment.now + options.grace);
        } else {
            const WallTime since = attempt.delivered_at.value_or(attempt.sent_at.value_or(attempt.queued_at));
            const Duration left = command.retry.answer_timeout - (monotonic(moment.wall, moment) - monotonic(since, moment));
            held.answer_by =
                moment.now + std::clamp(left, options.grace, std::max(command.retry.answer_timeout, options.grace));
        }
    } else if (command.cancel_wanted) {
        end_cancelled(held, moment);
        return;
    } else if (exhausted(command)) {
        end_exhausted(held, moment);
        return;
    } else {
        // Not before the others of its device are back too: one of them may be under way.
        pause(held, moment.now + options.grace);
    }
    set_timer(held);
}

}  // namespace holdfast::command
