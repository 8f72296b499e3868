#include "fleet/narrator.h"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::fleet {

namespace {

constexpr Duration summary_interval = std::chrono::seconds(1);

std::string summary_of(EventKind kind, std::uint64_t count) {
    const std::string_view devices = count == 1 ? "device" : "devices";
    switch (kind) {
        case EventKind::device_connected:
            return fmt::format("and {} more {} connected", count, devices);
        case EventKind::device_disconnected:
            return fmt::format("and {} more {} disconnected", count, devices);
        case EventKind::device_enrolled:
            return fmt::format("and {} more {} enrolled", count, devices);
        case EventKind::device_rerouted:
            return fmt::format("and {} more {} changed node", count, devices);
        case EventKind::device_fight:
            return fmt::format("and {} more {} fought over their ids", count, devices);
        case EventKind::device_moved:
            return fmt::format("and {} more {} moved", count, devices);
        case EventKind::connect_refused:
            return fmt::format("and {} more CONNECTs were refused", count);
        default:
            return fmt::format("and {} more of {}", count, to_string(kind));
    }
}

}  // namespace

Narrator::Narrator(std::size_t capacity, double per_second, Moment)
    : log_(std::max<std::size_t>(capacity, 1)), capacity_(capacity), per_second_(per_second) {}

void Narrator::tell(Moment moment, EventKind kind, Severity severity, std::string subject, std::string sentence) {
    const Event& event = log_.add(moment.wall, kind, severity, std::move(subject), std::move(sentence));
    if (untaken_.size() < capacity_) untaken_.push_back(event);
}

bool Narrator::may_tell(Moment moment, EventKind kind) {
    if (per_second_ <= 0) return true;
    std::optional<Gate>& gate = gates_[static_cast<std::size_t>(kind)];
    if (!gate) gate.emplace(Gate{TokenBucket(per_second_, per_second_, moment.now), 0});
    if (gate->tokens.take(moment.now)) return true;
    ++gate->held_back;
    if (!summary_at_) summary_at_ = moment.now + summary_interval;
    return false;
}

void Narrator::tick(Moment moment) {
    if (!summary_at_ || moment.now < *summary_at_) return;
    summary_at_.reset();
    for (std::size_t i = 0; i < gates_.size(); ++i) {
        if (!gates_[i] || gates_[i]->held_back == 0) continue;
        const std::uint64_t count = std::exchange(gates_[i]->held_back, 0);
        tell(moment, EventKind::summary, Severity::info, {}, summary_of(static_cast<EventKind>(i), count));
    }
}

std::optional<Time> Narrator::next() const noexcept {
    return summary_at_;
}

}  // namespace holdfast::fleet
