#include "center/command_center.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <unordered_set>
#include <utility>
#include <variant>

#include "runtime/log.h"

namespace holdfast::center {

namespace asio = boost::asio;

namespace {

/// Nothing is so urgent that the thread may spin for it.
constexpr Duration shortest_sleep = std::chrono::microseconds(100);
constexpr Duration care_interval = std::chrono::seconds(1);
/// How often commands of other centres that somebody here waits for are looked up.
constexpr Duration abroad_interval = std::chrono::milliseconds(20);
/// A message that cannot be understood is given back with this pause, until the queue sets it aside.
constexpr Duration poison_pause = std::chrono::milliseconds(200);
/// How long progress that nobody waits for may wait to be recorded.
constexpr Duration progress_linger = std::chrono::milliseconds(20);
/// Responses that may be with this centre at a time.
constexpr std::size_t response_window = 8192;
constexpr std::size_t open_page = 1000;
constexpr std::size_t retention_step = 5000;
/// How long after its submission a command of this centre's that it was not told of is looked for.
constexpr std::chrono::seconds unannounced_for{5};
constexpr Duration sweep_interval = std::chrono::seconds(10);

/// Nothing follows from it, and a later word says more.
bool is_mere_progress(const command::Report& report) {
    if (const auto* delivered = std::get_if<command::Delivered>(&report.what)) return !delivered->last_word;
    return std::holds_alternative<command::Sent>(report.what);
}

}  // namespace

std::string request_topic(std::string_view cluster) {
    return fmt::format("request.{}", cluster);
}
std::string response_topic(std::string_view centre) {
    return fmt::format("response.{}", centre);
}
std::string handover_topic(std::string_view centre) {
    return fmt::format("handover.{}", centre);
}

CommandCenter::CommandCenter(asio::io_context& io, const Clock& clock, storage::CommandStore& store, queue::Queue& queue,
                             control::DeviceDirectory& directory, CenterOptions options)
    : io_(io),
      clock_(clock),
      store_(store),
      queue_(queue),
      directory_(directory),
      options_(std::move(options)),
      random_(std::random_device{}()),
      dispatcher_(
          options_.dispatcher, [this](std::string_view device) { return directory_.find(device); }, random_()),
      gate_(io, store,
            {.pass = [this](Passed&& passed) { pass(std::move(passed)); },
             .give_back = [this](std::vector<command::CommandId>&& ids, const Error& why) { give_back(std::move(ids), why); },
             .opened = [this] { settle_soon(); },
             .newest = [this](command::CommandId id) { return dispatcher_.find(id); }}),
      lease_(io, clock, store, options_.dispatcher.centre, options_.lease,
             {.begin_anew = [this] { begin_anew(); },
              .adopted =
                  [this](std::string_view from, std::uint64_t commands) {
                      log::warning("centre", "{} commands of {}, which is gone, are taken over", commands, from);
                      read_open(std::nullopt);
                      jobs_.resume();
                  }}),
      waiting_(io, clock, [this](command::CommandId id) { return get(id); }),
      webhooks_(clock, store, options_.webhooks),
      jobs_(io, clock, store, options_.dispatcher.centre, options_.limits,
            {.submit = [this](command::Submission submission,
                              SubmitDone done) { submit(std::move(submission), {}, std::move(done)); },
             .cancel = [this](command::CommandId id) { cancel_held(id, {}, [](const Result<command::Command>&) {}); },
             .alive =
                 [this](std::string_view centre) { return std::ranges::find(lease_.alive(), centre) != lease_.alive().end(); },
             .others = [this] { return lease_.alive().size() > 1; }}),
      timer_(io),
      care_timer_(io),
      abroad_timer_(io),
      linger_timer_(io),
      self_(std::make_shared<CommandCenter*>(this)) {}

CommandCenter::~CommandCenter() {
    stop();
    *self_ = nullptr;
}

Result<> CommandCenter::start() {
    if (auto leased = lease_.start(); !leased) return leased;
    running_ = true;
    // Reports and submissions wait until everything that is open is held again: a report about a command that is not would be
    // lost, and a new command would pass older ones of its device.
    read_open(std::nullopt);
    devices_ = directory_.watch_devices([this](std::string_view device) {
        dispatcher_.device_changed(device, moment());
        settle_soon();
    });
    jobs_.resume();
    webhooks_.resume();
    arm_care();
    return {};
}

void CommandCenter::stop() {
    if (!std::exchange(running_, false)) return;
    responses_.reset();
    handovers_.reset();
    devices_.reset();
    timer_.cancel();
    care_timer_.cancel();
    abroad_timer_.cancel();
    linger_timer_.cancel();
    lease_.stop();
    jobs_.stop();
    webhooks_.stop();
    gate_.stop();
    waiting_.stop();
    const Error why(command::Errc::stopping, "this command centre ends; ask again in a moment");
    for (auto& [id, senders] : std::exchange(accepting_, {})) {
        for (const SubmitDone& done : senders)
            done(std::unexpected(why));
    }
    for (auto& [id, callers] : std::exchange(cancelling_, {})) {
        for (const CommandDone& done : callers)
            done(std::unexpected(why));
    }
}

void CommandCenter::set_options(const CenterOptions& options) {
    options_ = options;
    dispatcher_.set_options(options_.dispatcher);
    settle_soon();
}

// --- what comes ---

void CommandCenter::consume() {
    responses_ = queue_.subscribe(response_topic(lease_.name()), "centre", {.window = response_window},
                                  [this](const queue::Delivery& delivery) { take_response(delivery); });
    handovers_ = queue_.subscribe(handover_topic(lease_.name()), "centre", {},
                                  [this](const queue::Delivery& delivery) { take_handover(delivery); });
}

void CommandCenter::take_response(const queue::Delivery& delivery) {
    const auto report =
        command::decode_report({reinterpret_cast<const Byte*>(delivery.payload.data()), delivery.payload.size()});
    if (!report) {
        unreadable_.write(clock_.now(), log::Level::warning, "centre",
                          fmt::format("a report about device {} cannot be read ({}); the queue will set it aside", delivery.key,
                                      report.error().message()));
        responses_->nack(delivery.id, poison_pause);
        return;
    }
    dispatcher_.report(*report, moment());
    if (is_mere_progress(*report)) {
        // The device's next word waits behind it, most often its last one: it need not wait for a record too. Progress that is
        // lost with the process is found again, as whoever restores the command asks the channel.
        responses_->ack(delivery.id);
    } else {
        handled_.push_back(delivery.id);
    }
    settle_soon();
}

void CommandCenter::acknowledged(const command::Report& report) {
    if (!running_) return;
    if (dispatcher_.find(report.id) != nullptr) {
        dispatcher_.report(report, moment());
        settle_soon();
        return;
    }
    std::vector<queue::OutMessage> messages;
    for (const std::string& centre : lease_.alive()) {
        if (centre != lease_.name()) messages.push_back({response_topic(centre), report.device, command::encode(report)});
    }
    if (!messages.empty()) queue_.publish(std::move(messages));
}

void CommandCenter::take_handover(const queue::Delivery& delivery) {
    const bool cancelled = delivery.payload.starts_with('-');
    const auto id = command::CommandId::parse(delivery.payload.substr(cancelled ? 1 : 0));
    if (!id) {
        handovers_->nack(delivery.id, poison_pause);
        return;
    }
    if (dispatcher_.find(*id) == nullptr) {
        auto found = store_.get(*id);
        if (!found) {
            handovers_->nack(delivery.id, poison_pause);
            return;
        }
        if (*found && (*found)->centre == lease_.name()) dispatcher_.restore(std::move(**found), moment());
    }
    if (cancelled) {
        static_cast<void>(dispatcher_.cancel(*id, command::Reason::cancelled, {}, moment()));
    }
    handovers_->ack(delivery.id);
    settle_soon();
}

// --- what goes ---

// What many events of one turn of the loop bring goes to the store as one group.
void CommandCenter::settle_soon() {
    if (std::exchange(settling_, true)) return;
    asio::post(io_, [self = self_] {
        if (*self != nullptr) (*self)->settle();
    });
}

void CommandCenter::settle() {
    settling_ = false;
    if (!running_ || gate_.full()) return;
    arm_timer();
    if (!dispatcher_.urgent() && clock_.now() < settle_by_) {
        // Mere progress waits a moment: most often the command's end comes right behind it, and both are one write.
        if (std::exchange(lingering_, true)) return;
        settle_by_ = clock_.now() + progress_linger;
        linger_timer_.expires_after(progress_linger);
        linger_timer_.async_wait([this](const boost::system::error_code& cancelled) {
            if (cancelled || !running_) return;
            settle_by_ = Time::min();
            settle();
        });
        return;
    }
    lingering_ = false;
    settle_by_ = Time::max();
    gate_.enter(dispatcher_.take_effects(), std::exchange(handled_, {}));
}

void CommandCenter::pass(Passed&& passed) {
    publish(passed.requests);
    const std::unordered_set<command::CommandId> ended(passed.ended.begin(), passed.ended.end());
    for (const command::Command& command : passed.written) {
        if (!accepting_.empty()) answer_accepted(command);
        watchers_.tell(command);
        if (const auto cancelled = cancelling_.find(command.id);
            cancelled != cancelling_.end() && (command.cancel_wanted || is_terminal(command.state))) {
            const auto callers = std::move(cancelled->second);
            cancelling_.erase(cancelled);
            for (const CommandDone& done : callers)
                done(command);
        }
        if (!ended.contains(command.id)) continue;
        waiting_.ended(command);
        jobs_.ended(command);
        if (!command.webhook.empty()) webhooks_.send(command);
    }
    if (responses_) {
        for (const std::uint64_t delivery : passed.handled)
            responses_->ack(delivery);
    }
}

void CommandCenter::publish(std::vector<command::Dispatch>& requests) {
    if (requests.empty()) return;
    std::vector<queue::OutMessage> messages;
    messages.reserve(requests.size());
    for (const command::Dispatch& dispatch : requests)
        messages.push_back({request_topic(dispatch.cluster), dispatch.request.device, command::encode(dispatch.request)});
    queue_.publish(std::move(messages), [](const Result<>& result) {
        // The dispatcher misses the channel's word and asks again.
        if (!result)
            log::warning("centre", "the queue does not take requests: {}; they are repeated", result.error().message());
    });
}

// --- time ---

void CommandCenter::arm_timer() {
    const auto due = dispatcher_.next_timer();
    if (!due && !dispatcher_.scheduled()) {
        timer_.cancel();
        return;
    }
    Duration sleep = due ? std::max(*due - clock_.now(), shortest_sleep) : care_interval;
    if (dispatcher_.scheduled()) sleep = std::min(sleep, Duration(care_interval));
    timer_.expires_after(sleep);
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled || !running_) return;
        dispatcher_.tick(moment());
        settle();
    });
}

void CommandCenter::arm_care() {
    care_timer_.expires_after(care_interval);
    care_timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled || !running_) return;
        take_care();
        arm_care();
    });
}

void CommandCenter::take_care() {
    if (clock_.now() >= read_again_at_) read_open(std::nullopt);
    if (lease_.has_company()) read_handed_over();
    unreadable_.flush(clock_.now());
    if (clock_.now() < sweep_again_at_) return;
    sweep_again_at_ = clock_.now() + sweep_interval;
    const auto removed = store_.remove_old(options_.retention, clock_.wall(), retention_step);
    if (!removed) log::warning("centre", "old commands stay in the store: {}", removed.error().message());
}

void CommandCenter::read_open(std::optional<command::CommandId> after) {
    if (!after) {
        if (std::exchange(reading_, true)) return;
        read_again_at_ = clock_.now() + options_.dispatcher.horizon / 4;
    }
    const WallTime horizon = clock_.wall() + std::chrono::duration_cast<std::chrono::milliseconds>(options_.dispatcher.horizon);
    auto page = store_.open_commands(lease_.name(), horizon, after, open_page);
    if (!page) {
        reading_ = false;
        read_again_at_ = clock_.now() + care_interval;
        log::error("centre", "open commands cannot be read: {}", page.error().message());
        return;
    }
    const bool last = page->size() < open_page;
    const auto behind = page->empty() ? after : std::optional(page->back().id);
    for (command::Command& command : *page)
        dispatcher_.restore(std::move(command), moment());
    settle_soon();
    if (last) {
        reading_ = false;
        if (!responses_) consume();
        return;
    }
    asio::post(io_, [self = self_, behind] {
        if (*self != nullptr && (*self)->running_) (*self)->read_open(behind);
    });
}

// A centre that died between recording a command for this one and saying so has left it in the store only.
void CommandCenter::read_handed_over() {
    if (reading_) return;
    const WallTime now = clock_.wall();
    const WallTime horizon = now + std::chrono::duration_cast<std::chrono::milliseconds>(options_.dispatcher.horizon);
    auto page = store_.open_commands(lease_.name(), horizon, command::CommandId::first_at(now - unannounced_for), open_page);
    if (!page) return;
    for (command::Command& command : *page)
        dispatcher_.restore(std::move(command), moment());
    settle_soon();
}

void CommandCenter::begin_anew() {
    reading_ = false;
    read_open(std::nullopt);
}

void CommandCenter::look_abroad() {
    abroad_timer_.expires_after(abroad_interval);
    abroad_timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled || !running_) return;
        const auto ids = waiting_.abroad();
        for (const command::CommandId id : ids) {
            const auto found = store_.get(id);
            if (found && *found && is_terminal((*found)->state)) waiting_.ended(**found);
        }
        if (!ids.empty()) look_abroad();
    });
}

command::CommandId CommandCenter::new_id() {
    last_id_ = command::CommandId::make_after(last_id_, clock_.wall(), random_(), random_());
    return last_id_;
}

void CommandCenter::audit(const control::Caller& caller, std::string_view action, std::string object, std::string detail) {
    store_.audit({.at = clock_.wall(),
                  .who = caller.name,
                  .source = caller.source,
                  .action = std::string(action),
                  .object = std::move(object),
                  .detail = std::move(detail)});
}

}  // namespace holdfast::center
