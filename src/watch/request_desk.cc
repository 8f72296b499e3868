#include "watch/request_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "watch/acl_commands.h"
#include "watch/client_commands.h"
#include "watch/word.h"

namespace holdfast::watch {
namespace {

using resp::Reply;
using resp::Words;

/// What clients take a sentinel for, by its age.
constexpr std::string_view redis_version = "7.0.15";

bool is_flagged(const sentinel::CommandEntry& command, std::string_view flag) {
    return std::ranges::find(command.flags, flag) != command.flags.end();
}

bool arity_fits(int arity, std::size_t words) {
    const auto said = static_cast<std::int64_t>(words);
    return arity < 0 ? said >= -arity : said == arity;
}

bool is_subscriber(const Client& client) {
    return !client.facts().channels.empty() || !client.facts().patterns.empty();
}

Reply subscription(std::string_view kind, Reply channel, const Client& client) {
    const std::size_t count = client.facts().channels.size() + client.facts().patterns.size();
    return Reply::array({Reply::bulk(std::string(kind)), std::move(channel), Reply::number(static_cast<std::int64_t>(count))});
}

Reply wrong_password() {
    return Reply::error("WRONGPASS invalid username-password pair or user is disabled.");
}

/// Unknown as a command, or only as a subcommand.
Reply unknown(const Words& words) {
    const sentinel::CommandEntry* const container = sentinel::find_command(std::span(words).first(1));
    if (container == nullptr) return sentinel::unknown_command(words);
    if (words.size() < 2) return sentinel::wrong_arity(container->name);
    std::string name = lower_word(words[0]);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    // Longer words are no subcommands that somebody meant.
    constexpr std::size_t shown = 128;
    return Reply::error(fmt::format("ERR unknown subcommand '{}'. Try {} HELP.", words[1].substr(0, shown), name));
}

/// In no list of commands: clients take this for a Redis Sentinel.
const sentinel::CommandEntry& holdfast_command() {
    static const sentinel::CommandEntry entry{"holdfast", -2, {"admin"}, {"@admin", "@slow", "@dangerous"}, {}};
    return entry;
}

}  // namespace

RequestDesk::RequestDesk(sentinel::Sentinel& sentinel, Clients& clients, AccessList& users, std::size_t max_refusals,
                         DeskWorld world)
    : sentinel_(sentinel), clients_(clients), users_(users), refusals_(max_refusals), world_(std::move(world)) {}

void RequestDesk::handle(Client& client, const Words& words) {
    ++counts_.commands;
    client.facts().active = world_.moment().now;
    if (is_word(words[0], "quit")) {
        reply(client, Reply::status("OK"));
        return client.end_after_replies();
    }
    const sentinel::CommandEntry* const command =
        world_.holdfast && is_word(words[0], holdfast_command().name) ? &holdfast_command() : sentinel::find_command(words);
    if (command == nullptr) return reply(client, unknown(words));
    client.facts().last_command = command->name;
    if (!arity_fits(command->arity, words.size())) return reply(client, sentinel::wrong_arity(command->name));
    if (auto refused = refusal(client, words, *command)) return reply(client, *refused);
    answer(client, words, *command);
}

std::optional<Reply> RequestDesk::refusal(Client& client, const Words& words, const sentinel::CommandEntry& command) {
    const ClientFacts& facts = client.facts();
    const bool for_strangers = command.name == "auth" || command.name == "hello";
    if (facts.user.empty()) {
        if (for_strangers || is_flagged(command, "no_auth")) return std::nullopt;
        return Reply::error("NOAUTH Authentication required.");
    }
    const AccessUser* const user = users_.find(facts.user);
    if (user == nullptr) return Reply::error("NOAUTH Authentication required.");
    if (!for_strangers && !user->may_run(command)) {
        note_refusal(client, "command", std::string(command.name), facts.user);
        return Reply::error(fmt::format("NOPERM this user has no permissions to run the '{}' command", command.name));
    }
    if (auto refused = channel_refusal(*user, words)) {
        note_refusal(client, "channel", words[1], facts.user);
        return refused;
    }
    static const std::set<std::string_view> while_subscribed{"subscribe", "psubscribe", "unsubscribe", "punsubscribe", "ping"};
    if (is_subscriber(client) && !while_subscribed.contains(command.name)) {
        return Reply::error(
            fmt::format("ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
                        "allowed in this context",
                        command.name));
    }
    return std::nullopt;
}

std::optional<Reply> RequestDesk::channel_refusal(const AccessUser& user, const Words& words) const {
    const bool pattern = is_word(words[0], "psubscribe");
    std::span<const std::string> channels;
    if (pattern || is_word(words[0], "subscribe")) channels = std::span(words).subspan(1);
    if (is_word(words[0], "publish")) channels = std::span(words).subspan(1, 1);
    const bool all =
        std::ranges::all_of(channels, [&](const std::string& channel) { return user.may_use_channel(channel, pattern); });
    if (all) return std::nullopt;
    return Reply::error("NOPERM this user has no permissions to access one of the channels used as arguments");
}

void RequestDesk::answer(Client& client, const Words& words, const sentinel::CommandEntry& command) {
    const std::string_view name = command.name.substr(0, command.name.find('|'));
    if (name == "auth") return authenticate(client, words);
    if (name == "hello") return hello(client, words);
    if (name == "client") return client_command(client, words);
    if (name == "acl") return acl_command(client, words);
    if (name == "subscribe" || name == "psubscribe") return subscribe(client, words, name == "psubscribe");
    if (name == "unsubscribe" || name == "punsubscribe") return unsubscribe(client, words, name == "punsubscribe");
    if (name == "shutdown") return shut_down(client, words);
    if (name == "holdfast") return reply(client, world_.holdfast(words));
    if (name == "ping" && is_subscriber(client) && words.size() <= 2)
        return reply(client, Reply::array({Reply::bulk("pong"), Reply::bulk(words.size() == 2 ? words[1] : "")}));
    auto answered = sentinel::answer(sentinel_, words, world_.commands, world_.moment());
    if (!answered) return reply(client, sentinel::unknown_command(words));
    reply(client, std::move(*answered));
    world_.act();
}

void RequestDesk::reply(Client& client, sentinel::Answer answer) {
    if (answer.reply.is_error()) ++counts_.errors;
    client.reply(std::move(answer));
}

void RequestDesk::reply(Client& client, const Reply& reply) {
    if (reply.is_error()) ++counts_.errors;
    client.reply(reply);
}

bool RequestDesk::log_in(Client& client, const std::string& user, const std::string& password) {
    if (!users_.authenticate(user, password)) {
        note_refusal(client, "auth", "AUTH", user);
        return false;
    }
    client.facts().user = user;
    client.set_limits(resp::RequestLimits{});
    return true;
}

void RequestDesk::authenticate(Client& client, const Words& words) {
    if (words.size() > 3) return reply(client, Reply::error("ERR syntax error"));
    if (words.size() == 2 && users_.find("default")->any_password) {
        return reply(client,
                     Reply::error("ERR AUTH <password> called without any password configured for the default user. Are "
                                  "you sure your configuration is correct?"));
    }
    const bool named = words.size() == 3;
    reply(client, log_in(client, named ? words[1] : "default", words.back()) ? Reply::status("OK") : wrong_password());
}

void RequestDesk::hello(Client& client, const Words& words) {
    std::size_t next = 1;
    if (words.size() > 1) {
        const auto version = number_word<std::int64_t>(words[next++]);
        if (!version) return reply(client, Reply::error("ERR Protocol version is not an integer or out of range"));
        // Only RESP2 is spoken here; clients fall back to it.
        if (*version != 2) return reply(client, Reply::error("NOPROTO unsupported protocol version"));
    }
    std::optional<std::string> name;
    for (; next < words.size(); ++next) {
        if (is_word(words[next], "auth") && next + 2 < words.size()) {
            if (!log_in(client, words[next + 1], words[next + 2])) return reply(client, wrong_password());
            next += 2;
        } else if (is_word(words[next], "setname") && next + 1 < words.size()) {
            name = words[++next];
        } else {
            return reply(client, Reply::error(fmt::format("ERR Syntax error in HELLO option '{}'", words[next])));
        }
    }
    if (client.facts().user.empty()) {
        return reply(client,
                     Reply::error("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
                                  "<proto> AUTH <user> <pass> option can be used to authenticate the client and select "
                                  "the RESP protocol version at the same time"));
    }
    if (name) {
        if (auto wrong = set_client_name(client, *name)) return reply(client, *wrong);
    }
    reply(client, Reply::array({Reply::bulk("server"), Reply::bulk("redis"), Reply::bulk("version"),
                                Reply::bulk(std::string(redis_version)), Reply::bulk("proto"), Reply::number(2),
                                Reply::bulk("id"), Reply::number(static_cast<std::int64_t>(client.facts().id)),
                                Reply::bulk("mode"), Reply::bulk("sentinel"), Reply::bulk("modules"), Reply::array({})}));
}

void RequestDesk::subscribe(Client& client, const Words& words, bool pattern) {
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (!clients_.subscribe(client, words[i], pattern)) {
            return reply(client, Reply::error(fmt::format("ERR a connection has at most {} subscriptions here",
                                                          Clients::max_subscriptions)));
        }
        reply(client, subscription(pattern ? "psubscribe" : "subscribe", Reply::bulk(words[i]), client));
    }
}

void RequestDesk::unsubscribe(Client& client, const Words& words, bool pattern) {
    const std::string_view kind = pattern ? "punsubscribe" : "unsubscribe";
    std::vector<std::string> channels(words.begin() + 1, words.end());
    if (channels.empty()) {
        const auto& own = pattern ? client.facts().patterns : client.facts().channels;
        channels.assign(own.begin(), own.end());
        if (channels.empty()) return reply(client, subscription(kind, Reply::null_bulk(), client));
    }
    for (const std::string& channel : channels) {
        clients_.unsubscribe(client, channel, pattern);
        reply(client, subscription(kind, Reply::bulk(channel), client));
    }
}

void RequestDesk::shut_down(Client& client, const Words& words) {
    static const std::set<std::string> known{"nosave", "save", "now", "force", "abort"};
    const bool sound =
        std::all_of(words.begin() + 1, words.end(), [](const std::string& word) { return known.contains(lower_word(word)); });
    if (!sound) return reply(client, Reply::error("ERR syntax error"));
    if (words.size() > 1 && is_word(words[1], "abort")) return reply(client, Reply::error("ERR No shutdown in progress."));
    // There is no answer: the end of the connection is it.
    world_.shut_down();
}

void RequestDesk::client_command(Client& client, const Words& words) {
    if (const auto said = answer_client_command(clients_, client, words, world_.moment().now)) reply(client, *said);
}

void RequestDesk::acl_command(Client& client, const Words& words) {
    if (is_word(words[1], "log")) return reply(client, refusals_.answer(words, world_.moment().now));
    const AclAnswer answered = answer_acl_command(users_, client.facts().user, words);
    reply(client, answered.reply);
    if (answered.changed) world_.users_changed();
    for (const auto& [id, other] : clients_.all()) {
        if (std::ranges::find(answered.removed_users, other->facts().user) == answered.removed_users.end()) continue;
        other.get() == &client ? other->end_after_replies() : other->end("its user was removed");
    }
}

void RequestDesk::note_refusal(const Client& client, std::string reason, std::string object, std::string user) {
    const Time now = world_.moment().now;
    refusals_.note({std::move(reason), std::move(object), std::move(user), client_line(client, now)}, now);
}

}  // namespace holdfast::watch
