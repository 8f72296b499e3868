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
    for (const WatchedGroup& group : setup_.groups) {
        if (auto put = standby_->put_group(group_of(group, *memory), moment()); !put) return put;
    }
    for (const WatchedGroup& group : setup_.groups)
        begin_probes(group);
    log::info(part, "{} groups are watched with {} other sentinels", setup_.groups.size(), setup_.peers.size());
    act();
    return {};
}

void GroupWatch::begin_probes(const WatchedGroup& group) {
    if (group.probe != ProbeKind::mqtt) {
        for (const WatchedMember& member : group.members)
            begin_service_probe(group, member);
        return;
    }
    probers_.push_back(std::make_unique<discovery::Prober>(
        io_,
        discovery::ProbeOptions{.interval = group.probe_interval,
                                .timeout = group.probe_timeout,
                                .client_id_prefix = fmt::format("holdfast-sentinel-{}-", setup_.my_id.substr(0, 8)),
                                .username = group.username,
                                .password = group.password},
        [this, name = group.name, timeout = group.probe_timeout](const discovery::ProbeReport& report) {
            // The prober does not tell when it asks; that it took longer than its time is our own delay.
            Moment asked = moment();
            asked.now -= std::min(report.latency, timeout);
            if (!report.ok && !report.lost) standby_->probing(name, report.node, asked);
            standby_->probed(name, report.node, report.ok, report.lost, report.reason, moment());
            act();
        }));
    for (const WatchedMember& member : group.members)
        probers_.back()->add(member.name, member.address);
}

void GroupWatch::begin_service_probe(const WatchedGroup& group, const WatchedMember& member) {
    const auto asking = [this, group = group.name, member = member.name] {
        standby_->probing(group, member, moment());
        act();
    };
    const auto told = [this, group = group.name, member = member.name](bool ok, bool lost, const std::string& why) {
        standby_->probed(group, member, ok, lost, why, moment());
        act();
    };
    services_.push_back(std::make_unique<ServiceProbe>(io_,
                                                       ServiceProbeOptions{.address = member.address,
                                                                           .http = group.probe == ProbeKind::http,
                                                                           .path = group.http_path,
                                                                           .interval = group.probe_interval,
                                                                           .timeout = group.probe_timeout},
                                                       ServiceProbeUser{.asking = asking, .told = told}));
}

void GroupWatch::stop() {
    stopping_ = true;
    timer_.cancel();
    probers_.clear();
    services_.clear();
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
