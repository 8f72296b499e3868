// Moves of many devices: a walk over the fleet that gives out routes in bounded steps, and ends connections at the job's pace.

#include <fmt/format.h>

#include <algorithm>

#include "fleet/fleet_state.h"
#include "fleet/rendezvous.h"

namespace holdfast::fleet {

namespace {

constexpr std::size_t devices_per_step = 1000;  // walked over in one tick, by all moves together
constexpr std::size_t devices_per_page = 250;
constexpr std::size_t queue_when_unpaced = 2 * Relocation::max_batch;

std::string describe(const DeviceFilter& filter, std::string_view to) {
    std::string what = filter.percent < 100 ? fmt::format("{} % of the devices", filter.percent) : std::string("the devices");
    if (filter.tag) what += fmt::format(" with tag {}", *filter.tag);
    if (filter.cluster) what += fmt::format(" of cluster {}", *filter.cluster);
    return to.empty() ? fmt::format("release of {}", what) : fmt::format("move of {} to {}", what, to);
}

}  // namespace

std::size_t Fleet::State::room(const BulkMove& move) const {
    const auto status = relocation.find(move.job);
    if (!status) return devices_per_page;
    // No further ahead of the ends than a second, so that routes and places do not drift apart.
    const std::size_t allowed = status->pace <= 0 ? queue_when_unpaced : static_cast<std::size_t>(std::max(status->pace, 1.0));
    return allowed - std::min(allowed, relocation.queued(move.job));
}

bool Fleet::State::selected(const BulkMove& move, const DeviceView& device) const {
    if (move.from.valid() && device.cluster() != move.from) return false;
    if (move.tag && !device.has_tag(*move.tag)) return false;
    if (move.percent >= 100) return true;
    return static_cast<double>(placement_key('%', device.id) % 10'000) < move.percent * 100;
}

/// One page of one move. True when the walk is at its end.
bool Fleet::State::step_move(BulkMove& move, std::size_t& budget, Moment moment) {
    std::vector<DeviceView> page;
    const SnapshotPtr snapshot = publish();  // its devices stay as they are while the table changes below
    snapshot->devices.collect(move.cursor, std::min({budget, devices_per_page, room(move)}), page);
    budget -= std::min(budget, page.size());
    for (const DeviceView& device : page) {
        if (!selected(move, device)) continue;
        DeviceState state = device;
        state.explicit_cluster = move.to_cluster;
        state.explicit_node = move.to_node;
        if (state == static_cast<const DeviceState&>(device)) continue;
        state.routed_at = to_seconds(moment.wall);
        write(device.id, state);
        relocation.note_routed(move.job);
        const auto present = presence.find(device.id);
        if (!present) continue;
        if (misplaced(state, present->cluster, present->node)) {
            relocation.add(move.job, present->connection);
        } else {
            note_if_away(state, present->cluster, present->node, present->connection, moment.now);
        }
    }
    return move.cursor.finished;
}

void Fleet::State::finish_move(std::size_t position, Moment moment) {
    const BulkMove move = moves[position];
    moves.erase(moves.begin() + static_cast<std::ptrdiff_t>(position));
    relocation.keep_open(move.job, false, moment.wall);
}

void Fleet::State::step_moves(Moment moment) {
    std::size_t budget = devices_per_step;
    for (std::size_t i = 0; i < moves.size() && budget > 0;) {
        bool finished = false;
        while (!finished && budget > 0 && room(moves[i]) > 0)
            finished = step_move(moves[i], budget, moment);
        if (finished) {
            finish_move(i, moment);
        } else {
            ++i;
        }
    }
}

Result<JobId> Fleet::move_devices(const DeviceFilter& filter, std::string_view to, Pace pace, Moment moment) {
    State& s = *state_;
    if (pace < 0) return fail(FleetErrc::invalid, "a pace is 0 (at once) or a number of connections a second");
    if (!(filter.percent > 0 && filter.percent <= 100))
        return fail(
            FleetErrc::invalid,
            fmt::format("{} is no percentage of devices to move; more than 0 and at most 100 is possible", filter.percent));
    BulkMove move;
    move.tag = filter.tag;
    move.percent = filter.percent;
    if (filter.cluster) {
        const auto from = s.cluster_named(*filter.cluster);
        if (!from) return std::unexpected(from.error());
        move.from = *from;
    }
    if (!to.empty()) {
        DeviceState target;
        if (const Result<> set = s.set_target(target, to); !set) return std::unexpected(set.error());
        move.to_cluster = target.explicit_cluster;
        move.to_node = target.explicit_node;
    }
    const std::string subject = describe(filter, to);
    move.job = s.relocation.start(EndCause::moved, subject, pace, {}, moment, true);
    if (!move.job.valid())
        return fail(FleetErrc::full,
                    fmt::format("{} jobs run already; wait for one to end, or cancel one", Relocation::max_jobs));
    s.moves.push_back(std::move(move));
    s.tell(moment, EventKind::job_started, Severity::notice, {},
           fmt::format("job {} was started: {}", s.moves.back().job.value(), subject));
    return s.moves.back().job;
}

Result<> Fleet::cancel_job(JobId job, Moment moment) {
    State& s = *state_;
    const auto status = s.relocation.find(job);
    if (!status) return fail(FleetErrc::unknown_job, fmt::format("no job with the number {}", job.value()));
    if (status->state != JobState::running)
        return fail(FleetErrc::conflict, fmt::format("job {} is {} already", job.value(), to_string(status->state)));
    const auto move = std::ranges::find(s.moves, job, &BulkMove::job);
    if (move != s.moves.end()) {
        s.moves.erase(move);
        // These devices have their new routes already; they are not left where no route says.
        for (const ConnectionId connection : s.relocation.take_queue(job))
            s.order_end(connection, EndCause::moved);
    }
    s.relocation.cancel(job, moment.wall);
    s.tell(moment, EventKind::job_cancelled, Severity::notice, {},
           fmt::format("job {} was cancelled: {}", job.value(), status->subject));
    return {};
}

Result<> Fleet::set_job_pace(JobId job, Pace pace, Moment moment) {
    if (pace < 0) return fail(FleetErrc::invalid, "a pace is 0 (at once) or a number of connections a second");
    if (!state_->relocation.set_pace(job, pace, moment.now))
        return fail(FleetErrc::unknown_job, fmt::format("no running job with the number {}", job.value()));
    return {};
}

}  // namespace holdfast::fleet
