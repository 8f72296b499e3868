#include "watch/access_list.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/assert.h"
#include "resp/glob.h"

namespace holdfast::watch {
namespace {

constexpr std::array<std::string_view, 21> categories{
    "keyspace", "read",   "write",       "set",       "sortedset",  "list",        "hash",
    "string",   "bitmap", "hyperloglog", "geo",       "stream",     "pubsub",      "admin",
    "fast",     "slow",   "blocking",    "dangerous", "connection", "transaction", "scripting"};

constexpr std::size_t digest_digits = 64;

std::string sha256(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    HF_ASSERT(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1, "SHA-256 is there");
    std::string digits;
    for (unsigned i = 0; i < size; ++i)
        digits += fmt::format("{:02x}", digest[i]);
    return digits;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

bool is_digest(std::string_view text) {
    return text.size() == digest_digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string_view parent_of(std::string_view name) {
    const std::size_t bar = name.find('|');
    return bar == std::string_view::npos ? std::string_view() : name.substr(0, bar);
}

bool is_command(std::string_view name) {
    return std::ranges::any_of(sentinel::command_table(),
                               [name](const auto& entry) { return entry.name == name || parent_of(entry.name) == name; });
}

bool rule_fits(std::string_view rule, const sentinel::CommandEntry& command) {
    if (rule.starts_with('@')) return is_in_category(command, rule.substr(1));
    return rule == command.name || rule == parent_of(command.name);
}

using Problem = std::string_view;  ///< empty: none
constexpr Problem syntax_error = "Syntax error";

bool add_once(std::vector<std::string>& list, std::string value) {
    if (std::ranges::find(list, value) != list.end()) return true;
    if (list.size() >= AccessList::max_rules) return false;
    list.push_back(std::move(value));
    return true;
}

Problem apply_command_rule(AccessUser& user, std::string_view rule) {
    const bool allow = rule.front() == '+';
    const std::string name = lower(rule.substr(1));
    if (name == "@all") {
        user.all_commands = allow;
        user.rules.clear();
        return {};
    }
    const bool known = name.starts_with('@')
                           ? std::ranges::find(categories, std::string_view(name).substr(1)) != categories.end()
                           : is_command(name);
    if (!known) return "Unknown command or category name in ACL";
    // What it says anew, of itself or of its subcommands, is said no more before.
    std::erase_if(user.rules, [&name](const CommandRule& old) { return old.name == name || parent_of(old.name) == name; });
    if (user.rules.size() >= AccessList::max_rules) return "too many rules";
    user.rules.push_back({allow, name});
    return {};
}

Problem apply_password(AccessUser& user, std::string_view rule) {
    const std::string_view value = rule.substr(1);
    const bool digest = rule.front() == '#' || rule.front() == '!';
    if (digest && !is_digest(value))
        return "The provided password hash must be exactly 64 characters and contain only lowercase hexadecimal characters";
    std::string password = digest ? std::string(value) : sha256(value);
    if (rule.front() == '>' || rule.front() == '#') {
        user.any_password = false;
        return add_once(user.passwords, std::move(password)) ? Problem() : "too many passwords";
    }
    return std::erase(user.passwords, password) > 0 ? Problem()
                                                    : "The password you are trying to remove from the user does not exist";
}

Problem apply_pattern(std::vector<std::string>& patterns, std::string_view pattern, Problem shadowed) {
    if (pattern == "*") {
        patterns.assign({"*"});
        return {};
    }
    if (std::ranges::find(patterns, "*") != patterns.end()) return shadowed;
    return add_once(patterns, std::string(pattern)) ? Problem() : "too many patterns";
}

/// Words that stand for themselves; false: not one of them.
bool apply_word(AccessUser& user, std::string_view word) {
    if (word == "on" || word == "off") {
        user.enabled = word == "on";
    } else if (word == "nopass") {
        user.any_password = true;
        user.passwords.clear();
    } else if (word == "resetpass") {
        user.any_password = false;
        user.passwords.clear();
    } else if (word == "allkeys") {
        user.keys = {"*"};
    } else if (word == "resetkeys") {
        user.keys.clear();
    } else if (word == "allchannels") {
        user.channels = {"*"};
    } else if (word == "resetchannels") {
        user.channels.clear();
    } else if (word == "allcommands" || word == "nocommands") {
        user.all_commands = word == "allcommands";
        user.rules.clear();
    } else if (word == "reset") {
        user = AccessUser{.name = user.name};
    } else {
        // These change nothing here.
        return word == "sanitize-payload" || word == "skip-sanitize-payload" || word == "clearselectors";
    }
    return true;
}

Problem apply_rule(AccessUser& user, std::string_view rule) {
    if (rule.empty()) return syntax_error;
    if (apply_word(user, lower(rule))) return {};
    switch (rule.front()) {
        case '+':
        case '-':
            return apply_command_rule(user, rule);
        case '>':
        case '<':
        case '#':
        case '!':
            return apply_password(user, rule);
        case '~':
            return apply_pattern(user.keys, rule.substr(1),
                                 "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have "
                                 "any effect. Try 'resetkeys' to start with an empty list of patterns");
        case '%':
            return apply_pattern(user.keys, rule.substr(std::min(rule.size(), rule.find('~') + 1)), {});
        case '&':
            return apply_pattern(user.channels, rule.substr(1),
                                 "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not "
                                 "have any effect. Try 'resetchannels' to start with an empty list of channels");
        case '(':
            return "selectors are not supported by this sentinel";
        default:
            return syntax_error;
    }
}

}  // namespace

std::span<const std::string_view> command_categories() {
    return categories;
}

bool is_in_category(const sentinel::CommandEntry& command, std::string_view category) {
    return std::ranges::any_of(command.categories, [category](std::string_view name) {
        return name == category || (name.starts_with('@') && name.substr(1) == category);
    });
}

bool AccessUser::may_run(const sentinel::CommandEntry& command) const {
    bool allowed = all_commands;
    for (const CommandRule& rule : rules) {
        if (rule_fits(rule.name, command)) allowed = rule.allow;
    }
    return allowed;
}

bool AccessUser::may_use_channel(std::string_view channel, bool pattern) const {
    return std::ranges::any_of(channels, [&](const std::string& allowed) {
        return allowed == "*" || (pattern ? allowed == channel : resp::glob_matches(allowed, channel));
    });
}

std::string AccessUser::command_rules() const {
    std::string text = all_commands ? "+@all" : "-@all";
    for (const CommandRule& rule : rules)
        text += fmt::format(" {}{}", rule.allow ? '+' : '-', rule.name);
    return text;
}

std::string AccessUser::line() const {
    std::string text = fmt::format("user {} {}", name, enabled ? "on" : "off");
    if (any_password) text += " nopass";
    for (const std::string& password : passwords)
        text += " #" + password;
    for (const std::string& pattern : keys)
        text += " ~" + pattern;
    if (channels != std::vector<std::string>{"*"}) text += " resetchannels";
    for (const std::string& pattern : channels)
        text += " &" + pattern;
    return text + " " + command_rules();
}

AccessList::AccessList() {
    users_["default"] = {
        .name = "default", .enabled = true, .any_password = true, .all_commands = true, .keys = {"*"}, .channels = {"*"}};
}

Result<> AccessList::set(std::string_view name, std::span<const std::string> rules) {
    if (name.empty() || std::ranges::any_of(name, [](unsigned char c) { return std::isspace(c) != 0 || c == '\0'; }))
        return fail(WatchErrc::bad_rule, "Usernames can't contain spaces or null characters");
    const auto known = users_.find(name);
    if (known == users_.end() && users_.size() >= max_users)
        return fail(WatchErrc::bad_rule, fmt::format("there are {} users already, and no more are kept", max_users));
    AccessUser user = known != users_.end() ? known->second : AccessUser{.name = std::string(name)};
    for (const std::string& rule : rules) {
        const Problem problem = apply_rule(user, rule);
        if (problem.empty()) continue;
        // A password is not said back.
        const bool secret = rule.starts_with('>') || rule.starts_with('<');
        return fail(WatchErrc::bad_rule,
                    fmt::format("Error in ACL SETUSER modifier '{}': {}", secret ? rule.substr(0, 1) + "***" : rule, problem));
    }
    users_.insert_or_assign(std::string(name), std::move(user));
    return {};
}

void AccessList::set_default_password(std::string_view password) {
    AccessUser& user = users_.at("default");
    user.passwords.clear();
    user.any_password = password.empty();
    if (!password.empty()) user.passwords.push_back(sha256(password));
}

bool AccessList::remove(std::string_view name) {
    const auto found = users_.find(name);
    if (found == users_.end() || name == "default") return false;
    users_.erase(found);
    return true;
}

const AccessUser* AccessList::find(std::string_view name) const {
    const auto found = users_.find(name);
    return found == users_.end() ? nullptr : &found->second;
}

bool AccessList::authenticate(std::string_view name, std::string_view password) const {
    const AccessUser* const user = find(name);
    if (user == nullptr || !user->enabled) return false;
    if (user->any_password) return true;
    const std::string digest = sha256(password);
    bool found = false;
    for (const std::string& known : user->passwords)
        found |= CRYPTO_memcmp(known.data(), digest.data(), digest_digits) == 0;
    return found;
}

std::vector<std::string> AccessList::lines() const {
    std::vector<std::string> lines;
    for (const auto& [name, user] : users_)
        lines.push_back(user.line());
    return lines;
}

}  // namespace holdfast::watch
