#include "simulation.h"

#include <algorithm>

namespace holdfast::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint16_t gateway_port = 1;

proxy::Limits limits_of(Dice& dice) {
    proxy::Limits limits;
    limits.connect_deadline = seconds(3);
    limits.node_connect_timeout = milliseconds(800);
    limits.connack_timeout = milliseconds(1000);
    limits.parting_deadline = seconds(2);
    limits.max_candidates = dice.between(2, 4);
    limits.hold_connects = dice.chance(0.2) ? Duration::zero() : dice.duration(seconds(1), seconds(8));
    limits.hold_spread = dice.chance(0.5) ? Duration::zero() : Duration(milliseconds(300));
    limits.held_max = dice.chance(0.3) ? 200 : 64 * 1024;
    return limits;
}

}  // namespace

Summary& Summary::operator+=(const Summary& other) {
    steps += other.steps;
    opened += other.opened;
    refused += other.refused;
    messages += other.messages;
    waited += other.waited;
    for (const auto& [reason, count] : other.ends)
        ends[reason] += count;
    for (const auto& [reason, count] : other.refusals)
        refusals[reason] += count;
    return *this;
}

Simulation::Simulation(std::uint64_t seed, bool tells)
    : world_(seed, tells),
      limits_(limits_of(world_.dice)),
      control_(world_, world_.dice.between(1, 4), limits_, *this),
      park_(world_, control_),
      keeper_(world_, control_),
      chaos_(world_, control_, park_, keeper_, devices_, gateway_port),
      streams_(world_, limits_),
      refusals_(world_, control_, park_, keeper_, limits_),
      places_(world_, control_, park_) {}

Summary Simulation::run() {
    build();
    storm();
    calm();
    shut_down();
    summary_.steps = world_.scheduler.steps();
    summary_.messages = park_.messages();
    return summary_;
}

void Simulation::build() {
    for (const char* cluster : {"east", "west", "north"}) {
        park_.build(cluster, world_.dice.between(2, 3));
        if (world_.dice.chance(0.3)) break;
    }
    control_.start();
    keeper_.start();
    world_.network.listen(gateway_port, control_);
    const std::size_t count = world_.dice.between(10, 30);
    for (std::size_t i = 0; i < count; ++i)
        make_device(i);
}

void Simulation::make_device(std::size_t number) {
    Dice& dice = world_.dice;
    DeviceTraits traits;
    traits.version = std::array{mqtt::Version::v31, mqtt::Version::v311, mqtt::Version::v5}[dice.below(3)];
    const bool anonymous = number % 8 == 7 && traits.version != mqtt::Version::v31;
    if (!anonymous) traits.id = fmt::format("meter-{}", number);
    // Whoever has no name cannot be taken over; it must be found out by its silence.
    traits.keep_alive = anonymous ? 5 : std::array<std::uint16_t, 4>{0, 3, 10, 30}[dice.below(4)];
    traits.clean = anonymous || dice.chance(0.5);
    devices_.push_back(std::make_unique<Device>(world_, traits, gateway_port));
    world_.scheduler.after(dice.duration(Duration::zero(), seconds(5)), [device = devices_.back().get()] { device->arrive(); });
}

void Simulation::storm() {
    const Time end = world_.now() + world_.dice.duration(seconds(30), seconds(60));
    const Duration between = world_.dice.duration(milliseconds(100), milliseconds(1500));
    world_.scheduler.after(seconds(1), [this] { look_around(); });
    world_.scheduler.run_until(world_.now() + seconds(4));
    while (world_.now() < end) {
        world_.scheduler.run_until(world_.now() + world_.dice.duration(Duration::zero(), 2 * between));
        chaos_.strike();
    }
    storming_ = false;
}

void Simulation::look_around() {
    places_.look();
    world_.scheduler.after(seconds(1), [this] { look_around(); });
}

void Simulation::calm() {
    world_.tell("calm");
    chaos_.end();
    world_.scheduler.run_until(world_.now() + seconds(16));
    park_.calm_down();
    for (const auto& device : devices_)
        device->arrive();
    // Without a keep alive the kernel's probes find them out.
    std::vector<std::shared_ptr<Wire>> forsaken;
    control_.for_each_link([&](const Link& link) {
        if (!link.over() && link.device_wire()->absent(Side::opener)) forsaken.push_back(link.device_wire());
    });
    for (const auto& wire : forsaken)
        wire->break_up();
    // The longest keep alive of a device that is gone without a word is the slowest of all.
    world_.scheduler.run_until(world_.now() + seconds(60));
    for (const auto& device : devices_)
        device->be_quiet();
    world_.scheduler.run_until(world_.now() + seconds(4));
    control_.collect_all();
    places_.all_in_place(devices_);
    places_.presence_is_true();
    places_.store_is_true();
    control_.for_each_link([&](const Link& link) {
        if (!link.relaying()) return;
        for (const auto& wire : {link.device_wire(), link.node_wire()}) {
            for (const Side from : {Side::opener, Side::acceptor}) {
                // A PINGREQ or its answer may always be under way.
                world_.check(wire->delivered(from).size() + 2 >= wire->sent(from).size(),
                             "{} of {} bytes have arrived although all is quiet (connection {}, wire {})",
                             wire->delivered(from).size(), wire->sent(from).size(), link.id().value(), wire->number());
            }
        }
    });
}

void Simulation::shut_down() {
    world_.network.forget(gateway_port);
    for (const auto& plane : control_.planes())
        plane->end_all(proxy::EndReason::shutting_down);
    world_.scheduler.run_until(world_.now() + limits_.parting_deadline + limits_.linger + seconds(1));
    control_.collect_all();
    std::size_t links = 0;
    control_.for_each_link([&](const Link&) { ++links; });
    world_.check(links == 0, "{} links are left after the end", links);
    world_.check(open_.empty(), "{} connections were never reported as closed", open_.size());
    world_.check(control_.fleet().presence().size() == 0, "{} connections are still present",
                 control_.fleet().presence().size());
}

void Simulation::opened(const fleet::Opened& fact) {
    ++summary_.opened;
    const auto steps = fact.trace.steps();
    if (std::ranges::find(steps, fleet::TraceKind::waited, &fleet::TraceStep::kind) != steps.end()) ++summary_.waited;
    world_.tell("opened {} \"{}\" on {}", fact.connection.value(), fact.device,
                control_.fleet().topology().node_name(fact.node));
    world_.check(open_.emplace(fact.connection, world_.now()).second, "a connection is opened twice");
}

void Simulation::refused(const Link& link, const proxy::Connection::Story& story) {
    ++summary_.refused;
    ++summary_.refusals[story.refused];
    world_.check(!open_.contains(link.id()), "an open connection is refused");
    refusals_.refused(link, story);
}

void Simulation::over(const Link& link) {
    if (!link.connection().opened()) return;
    const proxy::EndReason reason = link.connection().end_reason();
    world_.tell("over {}: {}", link.id().value(), to_string(reason));
    ++summary_.ends[reason];
    world_.check(reason != proxy::EndReason::none, "a connection ended for no reason");
    world_.check(open_.erase(link.id()) == 1, "a connection ended twice");
    world_.check(reason != proxy::EndReason::device_malformed && reason != proxy::EndReason::node_malformed,
                 "a stream lost its meaning: {}", to_string(reason));
    streams_.over(link);
}

}  // namespace holdfast::sim
