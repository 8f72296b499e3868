#include "watch/group_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "net/steady_time.h"
#include "runtime/log.h"
#include "watch/client.h"
#include "watch/word.h"

namespace holdfast::watch {
namespace {

constexpr std::string_view part = "sentinel";

using resp::Reply;

/// The group as its settings have it, with what is remembered of it.
sentinel::StandbyGroup group_of(const WatchedGroup& watched, const GroupsMemory& memory) {
    sentinel::StandbyGroup group{.name = watched.name, .options = watched.options};
    const auto known = std::ranges::find(memory.groups, watched.name, &sentinel::StandbyGroup::name);
    if (known != memory.groups.end()) {
        group = *known;
        group.options = watched.options;
    } else {
        // Votes for a group of this name may have been given before, and forgotten with it.
        group.voted_epoch = memory.current_epoch;
    }
    for (const WatchedMember& member : watched.members)
        group.members.push_back({.name = member.name, .priority = member.priority});
    return group;
}

std::string_view standing_of(const sentinel::StandbyMemberView& member) {
    if (member.down) return "down";
    if (!member.known) return "unknown";
    return member.detail.empty() ? "up" : "suspect";
}

Reply of_error(const Error& error) {
    return Reply::error("ERR " + error.message());
}

}  // namespace

GroupWatch::GroupWatch(net::IoContext& io, const Clock& clock, GroupWatchSetup setup, GroupWatchUser user)
    : io_(io),
      clock_(clock),
      setup_(std::move(setup)),
      user_(std::move(user)),
      file_(io, setup_.file, [this](std::uint64_t number, const Result<>& written) { on_written(number, written); }),
      timer_(io) {}

GroupWatch::~GroupWatch() = default;

Result<> GroupWatch::start() {
    const auto memory = read_groups_file(setup_.file);
    if (!memory) return std::unexpected(memory.error());
    standby_ = std::make_unique<sentinel::Standby>(setup_.my_id, setup_.peers, memory->current_epoch, setup_.seed, moment());
    peers_ = std::make_unique<PeerLinks>(
        io_, setup_.links, [this](const std::string& peer, const PeerLinks::Words& said, const PeerLinks::Words& answer) {
            standby_->answered(peer, said, answer, moment());
            act();
        });
    if (auto done = put(setup_.groups, *memory); !done) return done;
    log::info(part, "{} {} watched with {} other {}", setup_.groups.size(),
              setup_.groups.size() == 1 ? "group is" : "groups are", setup_.peers.size(),
              setup_.peers.size() == 1 ? "sentinel" : "sentinels");
    act();
    return {};
}

Result<> GroupWatch::change(const std::vector<WatchedGroup>& groups) {
    auto done = put(groups, {.current_epoch = standby_->current_epoch()});
    act();
    return done;
}

Result<> GroupWatch::put(const std::vector<WatchedGroup>& groups, const GroupsMemory& memory) {
    for (const WatchedGroup& group : groups) {
        if (auto sound = standby_->check(group_of(group, memory)); !sound) return sound;
    }
    std::erase_if(probes_, [&](const auto& named) {
        if (std::ranges::find(groups, named.first, &WatchedGroup::name) != groups.end()) return false;
        standby_->remove_group(named.first, moment());
        return true;
    });
    for (const WatchedGroup& group : groups) {
        if (auto put = standby_->put_group(group_of(group, memory), moment()); !put) return put;
    }
    for (const WatchedGroup& group : groups) {
        std::unique_ptr<GroupProbes>& probes = probes_[group.name];
        if (!probes) probes = make_probes(group.name);
        probes->set(group);
    }
    return {};
}

std::unique_ptr<GroupProbes> GroupWatch::make_probes(const std::string& group) {
    const auto asking = [this, group](const std::string& member, Duration ago) {
        Moment asked = moment();
        asked.now -= ago;
        standby_->probing(group, member, asked);
        act();
    };
    const auto told = [this, group](const std::string& member, bool ok, bool lost, const std::string& why) {
        standby_->probed(group, member, ok, lost, why, moment());
        act();
    };
    return std::make_unique<GroupProbes>(io_, fmt::format("holdfast-sentinel-{}-", setup_.my_id.substr(0, 8)),
                                         GroupProbesUser{.asking = asking, .told = told});
}

void GroupWatch::stop() {
    stopping_ = true;
    timer_.cancel();
    probes_.clear();
    peers_.reset();
}

bool GroupWatch::has_written() const noexcept {
    return !file_.busy() && wanted_ <= over_;
}

sentinel::Answer GroupWatch::answer(const resp::Words& words) {
    if (stopping_ || !standby_) return {.reply = Reply::error("ERR this sentinel is about to end")};
    if (is_word(words[1], "groups")) return {.reply = groups_reply()};
    if (is_word(words[1], "failover")) return {.reply = failover(words)};
    auto answered = standby_->said(words, moment());
    act();
    if (!answered) return {.reply = of_error(answered.error())};
    Reply reply = Reply::array({});
    for (std::string& word : answered->words)
        reply.items.push_back(Reply::bulk(std::move(word)));
    // What was saved meanwhile needs no waiting.
    const bool waits = answered->after_save > over_;
    return {.reply = std::move(reply), .after_save = waits ? save_of_groups | answered->after_save : 0};
}

Reply GroupWatch::failover(const resp::Words& words) {
    if (words.size() < 3 || words.size() > 4) return sentinel::wrong_arity("holdfast|failover");
    auto ordered = standby_->failover(words[2], words.size() == 4 ? std::string_view(words[3]) : std::string_view(), moment());
    act();
    return ordered ? Reply::status("OK") : of_error(ordered.error());
}

Reply GroupWatch::groups_reply() const {
    Reply all = Reply::array({});
    for (const sentinel::StandbyView& view : standby_->view()) {
        Reply members = Reply::array({});
        for (const sentinel::StandbyMemberView& member : view.members)
            members.items.push_back(
                Reply::array({Reply::bulk("name"), Reply::bulk(member.member.name), Reply::bulk("priority"),
                              Reply::number(member.member.priority), Reply::bulk("state"),
                              Reply::bulk(std::string(standing_of(member))), Reply::bulk("passed-over"),
                              Reply::number(member.passed_over ? 1 : 0), Reply::bulk("detail"), Reply::bulk(member.detail)}));
        all.items.push_back(
            Reply::array({Reply::bulk("name"), Reply::bulk(view.name), Reply::bulk("active"), Reply::bulk(view.active),
                          Reply::bulk("epoch"), Reply::number(static_cast<std::int64_t>(view.config_epoch)),
                          Reply::bulk("doing"), Reply::bulk(view.doing), Reply::bulk("members"), std::move(members)}));
    }
    return all;
}

void GroupWatch::act() {
    if (acting_ || stopping_) return;
    acting_ = true;
    for (auto actions = standby_->take_actions(); !actions.empty(); actions = standby_->take_actions()) {
        for (const sentinel::StandbyAction& action : actions)
            std::visit([this](const auto& order) { carry_out(order); }, action);
    }
    acting_ = false;
    save_what_is_wanted();
    arm();
}

void GroupWatch::carry_out(const sentinel::SwitchTo& order) {
    log::warning(part, "group {}: {} is the active member now, in epoch {}: {}", order.group, order.member, order.epoch,
                 order.reason);
}

void GroupWatch::carry_out(const sentinel::Say& order) {
    if (waiting_.empty() && order.after_save <= over_) return peers_->say(order.peer, order.words);
    waiting_.push_back(order);
}

void GroupWatch::carry_out(const sentinel::Tell& order) {
    user_.tell(order.event);
}

void GroupWatch::carry_out(const sentinel::Save& order) {
    wanted_ = order.number;
}

void GroupWatch::save_what_is_wanted() {
    // One write at a time: what is wanted meanwhile goes into the next one.
    if (wanted_ <= over_ || file_.busy()) return;
    file_.write(wanted_, format_groups({.current_epoch = standby_->current_epoch(), .groups = standby_->groups()}));
}

void GroupWatch::on_written(std::uint64_t number, const Result<>& written) {
    if (!written && !std::exchange(save_failed_, true)) {
        log::error(part, "what the groups have agreed on cannot be saved: {}. Until it can, a restart forgets votes",
                   written.error().message());
    } else if (written && std::exchange(save_failed_, false)) {
        log::info(part, "what the groups have agreed on is saved again");
    }
    over_ = number;
    if (stopping_) {
        save_what_is_wanted();
        if (has_written()) user_.written();
        return;
    }
    standby_->saved(number, written.has_value(), moment());
    say_what_waited();
    user_.saves_over(number, written.has_value());
    act();
}

void GroupWatch::say_what_waited() {
    for (; !waiting_.empty() && waiting_.front().after_save <= over_; waiting_.pop_front())
        peers_->say(waiting_.front().peer, std::move(waiting_.front().words));
}

void GroupWatch::arm() {
    const auto next = standby_->next_timer();
    if (next == armed_) return;
    armed_ = next;
    timer_.cancel();
    if (!next) return;
    timer_.expires_at(net::to_steady(*next));
    timer_.async_wait([this](const net::ErrorCode& error) {
        if (error) return;
        armed_.reset();
        standby_->tick(moment());
        act();
    });
}

}  // namespace holdfast::watch
