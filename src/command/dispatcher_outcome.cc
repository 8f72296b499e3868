#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.h"
#include "command/certainty.h"
#include "command/dispatcher_state.h"
#include "command/merge.h"

namespace holdfast::command {

namespace {

using Fate = Attempt::Fate;

/// What the last attempt came to, for a person.
std::string last_attempt_sentence(const Command& command) {
    if (command.attempts.empty()) return {};
    const Attempt& attempt = command.attempts.back();
    if (attempt.reason == Reason::none) return attempt.detail;
    return attempt.detail.empty() ? std::string(sentence(attempt.reason))
                                  : fmt::format("{}: {}", sentence(attempt.reason), attempt.detail);
}

bool absent(Reason reason) noexcept {
    return reason == Reason::device_offline || reason == Reason::no_cluster;
}

}  // namespace

std::size_t tries(const Command& command) noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        command.attempts, [](const Attempt& attempt) { return attempt.fate != Fate::not_sent || !absent(attempt.reason); }));
}

bool exhausted(const Command& command) noexcept {
    return tries(command) >= command.retry.attempts || command.attempts.size() >= max_attempts;
}

void Dispatcher::State::set_timer(HeldCommand& held) {
    Time due = held.end_by;
    if (held.phase == Phase::pausing) due = std::min(due, held.resume_at);
    if (held.phase == Phase::under_way) due = std::min({due, held.ask_at, held.answer_by});
    timers.set(held, due);
}

void Dispatcher::State::timer(HeldCommand& held, Moment moment) {
    if (moment.now >= held.end_by) {
        deadline_is_up(held, moment);
    } else if (held.phase == Phase::pausing) {
        held.line->set_awaits_turn(held, false);
        held.line->set_phase(held, Phase::waiting);
        set_timer(held);
        unsettle(*held.line);
    } else if (moment.now >= held.answer_by) {
        answer_time_is_up(held, moment);
    } else {
        ask_again(held, moment);
    }
}

void Dispatcher::State::react(HeldCommand& held, const Report& report, Moment moment) {
    Command& command = held.command;
    const bool about_newest = report.attempt == held.newest().number || report.attempt == 0;
    const bool current = about_newest && held.phase == Phase::under_way;
    const std::optional<WallTime> ended_before = held.newest().ended_at;
    const Fate fate_before = held.newest().fate;
    // Of an attempt before the newest nobody remembers how often it was asked for, unless it ended with certainty.
    const bool asked_once = about_newest && held.asked == 1;
    if (!merge(command, report, asked_once, moment.wall)) return;
    changed(held);
    if (is_terminal(command.state)) {
        let_go(held);
        return;
    }
    if (!current) return;
    const Attempt& attempt = held.newest();
    if (attempt.ended_at && !ended_before) {
        not_sent(held, attempt.reason, moment);
        return;
    }
    if (attempt.fate != fate_before && attempt.fate != Fate::queued) {
        // A node or the device has it: the time for the answer begins.
        held.ask_at = Time::max();
        held.ask_on_return = false;
        held.answer_by = moment.now + command.retry.answer_timeout;
        set_timer(held);
    } else if (attempt.fate == Fate::queued) {
        // Unclear: the same attempt again soon, and the answer may come meanwhile.
        if (held.command.cancel_wanted) {
            end_cancelled(held, moment);
            return;
        }
        if (held.answer_by == Time::max()) held.answer_by = moment.now + command.retry.answer_timeout;
        held.ask_at = pause_until(command.retry, held.asked, moment.now, held.deadline, jitter);
        set_timer(held);
    }
}

void Dispatcher::State::not_sent(HeldCommand& held, Reason reason, Moment moment) {
    Command& command = held.command;
    if (command.cancel_wanted) {
        end_cancelled(held, moment);
        return;
    }
    if (reason == Reason::not_encodable) {
        const std::string detail = held.newest().detail;
        end_now(held, command::State::rejected, reason, detail, moment);
        return;
    }
    if (held.in_grace) {
        deadline_is_up(held, moment);
        return;
    }
    if (reason == Reason::deadline_passed) {
        // The channel's calendar is ahead of ours; no channel will send it any more.
        pause(held, held.end_by);
        return;
    }
    if (absent(reason) && command.attempts.size() < max_attempts && tries(command) < command.retry.attempts) {
        const DevicePlace place = where(command.device);
        if (!place.connected() || place.cluster.empty()) {
            pause(held, moment.now);
            held.line->set_phase(held, Phase::waiting);
            set_timer(held);
            unsettle(*held.line);
            return;
        }
    }
    again_or_end(held, moment);
}

void Dispatcher::State::answer_time_is_up(HeldCommand& held, Moment moment) {
    Attempt& attempt = held.newest();
    if (attempt.fate != Fate::delivered) attempt.fate = Fate::lost;
    attempt.reason = Reason::no_answer;
    attempt.ended_at = moment.wall;
    changed(held);
    again_or_end(held, moment);
}

void Dispatcher::State::deadline_is_up(HeldCommand& held, Moment moment) {
    const Command& command = held.command;
    const auto silent = [&] {
        if (held.phase != Phase::under_way || held.asked != 1 || held.in_grace) return false;
        const Attempt& newest = held.newest();
        const bool nothing_said = newest.fate == Fate::queued && newest.detail.empty();
        return nothing_said && std::ranges::all_of(command.attempts, [&](const Attempt& attempt) {
                   return &attempt == &newest || !may_have_arrived(attempt);
               });
    };
    if (silent()) {
        // The channel may be about to say that it was not sent; that would be a certain end.
        held.in_grace = true;
        held.end_by = held.deadline + options.grace;
        held.ask_at = Time::max();
        set_timer(held);
        if (moment.now < held.end_by) return;
    }
    if (command.cancel_wanted) {
        end_cancelled(held, moment);
    } else if (!may_have_arrived(command)) {
        end_now(held, command::State::expired, Reason::deadline_passed, last_attempt_sentence(command), moment);
    } else {
        const bool sent =
            std::ranges::any_of(command.attempts, [](const Attempt& attempt) { return attempt.sent_at.has_value(); });
        end_now(held, command::State::timed_out, sent ? Reason::no_answer : Reason::channel_lost, {}, moment);
    }
}

void Dispatcher::State::again_or_end(HeldCommand& held, Moment moment) {
    if (held.command.cancel_wanted) {
        end_cancelled(held, moment);
        return;
    }
    if (exhausted(held.command)) {
        end_exhausted(held, moment);
        return;
    }
    pause(held, pause_until(held.command.retry, held.command.attempts.size(), moment.now, held.deadline, jitter));
}

void Dispatcher::State::pause(HeldCommand& held, Time until) {
    if (held.phase == Phase::under_way) --counts.under_way;
    held.line->set_phase(held, Phase::pausing);
    held.resume_at = until;
    held.ask_at = held.answer_by = Time::max();
    set_timer(held);
    unsettle(*held.line);
}

void Dispatcher::State::end_exhausted(HeldCommand& held, Moment moment) {
    const Command& command = held.command;
    const bool once = command.attempts.size() == 1;
    const std::string detail = once ? command.attempts.back().detail : last_attempt_sentence(command);
    const Reason reason = once ? command.attempts.back().reason : Reason::attempts_exhausted;
    const auto state = may_have_arrived(command) ? command::State::timed_out : command::State::failed;
    end_now(held, state, reason, detail, moment);
}

void Dispatcher::State::end_cancelled(HeldCommand& held, Moment moment) {
    const std::string detail = held.command.detail;
    end_now(held, command::State::cancelled, held.cancel_reason, detail, moment);
}

void Dispatcher::State::came_back(DeviceLine& line, Moment moment) {
    line.backlog_end = joined;
    line.for_each_begun([&](HeldCommand& held) {
        if (held.phase == Phase::pausing && !held.awaits_turn && !held.backlog && moment.now < held.deadline) {
            held.line->set_phase(held, Phase::waiting);
            set_timer(held);
        } else if (held.phase == Phase::under_way && held.ask_on_return) {
            held.ask_on_return = false;
            held.ask_at = pace.reserve(moment.now);
            set_timer(held);
        } else if (held.phase == Phase::under_way && held.newest().fate == Fate::sent && !exhausted(held.command)) {
            // The session it was sent in is gone; a kept one may still bring it, so there is a moment for that.
            held.answer_by = std::min(held.answer_by, moment.now + jitter.upto(held.command.retry.backoff_first));
            set_timer(held);
        }
    });
}

}  // namespace holdfast::command
