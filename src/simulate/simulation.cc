#include "simulate/simulation.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <deque>
#include <queue>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "net/steady_time.h"
#include "simulate/fleet_ground.h"
#include "simulate/simulated_device.h"

namespace holdfast::simulate {
namespace {

// How long the end waits for what is on its way, and then for goodbyes.
constexpr Duration patience = std::chrono::seconds(3);
constexpr Duration look_again = std::chrono::milliseconds(10);
// How long a device that was thrown out without a word waits to see whether others were, too.
constexpr Duration wonder = std::chrono::milliseconds(500);

std::chrono::steady_clock::duration to_steady(Duration duration) {
    return std::chrono::duration_cast<std::chrono::steady_clock::duration>(duration);
}

PlanOptions plan_options(const Options& options) {
    PlanOptions plan;
    plan.profile = options.profile;
    plan.rate = options.rate;
    plan.step_aside = options.step_aside;
    if (options.yield_ids) plan.wonder = wonder;
    return plan;
}

}  // namespace

class Simulation::Impl : public std::enable_shared_from_this<Simulation::Impl> {
public:
    Impl(net::IoContext& io, Options options, ReportSink report)
        : ground_{io, std::move(options), {}, {}, {}, {}, {}, {}, {}},
          report_(std::move(report)),
          wake_timer_(io),
          report_timer_(io),
          end_timer_(io) {
        ground_.plan = plan_options(ground_.options);
        ground_.endpoint = net::numeric_endpoint(ground_.options.to);
        ground_.tally.devices = ground_.options.devices;
        ground_.replan = [this](std::uint32_t number) { replan(number); };
    }

    void start(std::function<void()> finished);
    void stop();
    void step_aside(std::string_view id);
    void abandon();

    [[nodiscard]] const Tally& tally() const noexcept { return ground_.tally; }
    [[nodiscard]] const Options& options() const noexcept { return ground_.options; }
    [[nodiscard]] Duration elapsed() const noexcept {
        return (stage_ == Stage::finished ? ended_at_ : net::steady_now()) - began_;
    }

private:
    enum class Stage : std::uint8_t { idle, running, draining, parting, finished };

    void replan(std::uint32_t number);
    void arm();
    void wake();
    void report_later();
    void wait_for_the_end();
    void look_for_the_end();
    void say_goodbyes();
    void finish();

    template <class Body>
    void after(net::Timer& timer, Duration wait, Body body) {
        timer.expires_after(to_steady(wait));
        timer.async_wait([weak = weak_from_this(), body](const net::ErrorCode& error) {
            const auto self = weak.lock();
            if (!error && self) body(*self);
        });
    }

    FleetGround ground_;
    ReportSink report_;
    net::Timer wake_timer_;
    net::Timer report_timer_;
    net::Timer end_timer_;
    std::function<void()> finished_;
    Stage stage_ = Stage::idle;
    Time began_{};
    Time ended_at_{};
    Time stage_ends_{};
    /// Deques do not move their elements.
    std::deque<SimulatedDevice> devices_;

    /// Who is to be woken when; entries that no longer hold are passed over.
    using Wake = std::pair<Time, std::uint32_t>;
    std::priority_queue<Wake, std::vector<Wake>, std::greater<>> wakes_;
    std::vector<Time> planned_;
    Time armed_ = Time::max();
};

void Simulation::Impl::start(std::function<void()> finished) {
    HF_ASSERT(stage_ == Stage::idle, "a simulation is started once");
    HF_ASSERT(problem_with(ground_.options).empty(), "a simulation needs sound options");
    stage_ = Stage::running;
    finished_ = std::move(finished);
    began_ = net::steady_now();
    planned_.assign(ground_.options.devices + 1, Time::max());
    for (std::uint32_t number = 1; number <= ground_.options.devices; ++number) {
        const double wait = (number - 1) / ground_.options.connect_rate;
        devices_.emplace_back(ground_, number,
                              began_ + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(wait)));
        replan(number);
    }
    report_later();
    if (ground_.options.duration > Duration::zero()) {
        after(end_timer_, ground_.options.duration, [](Impl& self) { self.stop(); });
    }
}

void Simulation::Impl::replan(std::uint32_t number) {
    const Time when = devices_[number - 1].deadline();
    if (when == planned_[number]) return;
    planned_[number] = when;
    if (when == Time::max()) return;
    wakes_.emplace(when, number);
    arm();
}

void Simulation::Impl::arm() {
    if (wakes_.empty() || wakes_.top().first >= armed_) return;
    armed_ = wakes_.top().first;
    after(wake_timer_, std::max(armed_ - net::steady_now(), Duration::zero()), [](Impl& self) { self.wake(); });
}

void Simulation::Impl::wake() {
    // Sockets get their turn between two rounds.
    constexpr int most_in_a_row = 500;
    armed_ = Time::max();
    for (int woken = 0; woken < most_in_a_row && !wakes_.empty(); ++woken) {
        const Time now = net::steady_now();
        const auto [when, number] = wakes_.top();
        if (when > now) break;
        wakes_.pop();
        if (planned_[number] != when) continue;
        devices_[number - 1].on_time(now);
        planned_[number] = Time::max();
        replan(number);
    }
    arm();
}

void Simulation::Impl::report_later() {
    after(report_timer_, ground_.options.report_interval, [](Impl& self) {
        if (self.stage_ == Stage::finished) return;
        self.report_later();
        if (self.report_) self.report_(self.ground_.tally, self.elapsed());
    });
}

void Simulation::Impl::stop() {
    if (stage_ == Stage::running) {
        stage_ = Stage::draining;
        for (auto& device : devices_)
            device.stop_publishing();
        stage_ends_ = net::steady_now() + patience;
        return look_for_the_end();
    }
    stage_ends_ = net::steady_now();
}

void Simulation::Impl::wait_for_the_end() {
    after(end_timer_, look_again, [](Impl& self) { self.look_for_the_end(); });
}

void Simulation::Impl::look_for_the_end() {
    const bool in_time = net::steady_now() < stage_ends_;
    if (stage_ == Stage::draining) {
        const bool some_left = std::ranges::any_of(devices_, [](const auto& device) { return device.on_the_way() > 0; });
        if (!some_left || !in_time || ground_.tally.connected == 0) say_goodbyes();
    } else if (stage_ == Stage::parting) {
        const bool all_closed = std::ranges::all_of(devices_, [](const auto& device) { return device.is_closed(); });
        if (all_closed || !in_time) return finish();
    }
    wait_for_the_end();
}

void Simulation::Impl::say_goodbyes() {
    stage_ = Stage::parting;
    ended_at_ = net::steady_now();
    stage_ends_ = ended_at_ + patience;
    for (auto& device : devices_) {
        ground_.tally.lost += device.on_the_way();
        device.say_goodbye();
    }
}

void Simulation::Impl::finish() {
    stage_ = Stage::finished;
    abandon();
    boost::asio::post(ground_.io, [self = shared_from_this()] {
        if (const auto call = std::exchange(self->finished_, nullptr)) call();
    });
}

void Simulation::Impl::abandon() {
    wake_timer_.cancel();
    report_timer_.cancel();
    end_timer_.cancel();
    devices_.clear();
}

void Simulation::Impl::step_aside(std::string_view id) {
    if (stage_ != Stage::running || !id.starts_with(ground_.options.prefix)) return;
    id.remove_prefix(ground_.options.prefix.size());
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc{} || end != id.data() + id.size() || number < 1 || number > devices_.size()) return;
    devices_[number - 1].step_aside(net::steady_now());
}

Simulation::Simulation(net::IoContext& io, Options options, ReportSink report)
    : impl_(std::make_shared<Impl>(io, std::move(options), std::move(report))) {}

Simulation::~Simulation() {
    impl_->abandon();
}

void Simulation::start(std::function<void()> finished) {
    impl_->start(std::move(finished));
}
void Simulation::stop() {
    impl_->stop();
}
void Simulation::step_aside(std::string_view id) {
    impl_->step_aside(id);
}
const Tally& Simulation::tally() const {
    return impl_->tally();
}
Duration Simulation::elapsed() const {
    return impl_->elapsed();
}
const Options& Simulation::options() const {
    return impl_->options();
}

}  // namespace holdfast::simulate
