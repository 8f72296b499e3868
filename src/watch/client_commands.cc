#include "watch/client_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "watch/word.h"

namespace holdfast::watch {
namespace {

using resp::Reply;

bool is_subscriber(const Client& client) {
    return !client.facts().channels.empty() || !client.facts().patterns.empty();
}

Reply syntax_error() {
    return Reply::error("ERR syntax error");
}

/// What CLIENT KILL and CLIENT LIST choose by. Everything that is given must fit.
struct Choice {
    std::optional<ClientId> id = {};
    std::vector<ClientId> ids = {};
    std::optional<std::string> address = {};
    std::optional<std::string> local = {};
    std::optional<std::string> user = {};
    std::optional<std::string> type = {};
    bool skip_me = true;

    [[nodiscard]] bool fits(const Client& client) const {
        const ClientFacts& facts = client.facts();
        if (id && *id != facts.id) return false;
        if (!ids.empty() && std::ranges::find(ids, facts.id) == ids.end()) return false;
        if (address && *address != facts.address) return false;
        if (local && *local != facts.local) return false;
        if (user && *user != facts.user) return false;
        return !type || *type == (is_subscriber(client) ? "pubsub" : "normal");
    }
};

bool is_client_type(const std::string& type) {
    return type == "normal" || type == "pubsub" || type == "master" || type == "replica" || type == "slave";
}

/// Nothing: all is well.
std::optional<Reply> read_kill_option(Choice& choice, const std::string& option, const std::string& value) {
    if (is_word(option, "id")) {
        choice.id = number_word<ClientId>(value);
        if (!choice.id || *choice.id == 0) return Reply::error("ERR client-id should be greater than 0");
    } else if (is_word(option, "addr")) {
        choice.address = value;
    } else if (is_word(option, "laddr")) {
        choice.local = value;
    } else if (is_word(option, "user")) {
        choice.user = value;
    } else if (is_word(option, "type")) {
        choice.type = lower_word(value);
        if (!is_client_type(*choice.type)) return Reply::error(fmt::format("ERR Unknown client type '{}'", value));
    } else if (is_word(option, "skipme") && (is_word(value, "yes") || is_word(value, "no"))) {
        choice.skip_me = is_word(value, "yes");
    } else {
        return syntax_error();
    }
    return std::nullopt;
}

Reply kill(Clients& clients, Client& me, const resp::Words& words) {
    Choice choice;
    const bool by_address = words.size() == 3;
    if (by_address) {
        choice.address = words[2];
        choice.skip_me = false;
    } else {
        if (words.size() % 2 != 0) return syntax_error();
        for (std::size_t i = 2; i + 1 < words.size(); i += 2) {
            if (auto wrong = read_kill_option(choice, words[i], words[i + 1])) return *wrong;
        }
    }
    std::int64_t killed = 0;
    for (const auto& [id, client] : clients.all()) {
        const bool own = client.get() == &me;
        if (!choice.fits(*client) || (own && choice.skip_me)) continue;
        ++killed;
        own ? client->end_after_replies() : client->end("another client ended it");
    }
    if (!by_address) return Reply::number(killed);
    return killed > 0 ? Reply::status("OK") : Reply::error("ERR No such client");
}

Reply list(const Clients& clients, const resp::Words& words, Time now) {
    Choice choice;
    if (words.size() == 4 && is_word(words[2], "type")) {
        choice.type = lower_word(words[3]);
        if (!is_client_type(*choice.type)) return Reply::error(fmt::format("ERR Unknown client type '{}'", words[3]));
    } else if (words.size() > 3 && is_word(words[2], "id")) {
        for (std::size_t i = 3; i < words.size(); ++i) {
            const auto id = number_word<ClientId>(words[i]);
            if (!id || *id == 0) return Reply::error("ERR Invalid client ID");
            choice.ids.push_back(*id);
        }
    } else if (words.size() != 2) {
        return syntax_error();
    }
    std::string text;
    for (const auto& [id, client] : clients.all()) {
        if (choice.fits(*client)) text += client_line(*client, now) + '\n';
    }
    return Reply::bulk(std::move(text));
}

std::optional<Reply> set_reply_mode(Client& client, const std::string& mode) {
    ClientFacts& facts = client.facts();
    if (is_word(mode, "on")) {
        facts.silent = false;
        facts.skip = 0;
        return Reply::status("OK");
    }
    if (is_word(mode, "off")) {
        facts.silent = true;
        return std::nullopt;
    }
    if (!is_word(mode, "skip")) return syntax_error();
    if (!facts.silent) facts.skip = 1;
    return std::nullopt;
}

Reply help() {
    static constexpr std::array<std::string_view, 21> lines{
        "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "GETNAME",
        "    The name of this connection.",
        "ID",
        "    The number of this connection.",
        "INFO",
        "    What is known about this connection.",
        "KILL <ip:port>",
        "    Ends the connection from that address.",
        "KILL <option> <value> [<option> <value> [...]]",
        "    Ends connections: by ID, ADDR, LADDR, TYPE (NORMAL|PUBSUB), USER; SKIPME (YES|NO), this one excepted by default.",
        "LIST [TYPE (NORMAL|PUBSUB)] [ID <id> [<id> ...]]",
        "    What is known about connections.",
        "REPLY (ON|OFF|SKIP)",
        "    Whether this connection gets replies.",
        "SETNAME <name>",
        "    Names this connection.",
        "NO-EVICT (ON|OFF)",
        "    Changes nothing: no connection is ended to save memory.",
        "HELP",
        "    Prints this help.",
    };
    return Reply::lines(lines);
}

}  // namespace

std::optional<Reply> set_client_name(Client& client, const std::string& name) {
    constexpr std::size_t max_name = 1024;
    const auto odd = [](char c) { return c < '!' || c > '~'; };
    if (std::ranges::any_of(name, odd) || name.size() > max_name)
        return Reply::error("ERR Client names cannot contain spaces, newlines or special characters.");
    client.facts().name = name;
    return std::nullopt;
}

std::string client_line(const Client& client, Time now) {
    const ClientFacts& facts = client.facts();
    const auto seconds = [now](Time since) { return std::chrono::duration_cast<std::chrono::seconds>(now - since).count(); };
    return fmt::format(
        "id={} addr={} laddr={} fd=-1 name={} age={} idle={} flags={} db=0 sub={} psub={} ssub=0 multi=-1 qbuf={} qbuf-free=0 "
        "argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl={} oll=0 omem={} tot-mem={} events=r cmd={} user={} redir=-1 resp=2",
        facts.id, facts.address, facts.local, facts.name, seconds(facts.since), seconds(facts.active),
        is_subscriber(client) ? 'P' : 'N', facts.channels.size(), facts.patterns.size(), client.unread(), client.unsent(),
        client.unsent(), sizeof(Client) + client.unread() + client.unsent(),
        facts.last_command.empty() ? "NULL" : facts.last_command, facts.user.empty() ? "default" : facts.user);
}

std::optional<Reply> answer_client_command(Clients& clients, Client& client, const resp::Words& words, Time now) {
    const std::string what = lower_word(words[1]);
    if (what == "id") return Reply::number(static_cast<std::int64_t>(client.facts().id));
    if (what == "getname") return client.facts().name.empty() ? Reply::null_bulk() : Reply::bulk(client.facts().name);
    if (what == "setname") {
        auto wrong = set_client_name(client, words[2]);
        return wrong ? wrong : Reply::status("OK");
    }
    if (what == "info") return Reply::bulk(client_line(client, now) + '\n');
    if (what == "list") return list(clients, words, now);
    if (what == "kill") return kill(clients, client, words);
    if (what == "reply") return set_reply_mode(client, words[2]);
    if (what == "no-evict") {
        const bool sound = is_word(words[2], "on") || is_word(words[2], "off");
        return sound ? Reply::status("OK") : syntax_error();
    }
    if (what == "help") return help();
    // Caching of keys, of which there are none, and holding commands up, which nobody needs here.
    return Reply::error(fmt::format("ERR CLIENT {} is not supported by this sentinel", words[1]));
}

}  // namespace holdfast::watch
