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

class Table {
public:
    void add(std::string_view name, int arity, Traits traits, Words tips = {}) {
        entries_.push_back({name, arity, std::move(traits.flags), std::move(traits.categories), std::move(tips)});
    }

    std::vector<CommandEntry> sorted_by_name() && {
        std::ranges::sort(entries_, {}, &CommandEntry::name);
        return std::move(entries_);
    }

private:
    std::vector<CommandEntry> entries_;
};

void add_plain(Table& table) {
    table.add("auth", -2, greeting());
    table.add("hello", -1, greeting());
    table.add("info", -1, {.flags = {"loading", "stale"}, .categories = {"@slow", "@dangerous"}},
              {"nondeterministic_output", "request_policy:all_shards", "response_policy:special"});
    table.add("ping", -1, {.flags = {"fast"}, .categories = {"@fast", "@connection"}},
              {"request_policy:all_shards", "response_policy:all_succeeded"});
    for (const std::string_view name : {"psubscribe", "subscribe"})
        table.add(name, -2, subscribing());
    for (const std::string_view name : {"punsubscribe", "unsubscribe"})
        table.add(name, -1, subscribing());
    table.add("publish", 3, {.flags = {"pubsub", "loading", "stale", "fast"}, .categories = {"@pubsub", "@fast"}});
    table.add("role", 1, {.flags = {"noscript", "loading", "stale", "fast"}, .categories = {"@admin", "@fast", "@dangerous"}});
    table.add("shutdown", -1,
              {.flags = {"admin", "noscript", "loading", "stale", "no_multi", "allow_busy"},
               .categories = {"@admin", "@slow", "@dangerous"}});
}

void add_acl(Table& table) {
    table.add("acl", -2, {.flags = {}, .categories = {"@slow"}});
    for (const std::string_view name : {"acl|cat", "acl|genpass"})
        table.add(name, -2, asked());
    table.add("acl|help", 2, helpful());
    table.add("acl|whoami", 2, asked());
    for (const std::string_view name : {"acl|list", "acl|load", "acl|save", "acl|users"})
        table.add(name, 2, administrative());
    for (const std::string_view name : {"acl|deluser", "acl|setuser"})
        table.add(name, -3, administrative());
    table.add("acl|dryrun", -4, administrative());
    table.add("acl|getuser", 3, administrative());
    table.add("acl|log", -2, administrative());
}

void add_client(Table& table) {
    table.add("client", -2, {.flags = {}, .categories = {"@slow"}});
    for (const std::string_view name : {"client|caching", "client|reply", "client|setname"})
        table.add(name, 3, of_connection(asked()));
    for (const std::string_view name : {"client|getname", "client|getredir", "client|id", "client|trackinginfo"}) {
        table.add(name, 2, of_connection(asked()));
    }
    table.add("client|help", 2, of_connection(helpful()));
    table.add("client|info", 2, of_connection(asked()), {"nondeterministic_output"});
    table.add("client|list", -2, of_connection(administrative()), {"nondeterministic_output"});
    for (const std::string_view name : {"client|kill", "client|pause", "client|unblock"})
        table.add(name, -3, of_connection(administrative()));
    table.add("client|no-evict", 3, of_connection(administrative()));
    table.add("client|tracking", -3, of_connection(asked()));
    table.add("client|unpause", 2, of_connection(administrative()));
}

void add_command(Table& table) {
    const Words any_order{"nondeterministic_output_order"};
    table.add("command", -1, of_connection(helpful()), any_order);
    for (const std::string_view name : {"command|count", "command|help"})
        table.add(name, 2, of_connection(helpful()));
    for (const std::string_view name : {"command|docs", "command|info", "command|list"}) {
        table.add(name, -2, of_connection(helpful()), any_order);
    }
    for (const std::string_view name : {"command|getkeys", "command|getkeysandflags"})
        table.add(name, -4, of_connection(helpful()));
}

void add_sentinel(Table& table) {
    for (const std::string_view name : {"sentinel", "sentinel|debug"})
        table.add(name, -2, watching());
    for (const std::string_view name :
         {"sentinel|ckquorum", "sentinel|get-master-addr-by-name", "sentinel|master", "sentinel|remove", "sentinel|replicas",
          "sentinel|reset", "sentinel|sentinels", "sentinel|slaves"}) {
        table.add(name, 3, watching());
    }
    for (const std::string_view name :
         {"sentinel|config", "sentinel|failover", "sentinel|info-cache", "sentinel|simulate-failure"}) {
        table.add(name, -3, watching());
    }
    for (const std::string_view name :
         {"sentinel|flushconfig", "sentinel|masters", "sentinel|myid", "sentinel|pending-scripts"}) {
        table.add(name, 2, watching());
    }
    table.add("sentinel|help", 2, helpful());
    for (const std::string_view name : {"sentinel|is-master-down-by-addr", "sentinel|monitor"})
        table.add(name, 6, watching());
    table.add("sentinel|set", -5, watching());
}

std::vector<CommandEntry> make_table() {
    Table table;
    add_plain(table);
    add_acl(table);
    add_client(table);
    add_command(table);
    add_sentinel(table);
    return std::move(table).sorted_by_name();
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
