#pragma once
// What a device's reply says: which command and attempt it is about, and whether the device has done it, could not, will not,
// or only has it. Replies are strangers' bytes: sizes and depths are bounded, and nothing in them is trusted further than it is
// checked.
//
// The id is taken from where it is found first: the topic, the Correlation Data (MQTT 5), the named group `id` of the pattern,
// the JSON pointer. The status likewise: the user property `status` (MQTT 5), the pattern's group, the JSON pointer, the whole
// payload when it is one bare word. A reply without a status has succeeded. One with a status that the profile does not know
// has failed, with the word in its detail: to take it for a success could be a lie, to take it for nothing would send the
// command again.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "command/channel_message.h"
#include "mqtt/property_view.h"
#include "profile/errors.h"
#include "profile/topic_template.h"

namespace re2 {
class RE2;
}

namespace holdfast::profile {

constexpr std::size_t max_reply_size = 1024 * 1024;  ///< bytes of a reply that are read at all
constexpr std::size_t max_pointer_length = 256;      ///< bytes of a JSON pointer
constexpr std::size_t max_pattern_length = 1024;     ///< bytes of a pattern
constexpr std::size_t max_status_words = 64;         ///< of each kind

/// How replies are read, as an operator says it. JSON pointers as in RFC 6901; an empty one: not by JSON (for `result`: the
/// whole payload).
struct ReplyText {
    std::string id = "/id";
    std::string attempt = "/attempt";
    std::string status = "/status";
    std::string result = {};
    std::string detail = "/message";
    /// RE2 over the payload, with any of the named groups id, attempt, status, result, detail: (?P<id>[0-9a-z]{26}). A payload
    /// that it does not fit is read as if there were none. Empty: none.
    std::string pattern = {};
    /// Compared without regard to the case of ASCII letters. Numbers and booleans count by their JSON text.
    std::vector<std::string> succeeded = {"succeeded", "success", "ok", "done", "true", "200"};
    std::vector<std::string> failed = {"failed", "failure", "error", "false"};
    std::vector<std::string> rejected = {"rejected", "refused"};
    /// The device has it, and its last word follows.
    std::vector<std::string> acknowledged = {"received", "accepted", "in_progress"};

    friend bool operator==(const ReplyText&, const ReplyText&) = default;
};

/// A reply as it came. Read during the call only.
struct ReplyMessage {
    TopicParts topic = {};
    ByteView payload = {};
    /// Of the PUBLISH; empty in 3.x.
    mqtt::PropertiesView properties = {};
};

struct ReplyReading {
    command::CommandId id = {};
    std::uint16_t attempt = 0;  ///< 0: not said
    std::variant<command::Delivered, command::Replied> what = {};
};

enum class ReplyFault : std::uint8_t {
    other_topic,  ///< no profile's reply topic, or not that of the device's profile
    too_large,    ///< over max_reply_size
    no_id,        ///< no command's id where the profile looks for it
};
[[nodiscard]] std::string_view to_string(ReplyFault fault) noexcept;

class ReplyRules {
public:
    /// Errors: bad_profile, with the field.
    [[nodiscard]] static Result<ReplyRules> compile(const ReplyText& text);

    [[nodiscard]] std::expected<ReplyReading, ReplyFault> read(const ReplyMessage& message) const;

private:
    /// A group's number in the pattern; 0: it has none.
    struct Groups {
        int id = 0, attempt = 0, status = 0, result = 0, detail = 0;
    };
    struct Found;

    ReplyRules() = default;
    [[nodiscard]] Result<> compile_pattern();
    void find_in_properties(const ReplyMessage& message, Found& found) const;
    void find_in_pattern(std::string_view payload, Found& found) const;
    void find_in_json(std::string_view payload, Found& found) const;
    [[nodiscard]] std::variant<command::Delivered, command::Replied> word_of(Found& found) const;

    ReplyText text_;
    std::shared_ptr<const re2::RE2> pattern_;
    Groups groups_;
};

}  // namespace holdfast::profile
