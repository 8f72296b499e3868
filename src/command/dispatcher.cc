#include "command/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "command/certainty.h"
#include "command/dispatcher_state.h"
#include "command/merge.h"

namespace holdfast::command {

namespace {

/// Timers handled in one tick at most, so that a tick stays short.
constexpr std::size_t max_timers_per_tick = 2048;

Result<> check_place(const DevicePlace& place, const Command& command) {
    if (!place.known) {
        return fail(Errc::device_unknown, fmt::format("device: there is no device {}; see holdfast device ls", command.device));
    }
    if (place.disabled) {
        return fail(Errc::device_disabled,
                    fmt::format("device: {} is disabled; holdfast device set {} --enable lets it in again", command.device,
                                command.device));
    }
    if (place.cluster.empty()) return fail(Errc::no_cluster, fmt::format("device: no cluster serves {} now", command.device));
    return {};
}

}  // namespace

Dispatcher::Dispatcher(DispatcherOptions options, Where where, std::uint64_t seed)
    : state_(std::make_unique<State>(std::move(options), std::move(where), seed)) {}

Dispatcher::~Dispatcher() = default;

Result<> Dispatcher::submit(Command command, Moment moment) {
    State& self = *state_;
    self.last = moment;
    HF_ASSERT(!is_terminal(command.state) && command.attempts.empty(), "a new command has no history");
    HF_ASSERT(!self.commands.contains(command.id), "a command is submitted once");
    const DevicePlace place = self.where(command.device);
    if (auto checked = check_place(place, command); !checked) return checked;
    if (self.counts.open >= self.options.max_open) {
        return fail(Errc::too_many, fmt::format("this centre holds {} commands already; try again later", self.counts.open));
    }
    const auto line = self.lines.find(std::string_view(command.device));
    if (line != self.lines.end() && line->second->held >= self.options.max_open_per_device) {
        return fail(Errc::too_many, fmt::format("device: {} commands wait for {} already", line->second->held, command.device));
    }

    command.centre = self.options.centre;
    const bool later = command.deliver_at && *command.deliver_at > moment.wall;
    command.state = later ? command::State::scheduled : command::State::queued;
    const bool far = later && *command.deliver_at - moment.wall > self.options.horizon;
    HeldCommand& held = self.hold(std::move(command));
    self.changed(held);
    self.effects.accepted.push_back(held.command.id);
    ++self.counts.accepted;
    if (far) {
        // Its time is so far away that the store keeps it meanwhile.
        held.phase = Phase::leaving;
        return {};
    }
    ++self.counts.open;
    DeviceLine& device = self.line_for(held.command.device, place.session);
    ++device.held;
    held.line = &device;
    if (later) {
        self.schedule(held);
        return {};
    }
    self.join_line(held, false, moment);
    if (!place.connected() && held.command.offline == Offline::fail)
        self.end_now(held, command::State::rejected, Reason::device_offline, {}, moment);
    self.settle(moment);
    return {};
}

void Dispatcher::restore(Command command, Moment moment) {
    State& self = *state_;
    self.last = moment;
    if (is_terminal(command.state) || self.commands.contains(command.id) || self.ended_ids.contains(command.id)) return;
    if (self.counts.open >= self.options.max_open) return;
    const DevicePlace place = self.where(command.device);
    HeldCommand& held = self.hold(std::move(command));
    ++self.counts.open;
    DeviceLine& line = self.line_for(held.command.device, place.session);
    ++line.held;
    held.line = &line;
    if (held.command.centre != self.options.centre) {
        held.command.centre = self.options.centre;
        self.changed(held);
    }
    // Who may go is decided by the next tick, when the others that are restored in one go are there too.
    self.take_up(held, moment);
}

Result<> Dispatcher::cancel(CommandId id, Reason reason, std::string_view detail, Moment moment) {
    State& self = *state_;
    self.last = moment;
    HeldCommand* held = self.find(id);
    const bool ended = held == nullptr ? self.ended_ids.contains(id) : is_terminal(held->command.state);
    if (ended) return fail(Errc::already_ended, fmt::format("command {} has ended already", id.text()));
    if (held == nullptr) return fail(Errc::not_found, fmt::format("there is no open command {} here", id.text()));
    if (held->phase != Phase::under_way) {
        self.end_now(*held, command::State::cancelled, reason, detail, moment);
    } else if (!held->command.cancel_wanted) {
        held->command.cancel_wanted = true;
        held->command.detail = cut_text(detail, max_detail_length);
        held->cancel_reason = reason;
        self.changed(*held);
    }
    self.settle(moment);
    return {};
}

void Dispatcher::report(const Report& report, Moment moment) {
    State& self = *state_;
    self.last = moment;
    HeldCommand* held = self.find(report.id);
    if (held == nullptr || is_terminal(held->command.state)) {
        ++(held != nullptr || self.ended_ids.contains(report.id) ? self.counts.late_reports : self.counts.unknown_reports);
        return;
    }
    if (held->command.attempts.empty() || (!report.device.empty() && report.device != held->command.device)) {
        ++self.counts.unknown_reports;
        return;
    }
    self.react(*held, report, moment);
    self.settle(moment);
}

void Dispatcher::device_changed(std::string_view device, Moment moment) {
    State& self = *state_;
    self.last = moment;
    const auto found = self.lines.find(device);
    if (found == self.lines.end()) return;
    DeviceLine& line = *found->second;
    const DevicePlace place = self.where(device);
    const std::uint64_t before = std::exchange(line.session, place.session);
    if (!place.known || place.disabled) {
        const Reason reason = place.known ? Reason::device_disabled : Reason::device_unknown;
        line.for_each([&](HeldCommand& held) {
            if (held.phase != Phase::under_way) self.end_now(held, command::State::rejected, reason, {}, moment);
        });
    } else if (!place.connected() && before != 0) {
        line.for_each([&](HeldCommand& held) {
            if (held.phase != Phase::under_way && held.command.offline == Offline::fail && !may_have_arrived(held.command))
                self.end_now(held, command::State::rejected, Reason::device_offline, {}, moment);
        });
    } else if (place.connected() && before != place.session) {
        self.came_back(line, moment);
    }
    self.unsettle(line);
    self.settle(moment);
}

void Dispatcher::tick(Moment moment) {
    State& self = *state_;
    self.last = moment;
    for (std::size_t i = 0; i < max_timers_per_tick && !self.calendar.empty() && self.calendar.next() <= moment.wall; ++i)
        self.release(self.calendar.first(), moment);
    for (std::size_t i = 0; i < max_timers_per_tick && !self.timers.empty() && self.timers.next() <= moment.now; ++i)
        self.timer(self.timers.first(), moment);
    self.settle(moment);
}

std::optional<Time> Dispatcher::next_timer() const {
    const State& self = *state_;
    std::optional<Time> next;
    if (!self.to_settle.empty()) return self.last.now;
    if (!self.timers.empty()) next = self.timers.next();
    if (!self.calendar.empty()) {
        const Time at = monotonic(self.calendar.next(), self.last);
        if (!next || at < *next) next = at;
    }
    return next;
}

DispatcherEffects Dispatcher::take_effects() {
    State& self = *state_;
    DispatcherEffects taken = std::exchange(self.effects, {});
    taken.writes.reserve(self.to_write.size());
    for (HeldCommand* held : self.to_write) {
        held->changed = false;
        if (held->phase != Phase::leaving) {
            taken.writes.push_back(held->command);
            continue;
        }
        const CommandId id = held->command.id;
        taken.writes.push_back(std::move(held->command));
        self.commands.erase(id);
    }
    self.to_write.clear();
    return taken;
}

bool Dispatcher::urgent() const noexcept {
    const DispatcherEffects& effects = state_->effects;
    return !effects.requests.empty() || !effects.ended.empty() || !effects.accepted.empty();
}

void Dispatcher::forget(CommandId id) {
    if (HeldCommand* const held = state_->find(id)) state_->drop(*held);
}

const Command* Dispatcher::find(CommandId id) const {
    const HeldCommand* held = state_->find(id);
    return held == nullptr ? nullptr : &held->command;
}

bool Dispatcher::scheduled() const noexcept {
    return !state_->calendar.empty();
}

const DispatcherCounts& Dispatcher::counts() const noexcept {
    return state_->counts;
}

void Dispatcher::set_options(DispatcherOptions options) {
    State& self = *state_;
    self.options = std::move(options);
    self.pace.set_rate(self.options.backlog_pace);
    // A wider window lets more go; the next tick sees to it.
    for (const auto& [device, line] : self.lines)
        self.unsettle(*line);
}

}  // namespace holdfast::command
