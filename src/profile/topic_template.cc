#include "profile/topic_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "mqtt/topic.h"
#include "mqtt/types.h"
#include "mqtt/utf8.h"

namespace holdfast::profile {
namespace {

constexpr std::string_view breaks_a_level("/+#\0", 4);

std::optional<std::uint16_t> attempt_from(std::string_view text) noexcept {
    std::uint16_t attempt = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), attempt);
    if (error != std::errc{} || end != text.data() + text.size() || attempt == 0 || text.front() == '0') return std::nullopt;
    return attempt;
}

Result<> check_value(std::string_view what, std::string_view value) {
    if (value.empty()) return fail(Errc::not_encodable, fmt::format("an empty {} cannot stand in a topic", what));
    if (const auto at = value.find_first_of(breaks_a_level); at != std::string_view::npos) {
        const std::string found = value[at] == '\0' ? "U+0000" : fmt::format("'{}'", value[at]);
        return fail(Errc::not_encodable, fmt::format("the {} cannot stand in a topic, because it holds {}", what, found));
    }
    if (!mqtt::is_mqtt_text(as_bytes(value)))
        return fail(Errc::not_encodable, fmt::format("the {} cannot stand in a topic, because it is not UTF-8", what));
    return {};
}

}  // namespace

Result<TopicTemplate> TopicTemplate::compile(std::string_view text, Tail tail) {
    const auto bad = [&](std::string_view why) {
        return fail(Errc::bad_profile, fmt::format("the topic \"{}\" {}", text, why));
    };
    TopicTemplate made;
    made.text_ = text;
    std::string sample;
    for (std::string_view rest = text;;) {
        const TemplatePart part = take_part(rest);
        if (part.literal.find_first_of("{}") != std::string_view::npos)
            return bad("holds a brace that is none of {device}, {id}, {attempt} and {command}");
        // What is behind a placeholder up to the next slash is in its level.
        const std::size_t level_end = part.literal.find('/');
        if (!made.parts_.empty()) made.parts_.back().suffix = std::min(level_end, part.literal.size());
        sample += part.literal;
        if (!part.placeholder) {
            made.end_ = part.literal;
            break;
        }
        if (*part.placeholder == Placeholder::data || *part.placeholder == Placeholder::deadline)
            return bad(fmt::format("holds {}, which only payloads may", text_of(*part.placeholder)));
        if (made.holds(*part.placeholder)) return bad(fmt::format("holds {} twice", text_of(*part.placeholder)));
        if (!made.parts_.empty() && level_end == std::string_view::npos)
            return bad("has two placeholders in one level; put a slash between them");
        made.parts_.push_back({std::string(part.literal), *part.placeholder});
        sample += 'x';
    }
    if (sample.empty()) return bad("is empty");
    if (!mqtt::is_topic_name(sample) || !mqtt::is_mqtt_text(as_bytes(sample)))
        return bad("is not one that can be published to: no '+', '#' or U+0000, UTF-8, at most 65,535 bytes");
    made.loose_ = tail == Tail::loose && text.ends_with("/{id}") && !made.holds(Placeholder::attempt);
    made.make_filter();
    return made;
}

bool TopicTemplate::holds(Placeholder placeholder) const noexcept {
    return std::ranges::any_of(parts_, [placeholder](const Part& part) { return part.placeholder == placeholder; });
}

void TopicTemplate::make_filter() {
    // A level with a placeholder is a wildcard, with all of the text around it.
    for (std::string_view rest = text_;;) {
        const std::size_t slash = rest.find('/');
        std::string_view level = rest.substr(0, slash);
        filter_ += take_part(level).placeholder ? "+" : rest.substr(0, slash);
        if (slash == std::string_view::npos) break;
        filter_ += '/';
        rest.remove_prefix(slash + 1);
    }
    if (loose_) filter_.back() = '#';
}

Result<> TopicTemplate::render(const TopicValues& values, std::string& out) const {
    out.clear();
    for (const Part& part : parts_) {
        out += part.literal;
        switch (part.placeholder) {
            case Placeholder::device:
                if (auto good = check_value("device's id", values.device); !good) return good;
                // Only the template's own text may choose the topics that belong to the server. [MQTT5 4.7.2]
                if (out.empty() && values.device.front() == '$')
                    return fail(Errc::not_encodable, "the device's id cannot begin a topic, because it begins with '$'");
                out += values.device;
                break;
            case Placeholder::id:
                out += values.id;
                break;
            case Placeholder::attempt:
                fmt::format_to(std::back_inserter(out), "{}", values.attempt);
                break;
            case Placeholder::command:
                if (auto good = check_value("command's name", values.command); !good) return good;
                if (out.empty() && values.command.front() == '$')
                    return fail(Errc::not_encodable, "the command's name cannot begin a topic, because it begins with '$'");
                out += values.command;
                break;
            case Placeholder::deadline:
            case Placeholder::data:
                break;
        }
    }
    out += end_;
    if (loose_) fmt::format_to(std::back_inserter(out), "/{}", values.attempt);
    if (out.size() > mqtt::max_field_length)
        return fail(Errc::not_encodable, fmt::format("the topic would have {} bytes, and MQTT allows 65,535", out.size()));
    return {};
}

bool TopicTemplate::take_value(const Part& part, std::string_view level, TopicParts& parts) const noexcept {
    switch (part.placeholder) {
        case Placeholder::device:
            parts.device = level;
            return true;
        case Placeholder::command:
            parts.command = level;
            return true;
        case Placeholder::id:
            parts.id = command::CommandId::parse(level);
            return parts.id.has_value();
        case Placeholder::attempt: {
            const auto attempt = attempt_from(level);
            parts.attempt = attempt.value_or(0);
            return attempt.has_value();
        }
        case Placeholder::deadline:
        case Placeholder::data:
            break;
    }
    return false;
}

std::optional<TopicParts> TopicTemplate::match(std::string_view topic) const noexcept {
    TopicParts parts;
    std::string_view rest = topic;
    for (std::size_t index = 0; index < parts_.size(); ++index) {
        const Part& part = parts_[index];
        if (!rest.starts_with(part.literal)) {
            const bool id_is_missing = loose_ && index + 1 == parts_.size() && rest.size() + 1 == part.literal.size() &&
                                       std::string_view(part.literal).starts_with(rest);
            return id_is_missing ? std::optional(parts) : std::nullopt;
        }
        rest.remove_prefix(part.literal.size());
        const std::size_t level_end = std::min(rest.find('/'), rest.size());
        if (level_end <= part.suffix) return std::nullopt;
        const std::size_t length = level_end - part.suffix;
        if (!take_value(part, rest.substr(0, length), parts)) return std::nullopt;
        rest.remove_prefix(length);
    }
    if (rest == end_) return parts;
    if (!loose_ || !rest.starts_with('/') || rest.size() == 1) return std::nullopt;
    const auto attempt = attempt_from(rest.substr(1));
    if (!attempt) return std::nullopt;
    parts.attempt = *attempt;
    return parts;
}

}  // namespace holdfast::profile
