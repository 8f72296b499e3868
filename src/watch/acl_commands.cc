#include "watch/acl_commands.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/assert.h"
#include "watch/word.h"

namespace holdfast::watch {
namespace {

using resp::Reply;

Reply bulks(const std::vector<std::string>& texts) {
    Reply all = Reply::array({});
    for (const std::string& text : texts)
        all.items.push_back(Reply::bulk(text));
    return all;
}

std::string patterns(const std::vector<std::string>& all, char kind) {
    std::string text;
    for (const std::string& pattern : all)
        text += fmt::format("{}{}{}", text.empty() ? "" : " ", kind, pattern);
    return text;
}

Reply describe(const AccessUser& user) {
    std::vector<std::string> flags{user.enabled ? "on" : "off"};
    if (user.any_password) flags.emplace_back("nopass");
    return Reply::array({Reply::bulk("flags"), bulks(flags), Reply::bulk("passwords"), bulks(user.passwords),
                         Reply::bulk("commands"), Reply::bulk(user.command_rules()), Reply::bulk("keys"),
                         Reply::bulk(patterns(user.keys, '~')), Reply::bulk("channels"),
                         Reply::bulk(patterns(user.channels, '&')), Reply::bulk("selectors"), Reply::array({})});
}

AclAnswer set_user(AccessList& users, const resp::Words& words) {
    const auto set = users.set(words[2], std::span(words).subspan(3));
    if (!set) return {.reply = Reply::error("ERR " + set.error().message())};
    return {.reply = Reply::status("OK"), .changed = true};
}

AclAnswer delete_users(AccessList& users, const resp::Words& words) {
    const auto names = std::span(words).subspan(2);
    if (std::ranges::find(names, "default") != names.end())
        return {.reply = Reply::error("ERR The 'default' user cannot be removed")};
    AclAnswer answer;
    for (const std::string& name : names) {
        if (users.remove(name)) answer.removed_users.push_back(name);
    }
    answer.changed = !answer.removed_users.empty();
    answer.reply = Reply::number(static_cast<std::int64_t>(answer.removed_users.size()));
    return answer;
}

Reply categories_or_commands(const resp::Words& words) {
    Reply all = Reply::array({});
    if (words.size() == 2) {
        for (const std::string_view category : command_categories())
            all.items.push_back(Reply::bulk(std::string(category)));
        return all;
    }
    const std::string category = lower_word(words[2]);
    if (std::ranges::find(command_categories(), category) == command_categories().end())
        return Reply::error(fmt::format("ERR Unknown category '{}'", words[2]));
    for (const sentinel::CommandEntry& command : sentinel::command_table()) {
        if (is_in_category(command, category)) all.items.push_back(Reply::bulk(std::string(command.name)));
    }
    return all;
}

Reply random_password(const resp::Words& words) {
    constexpr unsigned most_bits = 4096;
    constexpr unsigned bits_of_digit = 4;
    unsigned bits = 256;
    if (words.size() == 3) {
        const auto asked = number_word<unsigned>(words[2]);
        if (!asked) return Reply::error("ERR value is not an integer or out of range");
        if (*asked == 0 || *asked > most_bits) {
            return Reply::error(
                "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096");
        }
        bits = *asked;
    }
    std::array<unsigned char, most_bits / 8> bytes{};
    HF_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "the system has random numbers");
    std::string digits;
    for (const unsigned char byte : bytes)
        digits += fmt::format("{:02x}", byte);
    digits.resize((bits + bits_of_digit - 1) / bits_of_digit);
    return Reply::bulk(std::move(digits));
}

Reply dry_run(const AccessList& users, const resp::Words& words) {
    const AccessUser* const user = users.find(words[2]);
    if (user == nullptr) return Reply::error(fmt::format("ERR User '{}' not found", words[2]));
    const sentinel::CommandEntry* const command = sentinel::find_command(std::span(words).subspan(3));
    if (command == nullptr) return Reply::error(fmt::format("ERR Command '{}' not found", words[3]));
    if (user->may_run(*command)) return Reply::status("OK");
    return Reply::bulk(fmt::format("This user has no permissions to run the '{}' command", command->name));
}

Reply help() {
    static constexpr std::array<std::string_view, 23> lines{
        "ACL <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "CAT [<category>]",
        "    The categories of commands, or the commands of one.",
        "DELUSER <username> [<username> ...]",
        "    Removes users and ends their connections.",
        "DRYRUN <username> <command> [<arg> ...]",
        "    Whether the user may say the command; it is not executed.",
        "GENPASS [<bits>]",
        "    A random password.",
        "GETUSER <username>",
        "    A user's rules.",
        "LIST",
        "    Users as lines of the configuration file.",
        "LOG [<count> | RESET]",
        "    Who was refused what lately.",
        "SETUSER <username> [<property> ...]",
        "    Adds a user, or changes one.",
        "USERS",
        "    The users' names.",
        "WHOAMI",
        "    The name of the user of this connection.",
        "HELP",
        "    Prints this help.",
    };
    return Reply::lines(lines);
}

}  // namespace

AclAnswer answer_acl_command(AccessList& users, const std::string& own_name, const resp::Words& words) {
    const std::string what = lower_word(words[1]);
    if (what == "whoami") return {.reply = Reply::bulk(own_name)};
    if (what == "list") return {.reply = bulks(users.lines())};
    if (what == "users") {
        Reply names = Reply::array({});
        for (const auto& [name, user] : users.users())
            names.items.push_back(Reply::bulk(name));
        return {.reply = std::move(names)};
    }
    if (what == "getuser") {
        const AccessUser* const user = users.find(words[2]);
        return {.reply = user == nullptr ? Reply::null_bulk() : describe(*user)};
    }
    if (what == "setuser") return set_user(users, words);
    if (what == "deluser") return delete_users(users, words);
    if (what == "cat") return {.reply = categories_or_commands(words)};
    if (what == "genpass") return {.reply = random_password(words)};
    if (what == "dryrun") return {.reply = dry_run(users, words)};
    if (what == "help") return {.reply = help()};
    if (what == "save" || what == "load") {
        return {.reply =
                    Reply::error("ERR This sentinel is not configured to use an ACL file: users stand in its configuration "
                                 "file, which is written at each ACL SETUSER and ACL DELUSER")};
    }
    return {.reply = Reply::error(fmt::format("ERR unknown subcommand '{}'. Try ACL HELP.", words[1]))};
}

}  // namespace holdfast::watch
