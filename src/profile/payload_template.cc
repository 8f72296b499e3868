#include "profile/payload_template.h"

#include <fmt/format.h>

#include <iterator>

#include "json_text/json_text.h"
#include "mqtt/utf8.h"

namespace holdfast::profile {
namespace {

/// Whether the place behind `text` is inside a JSON string, when the place before it was (`quoted`) or was not.
bool quoted_after(std::string_view text, bool quoted) noexcept {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (quoted && text[at] == '\\') {
            ++at;
        } else if (text[at] == '"') {
            quoted = !quoted;
        }
    }
    return quoted;
}

bool is_text_type(std::string_view content_type) noexcept {
    constexpr std::string_view text = "text/";
    if (content_type.size() < text.size()) return false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = content_type[at];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != text[at]) return false;
    }
    return true;
}

bool is_number(Placeholder placeholder) noexcept {
    return placeholder == Placeholder::attempt || placeholder == Placeholder::deadline;
}

}  // namespace

Result<PayloadTemplate> PayloadTemplate::compile(std::string_view text) {
    if (text.size() > max_template_length) {
        return fail(Errc::bad_profile,
                    fmt::format("the payload template has {} bytes, and {} are allowed", text.size(), max_template_length));
    }
    PayloadTemplate made;
    std::string sample;
    bool quoted = false;
    std::string unquoted_text;
    for (std::string_view rest = text;;) {
        const TemplatePart part = take_part(rest);
        quoted = quoted_after(part.literal, quoted);
        sample += part.literal;
        if (!part.placeholder) {
            made.end_ = part.literal;
            break;
        }
        made.parts_.push_back({std::string(part.literal), *part.placeholder, quoted});
        sample += '0';
        if (!quoted && *part.placeholder != Placeholder::data && !is_number(*part.placeholder))
            unquoted_text = text_of(*part.placeholder);
    }
    if (text == text_of(Placeholder::data)) {
        made.form_ = Form::raw_data;
    } else if (sample.starts_with('{') || sample.starts_with('[')) {
        if (!json_text::is_json(sample))
            return fail(Errc::bad_profile,
                        "the payload template begins as JSON does, but with its placeholders filled in it is none");
        if (!unquoted_text.empty()) {
            return fail(Errc::bad_profile,
                        fmt::format("the payload template needs quotes around {}, which is text", unquoted_text));
        }
        made.form_ = Form::json;
    }
    return made;
}

void PayloadTemplate::append_text(const Part& part, std::string_view text, std::string& out) const {
    if (form_ == Form::json && part.quoted) return json_text::append_json_escaped(out, text);
    out += text;
}

Result<> PayloadTemplate::append_data(const Part& part, const PayloadValues& values, std::string& out) const {
    if (form_ != Form::json) {
        out += values.data;
        return {};
    }
    const bool as_string = part.quoted || (is_text_type(values.content_type) && !values.data.empty());
    if (as_string) {
        if (!mqtt::is_mqtt_text(as_bytes(values.data))) {
            return fail(Errc::not_encodable,
                        "the payload is not UTF-8 text, and the device's profile puts it into a JSON string");
        }
        if (!part.quoted) out += '"';
        json_text::append_json_escaped(out, values.data);
        if (!part.quoted) out += '"';
        return {};
    }
    if (values.data.empty()) {
        out += "null";
        return {};
    }
    if (!json_text::is_json(values.data)) {
        return fail(Errc::not_encodable,
                    "the payload is not JSON, and the device's profile puts it into JSON; send JSON, or say a content type "
                    "text/... to have it sent as a JSON string");
    }
    out += values.data;
    return {};
}

Result<> PayloadTemplate::render(const PayloadValues& values, std::string& out) const {
    out.clear();
    for (const Part& part : parts_) {
        out += part.literal;
        switch (part.placeholder) {
            case Placeholder::device:
                append_text(part, values.device, out);
                break;
            case Placeholder::id:
                append_text(part, values.id, out);
                break;
            case Placeholder::command:
                append_text(part, values.command, out);
                break;
            case Placeholder::attempt:
                fmt::format_to(std::back_inserter(out), "{}", values.attempt);
                break;
            case Placeholder::deadline:
                fmt::format_to(std::back_inserter(out), "{}", values.deadline.time_since_epoch().count());
                break;
            case Placeholder::data:
                if (auto good = append_data(part, values, out); !good) return good;
                break;
        }
    }
    out += end_;
    return {};
}

}  // namespace holdfast::profile
