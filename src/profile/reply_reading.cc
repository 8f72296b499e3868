#include "profile/reply_reading.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "command/command.h"
#include "json_text/json_text.h"
#include "mqtt/utf8.h"
#include "profile/correlation.h"

namespace holdfast::profile {
namespace {

namespace json = boost::json;
using command::CommandId;

constexpr std::string_view json_type = "application/json";
/// A bare word longer than this is no status.
constexpr std::size_t longest_word = 64;

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool among(const std::vector<std::string>& words, std::string_view word) noexcept {
    return std::ranges::any_of(words, [word](const std::string& one) { return same_word(one, word); });
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view space = " \t\r\n";
    const auto first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

/// At most `limit` bytes, without cutting a character in two.
std::string_view cut(std::string_view text, std::size_t limit) noexcept {
    constexpr unsigned continuation_mask = 0xC0;
    constexpr unsigned continuation = 0x80;
    if (text.size() <= limit) return text;
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & continuation_mask) == continuation)
        --limit;
    return text.substr(0, limit);
}

std::optional<std::uint16_t> attempt_from(std::string_view text) noexcept {
    std::uint16_t attempt = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), attempt);
    if (error != std::errc{} || end != text.data() + text.size() || attempt == 0) return std::nullopt;
    return attempt;
}

/// The JSON text of a value; a string's without its quotes.
std::string plain_text(const json::value& value) {
    if (const auto* string = value.if_string()) return {string->data(), string->size()};
    return json::serialize(value);
}

const json::value* at_pointer(const json::value& root, const std::string& pointer) noexcept {
    if (pointer.empty()) return nullptr;
    json::error_code error;
    return root.find_pointer(pointer, error);
}

Result<> check_pointer(std::string_view field, std::string_view pointer) {
    const auto bad = [&](std::string_view why) {
        return fail(Errc::bad_profile, fmt::format("reply.{}: \"{}\" {}", field, pointer, why));
    };
    if (pointer.empty()) return {};
    if (pointer.size() > max_pointer_length) return bad("is too long for a JSON pointer");
    if (pointer.front() != '/') return bad("is no JSON pointer: it must begin with '/', like \"/status\"");
    for (std::size_t at = 0; at < pointer.size(); ++at) {
        if (pointer[at] != '~') continue;
        const char next = at + 1 < pointer.size() ? pointer[at + 1] : ' ';
        if (next != '0' && next != '1') return bad("is no JSON pointer: '~' is written ~0, and '/' in a name ~1");
    }
    return {};
}

}  // namespace

std::string_view to_string(ReplyFault fault) noexcept {
    switch (fault) {
        case ReplyFault::other_topic:
            return "other_topic";
        case ReplyFault::too_large:
            return "too_large";
        case ReplyFault::no_id:
            return "no_id";
    }
    return "unknown";
}

/// What has been found so far.
struct ReplyRules::Found {
    std::optional<CommandId> id = {};
    std::uint16_t attempt = 0;
    std::optional<std::string> status = {};
    std::optional<std::string> result = {};
    std::string result_type = {};
    std::string detail = {};
    std::string_view content_type = {};
    bool is_json = false;
};

Result<ReplyRules> ReplyRules::compile(const ReplyText& text) {
    const std::pair<std::string_view, const std::string*> pointers[] = {{"id", &text.id},
                                                                        {"attempt", &text.attempt},
                                                                        {"status", &text.status},
                                                                        {"result", &text.result},
                                                                        {"detail", &text.detail}};
    for (const auto& [field, pointer] : pointers) {
        if (auto good = check_pointer(field, *pointer); !good) return std::unexpected(std::move(good.error()));
    }
    for (const auto* words : {&text.succeeded, &text.failed, &text.rejected, &text.acknowledged}) {
        if (words->size() > max_status_words)
            return fail(Errc::bad_profile, fmt::format("reply: at most {} words for one status", max_status_words));
    }
    ReplyRules made;
    made.text_ = text;
    if (auto good = made.compile_pattern(); !good) return std::unexpected(std::move(good.error()));
    return made;
}

Result<> ReplyRules::compile_pattern() {
    constexpr std::int64_t most_memory = 1 << 20;
    if (text_.pattern.empty()) return {};
    const auto bad = [](std::string why) { return fail(Errc::bad_profile, "reply.pattern: " + std::move(why)); };
    if (text_.pattern.size() > max_pattern_length) return bad(fmt::format("at most {} bytes", max_pattern_length));
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(most_memory);
    // Payloads need not be UTF-8.
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    auto pattern = std::make_shared<const re2::RE2>(text_.pattern, options);
    if (!pattern->ok()) return bad(pattern->error());
    const std::pair<std::string_view, int*> known[] = {{"id", &groups_.id},
                                                       {"attempt", &groups_.attempt},
                                                       {"status", &groups_.status},
                                                       {"result", &groups_.result},
                                                       {"detail", &groups_.detail}};
    for (const auto& [name, number] : pattern->NamedCapturingGroups()) {
        const auto* const found = std::ranges::find(known, std::string_view(name), &std::pair<std::string_view, int*>::first);
        if (found == std::end(known))
            return bad(
                fmt::format("there is no use for a group named '{}'; known are id, attempt, status, result, detail", name));
        *found->second = number;
    }
    if (pattern->NamedCapturingGroups().empty()) return bad("it needs a named group, such as (?P<id>[0-9a-z]{26})");
    pattern_ = std::move(pattern);
    return {};
}

void ReplyRules::find_in_properties(const ReplyMessage& message, Found& found) const {
    for (const mqtt::PropertyView& property : message.properties) {
        switch (property.id) {
            case mqtt::PropertyId::content_type:
                found.content_type = cut(property.text, command::max_content_type_length);
                break;
            case mqtt::PropertyId::user_property:
                if (property.text == "status" && property.second.size() <= longest_word) found.status = property.second;
                break;
            case mqtt::PropertyId::correlation_data: {
                const auto correlation = correlation_from(property.binary());
                if (!correlation) break;
                if (!found.id) found.id = correlation->id;
                if (found.attempt == 0 && found.id == correlation->id) found.attempt = correlation->attempt;
                break;
            }
            default:
                break;
        }
    }
}

void ReplyRules::find_in_pattern(std::string_view payload, Found& found) const {
    if (!pattern_) return;
    // The whole match and every group, named or not.
    constexpr std::size_t most_groups = 16;
    std::array<re2::StringPiece, most_groups> groups;
    const int wanted = std::min(static_cast<int>(most_groups), pattern_->NumberOfCapturingGroups() + 1);
    const re2::StringPiece text(payload.data(), payload.size());
    if (!pattern_->Match(text, 0, payload.size(), re2::RE2::UNANCHORED, groups.data(), wanted)) return;
    const auto group = [&](int number) -> std::optional<std::string_view> {
        if (number <= 0 || number >= wanted || groups[static_cast<std::size_t>(number)].data() == nullptr) return std::nullopt;
        const auto& piece = groups[static_cast<std::size_t>(number)];
        return std::string_view(piece.data(), piece.size());
    };
    if (const auto id = group(groups_.id); id && !found.id) found.id = CommandId::parse(*id);
    if (const auto attempt = group(groups_.attempt); attempt && found.attempt == 0)
        found.attempt = attempt_from(*attempt).value_or(0);
    if (const auto status = group(groups_.status); status && !found.status) found.status = cut(*status, longest_word);
    if (const auto result = group(groups_.result)) found.result = cut(*result, command::max_result_size + 1);
    if (const auto detail = group(groups_.detail)) found.detail = cut(*detail, command::max_detail_length);
}

void ReplyRules::find_in_json(std::string_view payload, Found& found) const {
    const std::string_view text = trimmed(payload);
    if (text.empty() || (text.front() != '{' && text.front() != '[')) return;
    // Most replies fit in here.
    constexpr std::size_t scratch_size = 4096;
    std::array<unsigned char, scratch_size> scratch;
    json::monotonic_resource memory(scratch.data(), scratch.size());
    json::parse_options options;
    options.max_depth = json_text::max_json_depth;
    json::parser parser(&memory, options);
    json::error_code error;
    parser.write(text.data(), text.size(), error);
    if (error) return;
    found.is_json = true;
    const json::value root = parser.release();
    if (const auto* id = at_pointer(root, text_.id); id != nullptr && !found.id && id->is_string())
        found.id = CommandId::parse({id->get_string().data(), id->get_string().size()});
    if (const auto* attempt = at_pointer(root, text_.attempt);
        attempt != nullptr && found.attempt == 0 && attempt->is_primitive())
        found.attempt = attempt_from(plain_text(*attempt)).value_or(0);
    if (const auto* status = at_pointer(root, text_.status);
        status != nullptr && !found.status && status->is_primitive() && !status->is_null()) {
        found.status = cut(plain_text(*status), longest_word);
    }
    if (const auto* result = at_pointer(root, text_.result); result != nullptr && !found.result) {
        found.result = json::serialize(*result);
        found.result_type = json_type;
    }
    if (const auto* detail = at_pointer(root, text_.detail); detail != nullptr && found.detail.empty() && !detail->is_null())
        found.detail = cut(plain_text(*detail), command::max_detail_length);
}

std::variant<command::Delivered, command::Replied> ReplyRules::word_of(Found& found) const {
    using Verdict = command::Replied::Verdict;
    if (found.status && among(text_.acknowledged, *found.status)) return command::Delivered{.by_device = true};
    command::Replied replied;
    if (!found.status || among(text_.succeeded, *found.status)) {
        replied.verdict = Verdict::succeeded;
        return replied;
    }
    replied.verdict = among(text_.rejected, *found.status) ? Verdict::rejected : Verdict::failed;
    replied.detail = std::move(found.detail);
    if (replied.verdict == Verdict::failed && !among(text_.failed, *found.status) && replied.detail.empty()) {
        const bool shows = mqtt::is_mqtt_text(as_bytes(*found.status));
        replied.detail = fmt::format("the device answered with a status that its profile does not know{}{}{}",
                                     shows ? ": \"" : "", shows ? *found.status : std::string{}, shows ? "\"" : "");
    }
    return replied;
}

std::expected<ReplyReading, ReplyFault> ReplyRules::read(const ReplyMessage& message) const {
    if (message.payload.size() > max_reply_size) return std::unexpected(ReplyFault::too_large);
    const std::string_view payload = as_text(message.payload);
    Found found;
    found.id = message.topic.id;
    found.attempt = message.topic.attempt;
    find_in_properties(message, found);
    find_in_pattern(payload, found);
    find_in_json(payload, found);
    if (!found.id) return std::unexpected(ReplyFault::no_id);
    if (const std::string_view word = trimmed(payload); !found.status && !word.empty() && word.size() <= longest_word) {
        for (const auto* words : {&text_.succeeded, &text_.failed, &text_.rejected, &text_.acknowledged}) {
            if (among(*words, word)) found.status = word;
        }
    }
    ReplyReading reading{*found.id, found.attempt, word_of(found)};
    if (auto* const replied = std::get_if<command::Replied>(&reading.what)) {
        if (found.result) {
            replied->result = std::move(*found.result);
            replied->content_type = found.result_type;
        } else {
            replied->result = payload.substr(0, command::max_result_size + 1);
            replied->content_type = found.content_type.empty() && found.is_json ? json_type : found.content_type;
        }
        replied->cut = replied->result.size() > command::max_result_size;
        if (replied->cut) replied->result.resize(command::max_result_size);
        if (!mqtt::is_mqtt_text(as_bytes(replied->detail))) replied->detail.clear();
    }
    return reading;
}

}  // namespace holdfast::profile
