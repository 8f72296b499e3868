// SENTINEL and its subcommands, but for SET, CONFIG, DEBUG, HELP and PENDING-SCRIPTS.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "sentinel/config_words.h"
#include "sentinel/instance_fields.h"
#include "sentinel/ip_literal.h"
#include "sentinel/question.h"

namespace holdfast::sentinel {
namespace {

using resp::Reply;

constexpr long long max_quorum = std::numeric_limits<int>::max();

Answer at_once(Reply reply) {
    return {.reply = std::move(reply)};
}

Reply masters(const Question& question) {
    std::vector<Reply> items;
    for (const auto& [name, group] : question.state().groups)
        items.push_back(fields_of_master(group, question.moment.now));
    return Reply::array(std::move(items));
}

Reply replicas(const Group& group, Time now) {
    std::vector<Reply> items;
    for (const auto& [key, replica] : group.replicas) {
        if (replica.announced) items.push_back(fields_of_replica(group, replica, now));
    }
    return Reply::array(std::move(items));
}

Reply peers(const Group& group, Time now) {
    std::vector<Reply> items;
    for (const auto& [key, peer] : group.peers)
        items.push_back(fields_of_peer(group, peer, now));
    return Reply::array(std::move(items));
}

Reply master_address(const Question& question) {
    const auto address = question.sentinel.master_address(question.words[2]);
    if (!address) return Reply::null_array();
    return Reply::array({Reply::bulk(address->host), Reply::bulk(fmt::to_string(address->port))});
}

Reply check_quorum(const Question& question) {
    const auto usable = question.sentinel.usable(question.words[2]);
    if (!usable) return unknown_group_reply();
    const bool agrees = usable->usable >= usable->quorum;
    const bool elects = usable->usable >= usable->majority;
    if (agrees && elects) {
        return Reply::status(
            fmt::format("OK {} usable Sentinels. Quorum and failover authorization can be reached", usable->usable));
    }
    std::string text = fmt::format("NOQUORUM {} usable Sentinels. ", usable->usable);
    if (!agrees) text += "Not enough available Sentinels to reach the specified quorum for this master";
    if (!agrees && !elects) text += ". ";
    if (!elects) text += "Not enough available Sentinels to reach the majority and authorize a failover";
    return Reply::error(std::move(text));
}

Reply info_of(const Instance& instance, Time now) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - instance.info_at.value_or(now)).count();
    return Reply::array(
        {Reply::number(age), instance.info_at && instance.info_text ? Reply::bulk(*instance.info_text) : Reply::null_bulk()});
}

Reply info_cache(const Question& question) {
    std::vector<Reply> items;
    std::vector<std::string_view> shown;
    for (const std::string& name : question.words.subspan(2)) {
        const auto found = question.state().groups.find(name);
        if (found == question.state().groups.end()) continue;
        if (std::ranges::find(shown, name) != shown.end()) continue;
        shown.emplace_back(name);
        std::vector<Reply> texts{info_of(found->second.master, question.moment.now)};
        for (const auto& [key, replica] : found->second.replicas)
            texts.push_back(info_of(replica, question.moment.now));
        items.push_back(Reply::bulk(name));
        items.push_back(Reply::array(std::move(texts)));
    }
    return Reply::array(std::move(items));
}

Answer is_master_down(const Question& question) {
    const auto port = whole_integer(question.words[3]);
    const auto epoch = whole_integer(question.words[4]);
    if (!port || !epoch) return at_once(Reply::error("ERR value is not an integer or out of range"));
    const bool is_port = *port >= 0 && *port <= std::numeric_limits<std::uint16_t>::max();
    const Address address{.host = canonical_ip(question.words[2]).value_or(question.words[2]),
                          .port = is_port ? static_cast<std::uint16_t>(*port) : std::uint16_t{0}};
    const std::string_view candidate = question.words[5] == "*" ? std::string_view() : std::string_view(question.words[5]);
    const DownAnswer down = question.sentinel.is_master_down(address, *epoch < 0 ? 0 : static_cast<std::uint64_t>(*epoch),
                                                             candidate, question.moment);
    return {.reply = Reply::array({Reply::number(down.down ? 1 : 0), Reply::bulk(down.leader.empty() ? "*" : down.leader),
                                   Reply::number(static_cast<std::int64_t>(down.leader_epoch))}),
            .after_save = down.after_save};
}

Answer monitor(const Question& question) {
    const auto quorum = whole_integer(question.words[5]);
    if (!quorum) return at_once(Reply::error("ERR Invalid quorum"));
    const auto port = whole_integer(question.words[4]);
    if (!port) return at_once(Reply::error("ERR Invalid port"));
    if (*quorum <= 0) return at_once(Reply::error("ERR Quorum must be 1 or greater."));
    const bool names_are_hosts = question.state().options.resolve_hostnames && !question.words[3].empty();
    const auto ip = canonical_ip(question.words[3]);
    if (!ip && !names_are_hosts) return at_once(Reply::error("ERR Invalid IP address or hostname specified"));
    if (*port < 0 || *port > std::numeric_limits<std::uint16_t>::max())
        return at_once(Reply::error("ERR Invalid port number."));
    const Address address{.host = ip.value_or(question.words[3]), .port = static_cast<std::uint16_t>(*port)};
    const auto done = question.sentinel.monitor(question.words[2], address,
                                                static_cast<unsigned>(std::min(*quorum, max_quorum)), question.moment);
    if (done) return answer_when_saved(question.sentinel);
    if (done.error().is(SentinelErrc::duplicate_group)) return at_once(Reply::error("ERR Duplicate master name."));
    return at_once(Reply::error("ERR " + done.error().message()));
}

Answer remove(const Question& question) {
    if (!question.sentinel.remove(question.words[2], question.moment)) return at_once(unknown_group_reply());
    return answer_when_saved(question.sentinel);
}

Reply failover(const Question& question) {
    if (question.words.size() > 4) return wrong_arity("sentinel|failover");
    FailoverKind kind = FailoverKind::plain;
    if (question.words.size() == 4) {
        if (!equal_ignoring_case(question.words[3], "coordinated")) {
            return Reply::error(fmt::format("ERR Unknown failover option specified: {}", question.words[3]));
        }
        kind = FailoverKind::coordinated;
    }
    const auto done = question.sentinel.failover(question.words[2], kind, question.moment);
    if (done) return Reply::status("OK");
    const Error& error = done.error();
    if (error.is(SentinelErrc::unknown_group)) return unknown_group_reply();
    if (error.is(SentinelErrc::failover_running)) return Reply::error("INPROG Failover already in progress");
    if (error.is(SentinelErrc::no_good_replica)) return Reply::error("NOGOODSLAVE No suitable replica to promote");
    return Reply::error("ERR " + error.message());
}

Reply simulate_failure(const Question& question) {
    SimulatedFailure failure;
    for (const std::string& word : question.words.subspan(2)) {
        if (equal_ignoring_case(word, "crash-after-election")) {
            failure.after_election = true;
        } else if (equal_ignoring_case(word, "crash-after-promotion")) {
            failure.after_promotion = true;
        } else if (equal_ignoring_case(word, "help")) {
            return Reply::array({Reply::bulk("crash-after-election"), Reply::bulk("crash-after-promotion")});
        } else {
            return Reply::error("ERR Unknown failure simulation specified");
        }
    }
    question.sentinel.simulate_failure(failure);
    return Reply::status("OK");
}

/// For what shows one group.
template <Reply (*show)(const Group&, Time)>
Answer of_group(const Question& question) {
    const Group* const group = question.group();
    return at_once(group == nullptr ? unknown_group_reply() : show(*group, question.moment.now));
}

template <Reply (*reply)(const Question&)>
Answer plain(const Question& question) {
    return at_once(reply(question));
}

struct Subcommand {
    std::string_view name;
    Answer (*answer)(const Question&);
};

/// By the name without "sentinel|".
constexpr std::array subcommands{
    Subcommand{"master", of_group<fields_of_master>},
    Subcommand{"masters", plain<masters>},
    Subcommand{"replicas", of_group<replicas>},
    Subcommand{"slaves", of_group<replicas>},
    Subcommand{"sentinels", of_group<peers>},
    Subcommand{"get-master-addr-by-name", plain<master_address>},
    Subcommand{"ckquorum", plain<check_quorum>},
    Subcommand{"info-cache", plain<info_cache>},
    Subcommand{"is-master-down-by-addr", is_master_down},
    Subcommand{"monitor", monitor},
    Subcommand{"remove", remove},
    Subcommand{"failover", plain<failover>},
    Subcommand{"simulate-failure", plain<simulate_failure>},
    Subcommand{"pending-scripts", plain<answer_pending_scripts>},
    Subcommand{"set", answer_sentinel_set},
    Subcommand{"config", answer_sentinel_config},
    Subcommand{"debug", answer_sentinel_debug},
    Subcommand{"help", [](const Question&) { return at_once(answer_sentinel_help()); }},
    Subcommand{"myid", [](const Question& q) { return at_once(Reply::bulk(q.state().my_id)); }},
    Subcommand{"reset",
               [](const Question& q) {
                   return at_once(Reply::number(static_cast<std::int64_t>(q.sentinel.reset(q.words[2], q.moment))));
               }},
    Subcommand{"flushconfig",
               [](const Question& q) {
                   q.sentinel.save(q.moment);
                   return answer_when_saved(q.sentinel);
               }},
};

}  // namespace

Answer answer_sentinel(const Question& question) {
    constexpr std::string_view prefix = "sentinel|";
    const CommandEntry* const command = find_command(question.words);
    if (command == nullptr || !command->name.starts_with(prefix)) return at_once(unknown_command(question.words));
    const auto found = std::ranges::find(subcommands, command->name.substr(prefix.size()), &Subcommand::name);
    if (found == subcommands.end()) return at_once(unknown_command(question.words));
    return found->answer(question);
}

Reply answer_pending_scripts(const Question& question) {
    const auto milliseconds = [](Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); };
    std::vector<Reply> items;
    const ProcessFacts facts = question.world.process ? question.world.process() : ProcessFacts{};
    const Time now = question.moment.now;
    for (const ScriptFacts& script : facts.scripts) {
        std::vector<Reply> words;
        for (const std::string& word : script.words)
            words.push_back(Reply::bulk(word));
        std::vector<Reply> fields{Reply::bulk("argv"),  Reply::array(std::move(words)),
                                  Reply::bulk("flags"), Reply::bulk(script.running ? "running" : "scheduled"),
                                  Reply::bulk("pid"),   Reply::bulk(fmt::to_string(script.running ? script.process_id : 0))};
        const Duration time =
            script.running ? now - script.started.value_or(now) : std::max(script.due.value_or(now) - now, Duration::zero());
        fields.push_back(Reply::bulk(script.running ? "run-time" : "run-delay"));
        fields.push_back(Reply::bulk(fmt::to_string(milliseconds(time))));
        fields.push_back(Reply::bulk("retry-num"));
        fields.push_back(Reply::bulk(fmt::to_string(script.retries)));
        items.push_back(Reply::array(std::move(fields)));
    }
    return Reply::array(std::move(items));
}

}  // namespace holdfast::sentinel
