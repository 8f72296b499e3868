#include "discovery/node_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::discovery {
namespace {

constexpr int tries_of_a_newcomer = 20;

double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

NodeProbe::Outcome NodeProbe::report(Step step, bool ok, std::string reason, Time now) {
    state_ = step == Step::close ? State::apart : state_;
    next_ = std::max(asked_ + timing_.interval, now);
    ever_told_ = true;
    return Outcome{step, Verdict{ok, std::move(reason), now - asked_}};
}

NodeProbe::Outcome NodeProbe::on_time(Time now) {
    if (now < next_) return {};
    switch (state_) {
        case State::apart:
            state_ = State::connecting;
            asked_ = now;
            next_ = now + timing_.timeout;
            return {Step::connect, std::nullopt};
        case State::together:
            state_ = State::asking;
            asked_ = now;
            next_ = now + timing_.timeout;
            return {Step::ping, std::nullopt};
        case State::connecting:
            return report(Step::close, false, fmt::format("no answer to CONNECT within {:g}s", seconds(timing_.timeout)), now);
        case State::asking:
            return report(Step::close, false, fmt::format("no answer to PINGREQ within {:g}s", seconds(timing_.timeout)), now);
    }
    return {};
}

NodeProbe::Outcome NodeProbe::on_accepted(Time now) {
    if (state_ != State::connecting) return {};
    state_ = State::together;
    return report(Step::none, true, {}, now);
}

NodeProbe::Outcome NodeProbe::on_refused(Time now, std::string_view why, bool alive_all_the_same) {
    if (state_ != State::connecting) return {};
    second_try_ = false;
    if (alive_all_the_same) return report(Step::close, true, fmt::format("alive, but it refuses the probe: {}", why), now);
    return report(Step::close, false, std::string(why), now);
}

NodeProbe::Outcome NodeProbe::on_pong(Time now) {
    if (state_ != State::asking) return {};
    state_ = State::together;
    second_try_ = false;
    return report(Step::none, true, {}, now);
}

NodeProbe::Outcome NodeProbe::report_lost(std::string_view why, Time now) {
    Outcome outcome = report(Step::close, false, std::string(why), now);
    outcome.verdict->lost = true;
    return outcome;
}

NodeProbe::Outcome NodeProbe::on_lost(Time now, std::string_view why) {
    switch (state_) {
        case State::apart:
            return {};
        case State::connecting:
            second_try_ = false;
            if (ever_told_ || now - began_ >= timing_.interval) return report_lost(why, now);
            state_ = State::apart;
            next_ = now + timing_.interval / tries_of_a_newcomer;
            return {Step::close, std::nullopt};
        case State::together:
        case State::asking:
            break;
    }
    // A node that was restarted, or closed idle connections, has not failed: what counts is whether it takes a new one.
    if (std::exchange(second_try_, !second_try_)) return report_lost(why, now);
    state_ = State::apart;
    next_ = now;
    return {};
}

void NodeProbe::hurry(Time now) noexcept {
    if (state_ == State::connecting || state_ == State::asking) return;
    next_ = std::min(next_, std::max(now, asked_ + timing_.interval / 10));
}

}  // namespace holdfast::discovery
