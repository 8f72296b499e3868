#pragma once
// The connections of the sentinel machine: dials, dials again with growing pauses, gives up on the silent, and matches answers
// to commands, which come in the order of the commands.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "sentinel/contact.h"
#include "sentinel/outbox.h"
#include "sentinel/sentinel.h"

namespace holdfast::sentinel {

/// Times that the keeping of connections goes by.
struct LinkTimes {
    Duration redial_min{};
    Duration redial_max{};
    /// A command link with a PING unanswered for so long, or a subscription that is silent for so long, is dialled anew.
    Duration command_silence{};
    Duration subscription_silence{};
};

class Links {
public:
    explicit Links(Outbox& outbox) : outbox_(outbox) {}

    Contact& add(std::uint64_t id, Role role, std::string group, std::string key, Address address, Time now);
    /// Hangs up and forgets.
    void remove(std::uint64_t id);
    [[nodiscard]] Contact* find(std::uint64_t id);
    [[nodiscard]] Contact& at(std::uint64_t id);
    [[nodiscard]] const Contact& at(std::uint64_t id) const;

    struct Place {
        Contact* contact = nullptr;
        Line* line = nullptr;
        [[nodiscard]] bool is_command() const noexcept { return line == &contact->command; }
    };
    /// Whose link that is; nothing when it was hung up.
    [[nodiscard]] std::optional<Place> place_of(LinkId link);

    void opened(const Place& place, std::string_view local, Time now);
    void ended(const Place& place, LinkEnd end, const LinkTimes& times, Time now);
    /// Dials what is to be dialled and drops what is silent. When there is something to do again.
    [[nodiscard]] Time keep(Contact& contact, const LinkTimes& times, Time now);
    /// An answer that counts has come: the next dialling need not wait.
    static void proved(Line& line) noexcept { line.pause = {}; }
    /// Hangs up; dialled again with the next `keep`.
    void drop(Contact& contact, Time now);
    /// Connections that are not there are dialled at once.
    static void hurry(Contact& contact, Time now);

    /// Sends when the command link is up; false when it is not.
    bool send(Contact& contact, Awaited awaited, std::vector<std::string> words, Time now);
    void subscribe(Contact& contact, std::vector<std::string> words);
    /// What the answer that has just come on the command link is to.
    [[nodiscard]] static Awaited take_awaited(Contact& contact);

    [[nodiscard]] std::map<std::uint64_t, Contact>& all() noexcept { return contacts_; }
    /// What others are told of the links.
    [[nodiscard]] static LinkState view(const Contact& contact);

private:
    [[nodiscard]] Time keep_line(Contact& contact, Line& line, Duration silence, const LinkTimes& times, Time now);
    void hang_up(Contact& contact, Line& line);
    static void fail_awaited(Contact& contact);

    Outbox& outbox_;
    std::map<std::uint64_t, Contact> contacts_;
    std::unordered_map<LinkId, std::uint64_t> owners_;
};

}  // namespace holdfast::sentinel
