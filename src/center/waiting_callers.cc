#include "center/waiting_callers.h"

#include <algorithm>
#include <set>
#include <utility>

namespace holdfast::center {

namespace asio = boost::asio;

struct WaitingCallers::State : std::enable_shared_from_this<State> {
    struct Caller {
        command::CommandId id;
        Time until{};
        bool abroad = false;
        Done done;
    };

    State(asio::io_context& io, const Clock& the_clock, Present how) : clock(the_clock), present(std::move(how)), timer(io) {}

    const Clock& clock;
    Present present;
    asio::steady_timer timer;
    std::unordered_map<std::uint64_t, Caller> callers;
    std::unordered_multimap<command::CommandId, std::uint64_t> by_command;
    std::set<std::pair<Time, std::uint64_t>> by_time;
    std::uint64_t last = 0;
    std::size_t abroad = 0;
    bool stopped = false;

    /// Takes a caller out; its `done` is the result's.
    Caller take(std::uint64_t number) {
        auto place = callers.find(number);
        Caller caller = std::move(place->second);
        callers.erase(place);
        by_time.erase({caller.until, number});
        const auto [first, end] = by_command.equal_range(caller.id);
        by_command.erase(std::find_if(first, end, [&](const auto& entry) { return entry.second == number; }));
        if (caller.abroad) --abroad;
        return caller;
    }

    void arm() {
        if (by_time.empty() || stopped) {
            timer.cancel();
            return;
        }
        timer.expires_after(std::max(by_time.begin()->first - clock.now(), Duration::zero()));
        timer.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
            if (const auto self = weak.lock(); self && !cancelled) self->time_is_over();
        });
    }

    void time_is_over() {
        const Time now = clock.now();
        while (!by_time.empty() && by_time.begin()->first <= now) {
            const Caller caller = take(by_time.begin()->second);
            caller.done(present(caller.id));
        }
        arm();
    }
};

class WaitingCallers::Ticket final : public control::Watching {
public:
    Ticket(const std::shared_ptr<State>& state, std::uint64_t number) : state_(state), number_(number) {}
    ~Ticket() override {
        if (const auto state = state_.lock(); state && state->callers.contains(number_)) state->take(number_);
    }

private:
    std::weak_ptr<State> state_;
    std::uint64_t number_;
};

WaitingCallers::WaitingCallers(asio::io_context& io, const Clock& clock, Present present)
    : state_(std::make_shared<State>(io, clock, std::move(present))) {}

WaitingCallers::~WaitingCallers() {
    state_->stopped = true;
    state_->timer.cancel();
}

std::unique_ptr<control::Watching> WaitingCallers::add(command::CommandId id, Time until, bool abroad, Done done) {
    const std::uint64_t number = ++state_->last;
    state_->callers.emplace(number, State::Caller{id, until, abroad, std::move(done)});
    state_->by_command.emplace(id, number);
    const auto place = state_->by_time.emplace(until, number).first;
    if (abroad) ++state_->abroad;
    if (place == state_->by_time.begin()) state_->arm();
    return std::make_unique<Ticket>(state_, number);
}

void WaitingCallers::ended(const command::Command& command) {
    for (auto place = state_->by_command.find(command.id); place != state_->by_command.end();
         place = state_->by_command.find(command.id)) {
        const State::Caller caller = state_->take(place->second);
        caller.done(command);
    }
}

std::vector<command::CommandId> WaitingCallers::abroad() const {
    std::vector<command::CommandId> ids;
    if (state_->abroad == 0) return ids;
    for (const auto& [number, caller] : state_->callers) {
        if (caller.abroad) ids.push_back(caller.id);
    }
    return ids;
}

std::size_t WaitingCallers::size() const noexcept {
    return state_->callers.size();
}

void WaitingCallers::stop() {
    state_->stopped = true;
    state_->timer.cancel();
    while (!state_->callers.empty()) {
        const State::Caller caller = state_->take(state_->callers.begin()->first);
        caller.done(state_->present(caller.id));
    }
}

}  // namespace holdfast::center
