#include "model_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::command {

using namespace std::chrono_literals;

namespace {

/// What a device does with a command, the same every time it is asked.
Replied::Verdict verdict_of(CommandId id) {
    const std::size_t kind = std::hash<CommandId>{}(id) % 16;
    if (kind == 0) return Replied::Verdict::rejected;
    return kind == 1 ? Replied::Verdict::failed : Replied::Verdict::succeeded;
}
bool is_silent(CommandId id) {
    return (std::hash<CommandId>{}(id) >> 8) % 24 == 0;
}

}  // namespace

World::World(WorldOptions options, std::uint64_t seed) : options_(options), random_(seed), seed_(seed) {
    dispatcher_options_.window = options_.window;
    dispatcher_options_.backlog_pace = chance(0.5) ? 50 : 0;
    dispatcher_options_.horizon = 20s;
    dispatcher_options_.max_open_per_device = 64;
    request_topics_.resize(options_.clusters);
    for (std::size_t i = 0; i < options_.devices; ++i) {
        Device device;
        device.name = fmt::format("meter-{}", i);
        device.memory = i % 3 != 2;
        device.keeps_session = chance(0.5);
        device.cluster = below(options_.clusters);
        devices_.push_back(std::move(device));
    }
    restore_centre();
}

World::~World() = default;

void World::complain(std::string what) {
    if (!fault) fault = fmt::format("seed {}, step {}: {}", seed_, steps_, what);
}

template <class Item>
Item World::take_any(std::vector<Item>& items) {
    const std::size_t at = below(items.size());
    Item taken = std::move(items[at]);
    items[at] = std::move(items.back());
    items.pop_back();
    return taken;
}

DevicePlace World::place_of(std::string_view name) const {
    for (const Device& device : devices_) {
        if (device.name != name) continue;
        DevicePlace place;
        place.known = device.known;
        place.disabled = device.disabled;
        place.cluster = fmt::format("c{}", device.cluster);
        if (device.connected) {
            place.session = device.session;
            place.mqtt_version = 5;
            place.node = "n";
        }
        return place;
    }
    return {};
}

World::Device* World::device_of(std::string_view name) {
    const auto found = std::ranges::find(devices_, name, &Device::name);
    return found == devices_.end() ? nullptr : &*found;
}

void World::pass_time(Duration length) {
    now_ += length;
    wall_rest_ += length;
    const auto whole = std::chrono::floor<WallTime::duration>(wall_rest_);
    wall_ += whole;
    wall_rest_ -= whole;
}

void World::step() {
    ++steps_;
    if (options_.trouble == 0) {
        submit();
        flow();
        return;
    }
    const std::size_t what = below(100);
    if (what < 12) {
        pass_time(Duration(static_cast<Duration::rep>(any() % 400'000'000)));
        centre_ticks();
    } else if (what < 20) {
        submit();
    } else if (what < 38) {
        commit_one();
    } else if (what < 54) {
        channel_consumes();
    } else if (what < 70) {
        node_brings();
    } else if (what < 88) {
        report_arrives();
    } else if (what < 90) {
        cancel();
    } else if (what < 94) {
        tell_place();
    } else if (what < 96) {
        device_changes();
    } else if (what == 96) {
        if (goes_wrong(0.1)) crash_centre();
    } else if (what == 97) {
        if (goes_wrong(0.05)) queue_is_lost();
    } else if (what == 98) {
        if (goes_wrong(0.05)) wall_ += std::chrono::milliseconds(static_cast<std::int64_t>(below(40'000)) - 20'000);
    } else if (centre_ == nullptr) {
        restore_centre();
    }
    if (steps_ % 64 == 0) check_deadlines();
}

void World::flow() {
    pass_time(20ms);
    centre_ticks();
    for (int i = 0; i < 8; ++i) {
        while (!to_commit_.empty())
            commit_one();
        channel_consumes();
        node_brings();
        report_arrives();
    }
}

void World::calm_down() {
    calm_ = true;
    options_.trouble = 0;
    if (centre_ == nullptr) restore_centre();
    for (int i = 0; i < 4000 && !fault; ++i) {
        ++steps_;
        pass_time(80ms);
        flow();
        tell_place();
        // The store hands back what was left to it.
        if (i % 50 == 0) {
            for (const auto& [id, command] : store_) {
                if (!is_terminal(command.state)) centre_->restore(command, moment());
            }
            take_effects();
        }
        if (i % 10 == 0) check_deadlines();
    }
    for (const auto& [id, command] : store_) {
        if (!is_terminal(command.state)) complain(fmt::format("{} never ended, it is {}", id.text(), to_string(command.state)));
    }
    if (centre_->counts().open != 0) complain("the centre still holds commands");
    if (centre_->next_timer()) complain("the centre still waits for a time");
}

void World::submit() {
    if (centre_ == nullptr) return;
    Submission asked;
    asked.device = devices_[below(devices_.size())].name;
    asked.name = "do";
    asked.payload = chance(0.1) ? std::string(100, 'x') : "{}";
    asked.deadline_in = Duration(static_cast<Duration::rep>(any() % 40'000'000'000)) + 200ms;
    asked.offline = static_cast<Offline>(below(3));
    asked.order = chance(0.3) ? Order::none : Order::device;
    asked.attempts = static_cast<std::uint16_t>(1 + below(4));
    asked.answer_timeout = 1s + Duration(static_cast<Duration::rep>(any() % 3'000'000'000));
    if (chance(0.1)) asked.deliver_at = wall_ + std::chrono::milliseconds(below(30'000));
    last_id_ = CommandId::make_after(last_id_, wall_, any(), any());
    auto command = make_command(asked, last_id_, {}, wall_);
    if (!command) {
        complain(command.error().message());
        return;
    }
    if (chance(0.1)) {
        // Recorded by another centre, which hands it over.
        ++tally["handed over"];
        store_.emplace(command->id, *command);
        open_.emplace(command->id, *command);
        if (command->state != State::scheduled) note_limit(*command, Duration::zero());
        centre_->restore(*std::move(command), moment());
        centre_ticks();
        return;
    }
    if (centre_->submit(*std::move(command), moment())) ++tally["submitted"];
    take_effects();
}

void World::cancel() {
    if (centre_ == nullptr || open_.empty() || !chance(0.2)) return;
    auto chosen = open_.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(below(std::min<std::size_t>(open_.size(), 8))));
    if (centre_->cancel(chosen->first, Reason::cancelled, "no longer wanted", moment())) ++tally["cancelled"];
    take_effects();
}

void World::centre_ticks() {
    if (centre_ == nullptr) return;
    const auto next = centre_->next_timer();
    if ((next && *next <= now_) || centre_->scheduled()) centre_->tick(moment());
    take_effects();
}

void World::take_effects() {
    DispatcherEffects effects = centre_->take_effects();
    if (effects.empty()) return;
    check_windows(effects.writes);
    for (const Dispatch& dispatch : effects.requests)
        check_request(dispatch);
    for (const CommandId id : effects.ended) {
        if (!std::ranges::any_of(effects.writes, [&](const Command& c) { return c.id == id && is_terminal(c.state); }))
            complain(fmt::format("{} ended without a record", id.text()));
    }
    to_commit_.push_back({std::move(effects.writes), std::move(effects.requests), std::move(effects.ended)});
}

void World::commit_one() {
    if (to_commit_.empty()) return;
    Batch batch = std::move(to_commit_.front());
    to_commit_.pop_front();
    for (Command& command : batch.writes)
        write_is_durable(std::move(command));
    for (Dispatch& dispatch : batch.requests) {
        const auto cluster = static_cast<std::size_t>(dispatch.cluster.back() - '0');
        if (!goes_wrong(0.02)) request_topics_[cluster].push_back({std::move(dispatch.request), false});
    }
}

void World::write_is_durable(Command command) {
    const CommandId id = command.id;
    const auto before = store_.find(id);
    if (before != store_.end() && is_terminal(before->second.state) && !(before->second == command)) {
        complain(fmt::format("{} was {} and became {}", id.text(), to_string(before->second.state), to_string(command.state)));
    }
    if (is_terminal(command.state)) {
        ++tally[std::string(to_string(command.state))];
        ++tally[fmt::format("executed {}", to_string(command.executed))];
        ++tally[fmt::format("reason {}", to_string(command.reason))];
        if (command.reason == Reason::none || !command.ended_at) complain(fmt::format("{} ended for no reason", id.text()));
        const bool was_executed = executions_.contains(id);
        if (command.executed == Executed::no) {
            called_not_executed_.insert(id);
            if (was_executed) complain(fmt::format("{} is said not to be executed, and was", id.text()));
        }
        if (command.executed == Executed::yes && !was_executed) complain(fmt::format("{} is said to be executed", id.text()));
        for (const Attempt& attempt : command.attempts) {
            if (!attempt.ended_at) complain(fmt::format("{} ended before its attempt", id.text()));
        }
    }
    store_.insert_or_assign(id, std::move(command));
}

void World::note_limit(const Command& command, Duration more) {
    const auto left = std::max<Duration>(command.deadline - wall_, Duration::zero());
    limits_[command.id] = now_ + left + more + dispatcher_options_.grace + 2ms;
}

void World::check_windows(const std::vector<Command>& writes) {
    for (const Command& command : writes) {
        if (is_terminal(command.state)) {
            open_.erase(command.id);
            limits_.erase(command.id);
            continue;
        }
        const auto before = open_.find(command.id);
        const bool was_waiting = before == open_.end() || before->second.state == State::scheduled;
        if (was_waiting && command.state != State::scheduled) note_limit(command, Duration::zero());
        open_.insert_or_assign(command.id, command);
    }
    std::unordered_map<std::string_view, std::size_t> under_way;
    for (const auto& [id, command] : open_) {
        if (!command.attempts.empty() && !command.attempts.back().ended_at && ++under_way[command.device] > options_.window)
            complain(fmt::format("{} has more commands under way than its window", command.device));
    }
}

void World::check_request(const Dispatch& dispatch) {
    ++tally["requests"];
    const Request& request = dispatch.request;
    if (request.attempt > 1) ++tally["resent"];
    const auto found = open_.find(request.id);
    if (found == open_.end()) return;  // asked for and ended in the same breath
    const Command& command = found->second;
    if (request.deadline > command.deadline + 41s * 20) complain("a request outlives its command");
    if (command.order != Order::device || command.deliver_at) return;
    for (const auto& [id, other] : open_) {
        if (id < request.id && other.device == command.device && other.order == Order::device && !other.deliver_at)
            complain(fmt::format("{} overtakes {}", request.id.text(), id.text()));
    }
}

void World::check_deadlines() {
    if (centre_ == nullptr) return;
    centre_ticks();
    for (const auto& [id, limit] : limits_) {
        if (now_ >= limit && centre_->find(id) != nullptr) complain(fmt::format("{} outlives its deadline", id.text()));
    }
}

void World::crash_centre() {
    if (centre_ == nullptr) return;
    ++tally["centre crashes"];
    // What was being written is durable up to some point, and what follows it is lost.
    while (!to_commit_.empty() && chance(0.5))
        commit_one();
    to_commit_.clear();
    centre_.reset();
    open_.clear();
    limits_.clear();
}

void World::restore_centre() {
    centre_ =
        std::make_unique<Dispatcher>(dispatcher_options_, [this](std::string_view device) { return place_of(device); }, any());
    std::vector<CommandId> ids;
    for (const auto& [id, command] : store_) {
        if (!is_terminal(command.state)) ids.push_back(id);
    }
    std::ranges::sort(ids);
    for (const CommandId id : ids) {
        const Command& command = store_.at(id);
        open_.insert_or_assign(id, command);
        if (command.state != State::scheduled) note_limit(command, dispatcher_options_.grace);
        centre_->restore(command, moment());
    }
    take_effects();
}

void World::channel_consumes() {
    const std::size_t cluster = below(request_topics_.size());
    auto& topic = request_topics_[cluster];
    if (topic.empty()) return;
    // In order per device; any device may be next.
    std::size_t at = below(topic.size());
    for (std::size_t i = 0; i < at; ++i) {
        if (topic[i].request.device == topic[at].request.device) at = i;
    }
    Message message = topic[at];
    const Request& request = message.request;
    const Device* device = device_of(request.device);
    const bool here = device != nullptr && device->cluster == cluster && device->connected && device->known;
    const auto done = [&] { topic.erase(topic.begin() + static_cast<std::ptrdiff_t>(at)); };
    const auto cannot = [&](Reason reason) {
        // Somebody who had it before may have published it.
        if (message.repeated) {
            report(request, SendUnclear{.detail = "had by another channel before"});
        } else {
            report(request, NotSent{.reason = reason});
        }
        done();
    };
    if (wall_ >= request.deadline) return cannot(Reason::deadline_passed);
    if (!here) return cannot(Reason::device_offline);
    if (goes_wrong(0.1)) return cannot(goes_wrong(0.3) ? Reason::node_refused : Reason::node_unreachable);
    if (goes_wrong(0.05)) {
        // It dies; the message is somebody else's then.
        if (chance(0.5)) on_nodes_.push_back({request, cluster});
        topic[at].repeated = true;
        ++tally["channel crashes"];
        return;
    }
    if (goes_wrong(0.05)) {
        if (chance(0.5)) on_nodes_.push_back({request, cluster});
        report(request, SendUnclear{.node = "n"});
        return done();
    }
    on_nodes_.push_back({request, cluster});
    report(request, Sent{.node = "n"});
    if (goes_wrong(0.03)) {
        // Its acknowledgement is lost, and the next consumer gets it too.
        topic[at].repeated = true;
        return;
    }
    done();
}

void World::report(const Request& request, decltype(Report::what) what) {
    if (goes_wrong(0.03)) return;
    Report made{.id = request.id, .attempt = request.attempt, .device = request.device, .at = wall_, .what = std::move(what)};
    if (std::holds_alternative<Replied>(made.what) && chance(0.2)) made.attempt = 0;
    if (goes_wrong(0.05)) responses_.push_back(made);
    responses_.push_back(std::move(made));
}

void World::report_arrives() {
    if (centre_ == nullptr || responses_.empty()) return;
    Report next = take_any(responses_);
    centre_->report(next, moment());
    take_effects();
    // Not acknowledged in time: it comes once more.
    if (goes_wrong(0.03)) responses_.push_back(std::move(next));
}

void World::node_brings() {
    if (on_nodes_.empty()) return;
    OnNode message = take_any(on_nodes_);
    Device* device = device_of(message.request.device);
    if (device == nullptr || device->cluster != message.cluster || !device->known) return;
    if (!device->connected) {
        if (device->keeps_session && !calm_) on_nodes_.push_back(std::move(message));
        return;
    }
    // The message expires with its deadline, by the calendar of its node.
    if (goes_wrong(0.06)) return;
    if (goes_wrong(0.05)) on_nodes_.push_back(message);
    device_gets(*device, message.request);
}

void World::device_gets(Device& device, const Request& request) {
    const auto verdict = verdict_of(request.id);
    if (chance(0.3)) report(request, Delivered{.by_device = false});
    if (chance(0.2)) report(request, Delivered{.by_device = true});
    const bool again = device.memory && device.remembered.contains(request.id);
    if (!again && verdict != Replied::Verdict::rejected) {
        const std::uint32_t times = ++executions_[request.id];
        ++tally["executed"];
        if (times > 1) ++tally["executed again"];
        if (device.memory && times > 1) complain(fmt::format("{} was executed twice", request.id.text()));
        if (called_not_executed_.contains(request.id)) complain(fmt::format("{} was executed after all", request.id.text()));
    }
    device.remembered.insert(request.id);
    if ((is_silent(request.id) && options_.trouble > 0) || goes_wrong(0.06)) return;
    report(request, Replied{.verdict = verdict, .result = "r"});
}

void World::device_changes() {
    if (options_.trouble == 0) return;
    const std::size_t at = below(devices_.size());
    Device& device = devices_[at];
    const std::size_t what = below(40);
    if (what < 14) {
        device.connected = !device.connected;
        if (device.connected) ++device.session;
    } else if (what < 18) {
        device.connected = true;
        ++device.session;
    } else if (what < 21) {
        device.cluster = below(options_.clusters);
        ++device.session;
        ++tally["moves"];
    } else if (what == 21) {
        device.disabled = true;
        device.connected = false;
    } else if (what < 26) {
        device.disabled = false;
    } else if (what == 26) {
        device.known = false;
        device.connected = false;
    } else if (what < 33) {
        device.known = true;
    } else if (what < 35 && !device.memory) {
        device.remembered.clear();
    }
    untold_places_.push_back(at);
}

void World::tell_place() {
    if (untold_places_.empty() || centre_ == nullptr) return;
    const std::size_t at = take_any(untold_places_);
    centre_->device_changed(devices_[at].name, moment());
    take_effects();
}

void World::queue_is_lost() {
    ++tally["queue losses"];
    for (auto& topic : request_topics_)
        topic.clear();
    if (chance(0.5)) responses_.clear();
}

}  // namespace holdfast::command
