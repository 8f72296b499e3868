#include "gateway/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "gateway/errors.h"
#include "proxy/connection_facts.h"
#include "runtime/log.h"

namespace holdfast::gateway {

namespace {

constexpr Duration timer_grain = std::chrono::milliseconds(50);
constexpr std::size_t scratch_size = 64 * 1024;
/// Accepted in one go before established connections get their turn.
constexpr int accepts_per_turn = 64;
constexpr std::size_t max_links = std::size_t{1} << LinkTag::slot_bits;
/// Facts that may wait for control; beyond it no new connection is taken, so that nothing is lost and nothing grows.
constexpr std::size_t outbox_bound = 100'000;
constexpr Duration pause_without_descriptors = std::chrono::milliseconds(100);
constexpr Duration pause_with_full_outbox = std::chrono::milliseconds(20);

/// Tags that are no link's: their slot number is out of a link's range.
constexpr std::uint64_t bell_tag = ~std::uint64_t{0};
constexpr std::uint64_t first_listener_tag = bell_tag - 0x1'0000;

template <class Counter, class Value>
void add(Counter& counter, Value value) noexcept {
    // One writer: no need for an atomic addition.
    counter.store(counter.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}

template <class Counter>
void subtract_one(Counter& counter) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
}

Descriptor open_reserve() {
    return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

Result<std::unique_ptr<Worker>> Worker::create(std::uint16_t index, std::vector<Descriptor> listeners, const Tuning& tuning,
                                               Shared shared) {
    auto poller = Poller::create();
    if (!poller) return std::unexpected(std::move(poller).error());
    Descriptor bell(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    Descriptor reserve = open_reserve();
    if (!bell || !reserve) {
        return fail(Errc::no_resources, fmt::format("cannot start a data-plane thread: {}", system_message(errno)));
    }
    std::unique_ptr<Worker> worker(
        new Worker(index, std::move(listeners), tuning, shared, std::move(*poller), std::move(bell), std::move(reserve)));
    bool watching = worker->poller_.add_level(worker->bell_.get(), bell_tag);
    for (std::size_t i = 0; i < worker->listeners_.size(); ++i) {
        watching = watching && worker->poller_.add_level(worker->listeners_[i].get(), first_listener_tag + i);
    }
    if (!watching) return fail(Errc::no_resources, fmt::format("cannot watch a listening socket: {}", system_message(errno)));
    return worker;
}

Worker::Worker(std::uint16_t index, std::vector<Descriptor> listeners, const Tuning& tuning, Shared shared, Poller poller,
               Descriptor bell, Descriptor reserve)
    : index_(index),
      shared_(shared),
      tuning_(tuning),
      poller_(std::move(poller)),
      bell_(std::move(bell)),
      reserve_(std::move(reserve)),
      listeners_(std::move(listeners)),
      snapshots_(shared.snapshots),
      now_(shared.clock.now()),
      wheel_(timer_grain, now_),
      scratch_(scratch_size),
      random_(std::random_device{}()) {}

Worker::~Worker() {
    for (Slot& slot : slots_)
        slot.link.reset();
}

void Worker::run() {
    for (;;) {
        const std::span<const Readiness> ready = poller_.wait(time_to_wait());
        now_ = shared_.clock.now();
        for (const Readiness& readiness : ready)
            dispatch(readiness);
        go_on_with_waiting();
        if (!followers_.empty()) tell_of_switches();
        wheel_.advance(now_, [](WheelTimer& timer) { Link::of(timer).timer_fired(); });
        if (!listening_ && !stopping_ && now_ >= listen_again_at_) listen_again();
        sweep();
        hand_over_facts();
        if (stopping_ && (links_ == 0 || now_ >= stop_at_)) return;
    }
}

Duration Worker::time_to_wait() const {
    if (!waiting_.empty()) return Duration::zero();
    Time until = Time::max();
    if (const auto tick = wheel_.next_tick()) until = *tick;
    if (!listening_ && !stopping_) until = std::min(until, listen_again_at_);
    if (stopping_) until = std::min(until, stop_at_);
    if (until == Time::max()) return Duration(-1);
    return std::max(Duration::zero(), until - shared_.clock.now());
}

void Worker::dispatch(const Readiness& readiness) {
    if (readiness.tag == bell_tag) {
        read_mail();
    } else if (readiness.tag >= first_listener_tag) {
        accept_from(static_cast<std::size_t>(readiness.tag - first_listener_tag));
    } else {
        const LinkTag tag = LinkTag::unpack(readiness.tag);
        if (Link* link = find(tag.slot, tag.generation)) link->ready(readiness, tag);
    }
}

Link* Worker::find(std::uint32_t slot, std::uint32_t generation) noexcept {
    if (slot >= slots_.size() || slots_[slot].generation != generation) return nullptr;
    Link* link = slots_[slot].link.get();
    return link != nullptr && !link->buried ? link : nullptr;
}

void Worker::accept_from(std::size_t listener) {
    for (int i = 0; i < accepts_per_turn && listening_; ++i) {
        if (outbox_size_.load(std::memory_order_relaxed) > outbox_bound) {
            listening_ = false;
            listen_again_at_ = now_ + pause_with_full_outbox;
            for (std::size_t l = 0; l < listeners_.size(); ++l)
                poller_.set_level(listeners_[l].get(), first_listener_tag + l, false);
            return;
        }
        SocketAddress source;
        socklen_t size = sizeof source.v6;
        Descriptor device(::accept4(listeners_[listener].get(), &source.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (device) {
            take_in(std::move(device), source);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) out_of_descriptors(listener);
        // A connection that broke before it was accepted is the next one's concern; EAGAIN means that there is none.
        if (errno != EINTR && errno != ECONNABORTED) return;
    }
}

void Worker::take_in(Descriptor device, const SocketAddress& source) {
    add(counters_.accepted, 1U);
    const proxy::Admission admission =
        links_ >= max_links ? proxy::Admission::turned_away : shared_.admission.enter(source.source());
    if (admission == proxy::Admission::turned_away) {
        add(counters_.turned_away, 1U);
        return;
    }
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[slot].generation = (slots_[slot].generation + 1) & ((1U << LinkTag::generation_bits) - 1);
    if (slots_[slot].generation == 0) slots_[slot].generation = 1;
    slots_[slot].link = std::make_unique<Link>(*this, slot, slots_[slot].generation, std::move(device), source, admission);
    ++links_;
    add(counters_.open, 1U);
    Link& link = *slots_[slot].link;
    if (!link.start()) {
        // The kernel watches no more sockets; the device finds its connection closed.
        add(counters_.turned_away, 1U);
        bury(link);
    }
}

// Without a descriptor the waiting connections cannot even be told: one is kept in reserve for that, given up, used to take and
// close them, and got back.
void Worker::out_of_descriptors(std::size_t listener) {
    if (!counters_.out_of_descriptors.exchange(true)) {
        log::warning("gateway",
                     "no descriptor left for new connections ({} are open on this thread): they are closed at once until some "
                     "end; raise the "
                     "limit of open files (ulimit -n) or lower gateway.max_connections",
                     links_);
    }
    reserve_.reset();
    for (int i = 0; i < accepts_per_turn; ++i) {
        const Descriptor turned_away(::accept4(listeners_[listener].get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!turned_away) break;
        add(counters_.accepted, 1U);
        add(counters_.turned_away, 1U);
    }
    reserve_ = open_reserve();
    listening_ = false;
    listen_again_at_ = now_ + pause_without_descriptors;
    for (std::size_t l = 0; l < listeners_.size(); ++l)
        poller_.set_level(listeners_[l].get(), first_listener_tag + l, false);
    errno = EAGAIN;
}

void Worker::listen_again() {
    listening_ = true;
    if (!reserve_) reserve_ = open_reserve();
    if (counters_.out_of_descriptors.load()) {
        const Descriptor spare = open_reserve();
        if (spare) {
            counters_.out_of_descriptors.store(false);
            log::info("gateway", "there are descriptors for new connections again");
        }
    }
    for (std::size_t l = 0; l < listeners_.size(); ++l)
        poller_.set_level(listeners_[l].get(), first_listener_tag + l, true);
}

void Worker::go_on_later(Link& link) {
    if (std::exchange(link.waiting_to_go_on, true)) return;
    waiting_.push_back(&link);
}

void Worker::go_on_with_waiting() {
    if (waiting_.empty()) return;
    // Those that need yet another turn get it in the next round.
    std::vector<Link*> turn;
    turn.swap(waiting_);
    for (Link* link : turn) {
        link->waiting_to_go_on = false;
        if (!link->buried) link->go_on();
    }
}

void Worker::follow_switches(Link& link) {
    if (link.follower_number != Link::no_follower) return;
    if (followers_.empty()) followed_ = snapshot().topology;
    link.follower_number = static_cast<std::uint32_t>(followers_.size());
    followers_.push_back(&link);
}

void Worker::follow_no_more(Link& link) {
    if (link.follower_number == Link::no_follower) return;
    const std::uint32_t number = std::exchange(link.follower_number, Link::no_follower);
    followers_[number] = followers_.back();
    followers_[number]->follower_number = number;
    followers_.pop_back();
    link.follower_number = Link::no_follower;
    if (followers_.empty()) followed_.reset();
}

void Worker::tell_of_switches() {
    if (snapshot().topology == followed_) return;
    followed_ = snapshot().topology;
    // From the back: whoever is out of the list by it is replaced by one that has been told.
    for (std::size_t i = followers_.size(); i-- > 0;)
        followers_[i]->topology_changed();
}

void Worker::hold(Link& link) {
    if (std::exchange(link.held, true)) return;
    const fleet::ClusterIndex cluster = link.connection().waits_for();
    shared_.waiting_room.enter(cluster, snapshot().topology->cluster_name(cluster), tuning_.limits.hold_connects);
    shared_.waiting_room.describe(tuning_.limits);
}

void Worker::let_go(Link& link, std::uint64_t proxy::WaitingOutcomes::* outcome) {
    if (!std::exchange(link.held, false)) return;
    const fleet::ClusterIndex cluster = link.connection().waits_for();
    shared_.waiting_room.leave(cluster, snapshot().topology->cluster_name(cluster), outcome);
    shared_.waiting_room.describe(tuning_.limits);
}

void Worker::bury(Link& link) {
    if (std::exchange(link.buried, true)) return;
    buried_.push_back(&link);
}

void Worker::sweep() {
    for (Link* link : buried_) {
        if (link->waiting_to_go_on) std::erase(waiting_, link);
        follow_no_more(*link);
        if (link->connection().opened()) report_closed(*link);
        shared_.admission.leave(link->source().source(), link->admission());
        subtract_one(counters_.open);
        --links_;
        const std::uint32_t slot = link->slot();
        slots_[slot].link.reset();
        free_slots_.push_back(slot);
    }
    buried_.clear();
}

void Worker::report_opened(Link& link) {
    add(counters_.relaying, 1U);
    follow_no_more(link);
    let_go(link, &proxy::WaitingOutcomes::accepted);
    facts_.emplace_back(proxy::opened_fact(link.connection(), link.id(), link.source().text(), snapshot(), moment()));
}

void Worker::report_refused(Link& link) {
    follow_no_more(link);
    let_go(link, link.connection().gave_up() ? &proxy::WaitingOutcomes::gave_up : &proxy::WaitingOutcomes::refused);
    facts_.emplace_back(proxy::refused_fact(link.connection().take_story(), link.source().text(), moment()));
}

void Worker::report_closed(Link& link) {
    subtract_one(counters_.relaying);
    add(counters_.packets_from_devices, link.connection().packets_from_device());
    add(counters_.packets_to_devices, link.connection().packets_to_device());
    facts_.emplace_back(proxy::closed_fact(link.connection(), link.id(), moment()));
}

void Worker::report_acknowledged(Link& link) {
    for (std::string& topic : link.connection().take_acknowledged()) {
        fleet::Acknowledged fact;
        fact.connection = link.id();
        fact.topic = std::move(topic);
        fact.at = now_;
        fact.wall = shared_.clock.wall();
        facts_.emplace_back(std::move(fact));
    }
}

void Worker::report_trouble(fleet::NodeIndex node) {
    fleet::NodeTrouble fact;
    fact.node = node;
    fact.at = now_;
    facts_.emplace_back(fact);
}

void Worker::count_bytes(bool from_device, std::size_t bytes) noexcept {
    add(from_device ? counters_.bytes_from_devices : counters_.bytes_to_devices, bytes);
}

void Worker::count_pause() noexcept {
    add(counters_.backpressure_pauses, 1U);
}

void Worker::hand_over_facts() {
    if (facts_.empty()) return;
    bool first = false;
    {
        const std::lock_guard lock(outbox_mutex_);
        first = outbox_.empty();
        if (first) {
            outbox_.swap(facts_);
        } else {
            outbox_.insert(outbox_.end(), std::make_move_iterator(facts_.begin()), std::make_move_iterator(facts_.end()));
        }
        outbox_size_.store(outbox_.size(), std::memory_order_relaxed);
    }
    facts_.clear();
    if (first) shared_.wake_control();
}

void Worker::collect(std::vector<fleet::Fact>& facts) {
    std::vector<fleet::Fact> taken;
    {
        const std::lock_guard lock(outbox_mutex_);
        taken.swap(outbox_);
        outbox_size_.store(0, std::memory_order_relaxed);
    }
    if (facts.empty()) {
        facts.swap(taken);
    } else {
        facts.insert(facts.end(), std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end()));
    }
}

void Worker::end(std::span<const fleet::EndOrder> orders) {
    {
        const std::lock_guard lock(mail_mutex_);
        mail_.ends.insert(mail_.ends.end(), orders.begin(), orders.end());
    }
    ring_bell();
}

void Worker::tune(const Tuning& tuning) {
    {
        const std::lock_guard lock(mail_mutex_);
        mail_.tuning = std::make_unique<Tuning>(tuning);
    }
    ring_bell();
}

void Worker::stop(Duration grace) {
    {
        const std::lock_guard lock(mail_mutex_);
        mail_.stop = true;
        mail_.grace = grace;
    }
    ring_bell();
}

void Worker::ring_bell() noexcept {
    const std::uint64_t one = 1;
    // It can only fail when it rings already.
    [[maybe_unused]] const ssize_t written = ::write(bell_.get(), &one, sizeof one);
}

void Worker::read_mail() {
    std::uint64_t rings = 0;
    [[maybe_unused]] const ssize_t read = ::read(bell_.get(), &rings, sizeof rings);
    Mail mail;
    {
        const std::lock_guard lock(mail_mutex_);
        std::swap(mail, mail_);
    }
    if (mail.tuning) tuning_ = *mail.tuning;
    shared_.waiting_room.describe(tuning_.limits);
    for (const fleet::EndOrder& order : mail.ends) {
        const std::uint64_t sequence = order.connection.value();
        const auto slot = static_cast<std::uint32_t>(sequence & ((1U << LinkTag::slot_bits) - 1));
        const auto generation =
            static_cast<std::uint32_t>(sequence >> LinkTag::slot_bits) & ((1U << LinkTag::generation_bits) - 1);
        if (Link* link = find(slot, generation)) link->end(proxy::end_reason_of(order.cause));
    }
    if (mail.stop) begin_stop(mail.grace);
}

void Worker::begin_stop(Duration grace) {
    if (std::exchange(stopping_, true)) return;
    stop_at_ = now_ + grace;
    listening_ = false;
    listeners_.clear();
    for (Slot& slot : slots_) {
        if (slot.link && !slot.link->buried) slot.link->end(proxy::EndReason::shutting_down);
    }
}

}  // namespace holdfast::gateway
