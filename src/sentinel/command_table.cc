#include <algorithm>
#include <array>
#include <cstddef>

#include "sentinel/commands.h"
#include "sentinel/config_words.h"

namespace holdfast::sentinel {
namespace {

using Words = std::vector<std::string_view>;

struct Traits {
    Words flags;
    Words categories;
};

Traits asked() {
    return {.flags = {"noscript", "loading", "stale"}, .categories = {"@slow"}};
}
Traits helpful() {
    return {.flags = {"loading", "stale"}, .categories = {"@slow"}};
}
Traits administrative() {
    return {.flags = {"admin", "noscript", "loading", "stale"}, .categories = {"@admin", "@slow", "@dangerous"}};
}
Traits of_connection(Traits traits) {
    traits.categories.push_back("@connection");
    return traits;
}
Traits greeting() {
    return {.flags = {"noscript", "loading", "stale", "fast", "no_auth", "allow_busy"}, .categories = {"@fast", "@connection"}};
}
Traits subscribing() {
    return {.flags = {"pubsub", "noscript", "loading", "stale"}, .categories = {"@pubsub", "@slow"}};
}
Traits watching() {
    return {.flags = {"admin"}, .categories = {"@admin", "@slow", "@dangerous"}};
}

/// Sorted by name.
std::vector<CommandEntry> make_table() {
    std::vector<CommandEntry> table;
    const auto add = [&](std::string_view name, int arity, Traits traits, Words tips = {}) {
        table.push_back({name, arity, std::move(traits.flags), std::move(traits.categories), std::move(tips)});
    };
    add("acl", -2, {.flags = {}, .categories = {"@slow"}});
    for (const std::string_view name : {"acl|cat", "acl|genpass"})
        add(name, -2, asked());
    add("acl|help", 2, helpful());
    add("acl|whoami", 2, asked());
    for (const std::string_view name : {"acl|list", "acl|load", "acl|save", "acl|users"})
        add(name, 2, administrative());
    for (const std::string_view name : {"acl|deluser", "acl|setuser"})
        add(name, -3, administrative());
    add("acl|dryrun", -4, administrative());
    add("acl|getuser", 3, administrative());
    add("acl|log", -2, administrative());
    add("auth", -2, greeting());
    add("client", -2, {.flags = {}, .categories = {"@slow"}});
    for (const std::string_view name : {"client|caching", "client|reply", "client|setname"})
        add(name, 3, of_connection(asked()));
    for (const std::string_view name : {"client|getname", "client|getredir", "client|id", "client|trackinginfo"}) {
        add(name, 2, of_connection(asked()));
    }
    add("client|help", 2, of_connection(helpful()));
    add("client|info", 2, of_connection(asked()), {"nondeterministic_output"});
    add("client|list", -2, of_connection(administrative()), {"nondeterministic_output"});
    for (const std::string_view name : {"client|kill", "client|pause", "client|unblock"})
        add(name, -3, of_connection(administrative()));
    add("client|no-evict", 3, of_connection(administrative()));
    add("client|tracking", -3, of_connection(asked()));
    add("client|unpause", 2, of_connection(administrative()));
    const Words any_order{"nondeterministic_output_order"};
    add("command", -1, of_connection(helpful()), any_order);
    for (const std::string_view name : {"command|count", "command|help"})
        add(name, 2, of_connection(helpful()));
    for (const std::string_view name : {"command|docs", "command|info", "command|list"}) {
        add(name, -2, of_connection(helpful()), any_order);
    }
    for (const std::string_view name : {"command|getkeys", "command|getkeysandflags"})
        add(name, -4, of_connection(helpful()));
    add("hello", -1, greeting());
    add("info", -1, {.flags = {"loading", "stale"}, .categories = {"@slow", "@dangerous"}},
        {"nondeterministic_output", "request_policy:all_shards", "response_policy:special"});
    add("ping", -1, {.flags = {"fast"}, .categories = {"@fast", "@connection"}},
        {"request_policy:all_shards", "response_policy:all_succeeded"});
    for (const std::string_view name : {"psubscribe", "subscribe"})
        add(name, -2, subscribing());
    for (const std::string_view name : {"punsubscribe", "unsubscribe"})
        add(name, -1, subscribing());
    add("publish", 3, {.flags = {"pubsub", "loading", "stale", "fast"}, .categories = {"@pubsub", "@fast"}});
    add("role", 1, {.flags = {"noscript", "loading", "stale", "fast"}, .categories = {"@admin", "@fast", "@dangerous"}});
    for (const std::string_view name : {"sentinel", "sentinel|debug"})
        add(name, -2, watching());
    for (const std::string_view name :
         {"sentinel|ckquorum", "sentinel|get-master-addr-by-name", "sentinel|master", "sentinel|remove", "sentinel|replicas",
          "sentinel|reset", "sentinel|sentinels", "sentinel|slaves"}) {
        add(name, 3, watching());
    }
    for (const std::string_view name :
         {"sentinel|config", "sentinel|failover", "sentinel|info-cache", "sentinel|simulate-failure"}) {
        add(name, -3, watching());
    }
    for (const std::string_view name :
         {"sentinel|flushconfig", "sentinel|masters", "sentinel|myid", "sentinel|pending-scripts"}) {
        add(name, 2, watching());
    }
    add("sentinel|help", 2, helpful());
    for (const std::string_view name : {"sentinel|is-master-down-by-addr", "sentinel|monitor"})
        add(name, 6, watching());
    add("sentinel|set", -5, watching());
    add("shutdown", -1,
        {.flags = {"admin", "noscript", "loading", "stale", "no_multi", "allow_busy"},
         .categories = {"@admin", "@slow", "@dangerous"}});
    std::ranges::sort(table, {}, &CommandEntry::name);
    return table;
}

struct Alias {
    std::string_view name;
    std::string_view stands_for;
};
constexpr std::array aliases{
    Alias{"sentinel|primary", "sentinel|master"},
    Alias{"sentinel|primaries", "sentinel|masters"},
    Alias{"sentinel|get-primary-addr-by-name", "sentinel|get-master-addr-by-name"},
    Alias{"sentinel|is-primary-down-by-addr", "sentinel|is-master-down-by-addr"},
};

const CommandEntry* find_entry(std::string_view name) {
    const auto alias = std::ranges::find(aliases, name, &Alias::name);
    if (alias != aliases.end()) name = alias->stands_for;
    const auto table = command_table();
    const auto found = std::ranges::lower_bound(table, name, {}, &CommandEntry::name);
    return found != table.end() && found->name == name ? &*found : nullptr;
}

bool has_subcommands(std::string_view name) {
    return name == "acl" || name == "client" || name == "command" || name == "sentinel";
}

}  // namespace

std::span<const CommandEntry> command_table() {
    static const std::vector<CommandEntry> table = make_table();
    return table;
}

const CommandEntry* find_command(std::span<const std::string> words) {
    if (words.empty()) return nullptr;
    const std::string name = lower_case(words[0]);
    if (words.size() < 2 || !has_subcommands(name)) return find_entry(name);
    return find_entry(name + "|" + lower_case(words[1]));
}

}  // namespace holdfast::sentinel
