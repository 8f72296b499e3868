#include "resp/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace holdfast::resp {
namespace {

void append_line(std::string& out, char kind, std::string_view text) {
    out += kind;
    std::ranges::replace_copy_if(text, std::back_inserter(out), [](char c) { return c == '\r' || c == '\n'; }, ' ');
    out += "\r\n";
}

void append_number(std::string& out, char kind, std::int64_t value) {
    fmt::format_to(std::back_inserter(out), "{}{}\r\n", kind, value);
}

void append_bulk(std::string& out, std::string_view text) {
    fmt::format_to(std::back_inserter(out), "${}\r\n{}\r\n", text.size(), text);
}

}  // namespace

void append_command(std::string& out, std::span<const std::string> words) {
    append_number(out, '*', static_cast<std::int64_t>(words.size()));
    for (const std::string& word : words)
        append_bulk(out, word);
}

void append_reply(std::string& out, const Reply& reply) {
    switch (reply.kind) {
        case Reply::Kind::status:
            return append_line(out, '+', reply.text);
        case Reply::Kind::error:
            return append_line(out, '-', reply.text);
        case Reply::Kind::integer:
            return append_number(out, ':', reply.integer);
        case Reply::Kind::bulk:
            return append_bulk(out, reply.text);
        case Reply::Kind::null_bulk:
            out += "$-1\r\n";
            return;
        case Reply::Kind::null_array:
            out += "*-1\r\n";
            return;
        case Reply::Kind::array:
            append_number(out, '*', static_cast<std::int64_t>(reply.items.size()));
            for (const Reply& item : reply.items)
                append_reply(out, item);
            return;
    }
}

}  // namespace holdfast::resp
