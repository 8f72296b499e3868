#pragma once
// Who may say what to a sentinel: the users of Redis' access lists, as far as a sentinel needs them. Rules are those of ACL
// SETUSER; patterns of keys are kept and mean nothing here. Selectors are refused.

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sentinel/commands.h"
#include "watch/error.h"

namespace holdfast::watch {

struct CommandRule {
    bool allow = false;
    std::string name = {};  ///< "ping", "sentinel|masters" or "@admin"

    friend bool operator==(const CommandRule&, const CommandRule&) = default;
};

struct AccessUser {
    std::string name = {};
    bool enabled = false;
    bool any_password = false;                ///< nopass
    std::vector<std::string> passwords = {};  ///< SHA-256, 64 lower-case hexadecimal digits
    bool all_commands = false;                ///< where `rules` begin
    std::vector<CommandRule> rules = {};      ///< the last that fits counts
    std::vector<std::string> keys = {};
    std::vector<std::string> channels = {};

    [[nodiscard]] bool may_run(const sentinel::CommandEntry& command) const;
    /// `pattern`: it is one itself (PSUBSCRIBE), and must be allowed as it is written.
    [[nodiscard]] bool may_use_channel(std::string_view channel, bool pattern) const;
    /// "user <name> <rules>", as ACL LIST and the file have it.
    [[nodiscard]] std::string line() const;
    /// "-@all +ping", as ACL GETUSER has it.
    [[nodiscard]] std::string command_rules() const;
};

class AccessList {
public:
    static constexpr std::size_t max_users = 4096;
    static constexpr std::size_t max_rules = 1024;  ///< of a user, of each kind

    /// Only the default user, who may do everything and needs no password.
    AccessList();

    /// ACL SETUSER: all rules or none. The sentence is Redis': "Error in ACL SETUSER modifier '+x': Unknown command ...".
    [[nodiscard]] Result<> set(std::string_view name, std::span<const std::string> rules);
    /// requirepass; empty: the default user needs none.
    void set_default_password(std::string_view password);
    /// False when there is no such user. Never the default user.
    bool remove(std::string_view name);

    [[nodiscard]] const AccessUser* find(std::string_view name) const;
    /// Whether this user is enabled and this is his password.
    [[nodiscard]] bool authenticate(std::string_view name, std::string_view password) const;
    [[nodiscard]] const std::map<std::string, AccessUser, std::less<>>& users() const noexcept { return users_; }
    [[nodiscard]] std::vector<std::string> lines() const;

private:
    std::map<std::string, AccessUser, std::less<>> users_;
};

/// The categories that Redis has, without '@', in its order.
[[nodiscard]] std::span<const std::string_view> command_categories();
/// Whether the command, or the one that it is a subcommand of, is of the category (without '@').
[[nodiscard]] bool is_in_category(const sentinel::CommandEntry& command, std::string_view category);

}  // namespace holdfast::watch
