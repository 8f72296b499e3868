#include "resp/request_reader.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <utility>

namespace holdfast::resp {
namespace {

// A line without an end is not searched for ever.
constexpr std::size_t max_line = std::size_t{64} * 1024;
// What was read is dropped from the buffer's front once it is this much.
constexpr std::size_t compact_from = std::size_t{16} * 1024;

/// A number as Redis takes it: no sign but '-', no zeros in front, nothing behind.
std::optional<std::int64_t> strict_number(std::string_view text) noexcept {
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    if (digits.empty() || (digits.front() == '0' && (digits.size() > 1 || text.size() > 1))) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::unexpected<Error> refuse(std::string_view what) {
    return fail(RespErrc::protocol_error, fmt::format("Protocol error: {}", what));
}

}  // namespace

Result<std::optional<Words>> RequestReader::next() {
    if (broken_) return std::unexpected(*broken_);
    for (;;) {
        const auto done = step();
        if (!done) {
            broken_ = done.error();
            buffer_ = {};
            words_ = {};
            position_ = searched_ = words_size_ = 0;
            return std::unexpected(*broken_);
        }
        if (*done == Step::request) {
            words_size_ = 0;
            compact();
            return std::exchange(words_, {});
        }
        if (*done == Step::bytes_needed) {
            compact();
            if (held() <= limits_.max_request) return std::nullopt;
            broken_.emplace(RespErrc::too_large,
                            fmt::format("a request of more than {} bytes is not taken", limits_.max_request));
        }
        if (broken_) return std::unexpected(*broken_);
    }
}

Result<RequestReader::Step> RequestReader::step() {
    if (missing_ > 0) return read_word();
    if (position_ == buffer_.size()) return Step::bytes_needed;
    return buffer_[position_] == '*' ? read_count() : read_line_of_words();
}

std::optional<std::string_view> RequestReader::line(std::string_view end) {
    if (searched_ < position_) searched_ = position_;
    const std::size_t found = buffer_.find(end, searched_);
    if (found == std::string::npos) {
        // The end itself may have come by half.
        searched_ = buffer_.size() < end.size() ? 0 : buffer_.size() - (end.size() - 1);
        return std::nullopt;
    }
    const std::string_view text(buffer_.data() + position_, found - position_);
    position_ = searched_ = found + end.size();
    return text;
}

Result<RequestReader::Step> RequestReader::read_line_of_words() {
    auto text = line("\n");
    if (!text) {
        if (buffer_.size() - position_ > max_line) return refuse("too big inline request");
        return Step::bytes_needed;
    }
    if (text->ends_with('\r')) text->remove_suffix(1);
    auto words = split_words(*text);
    if (!words) return refuse("unbalanced quotes in request");
    if (words->empty()) return Step::more;
    words_ = std::move(*words);
    return Step::request;
}

Result<RequestReader::Step> RequestReader::read_count() {
    const auto text = line("\r\n");
    if (!text) {
        if (buffer_.size() - position_ > max_line) return refuse("too big mbulk count string");
        return Step::bytes_needed;
    }
    const auto count = strict_number(text->substr(1));
    if (!count) return refuse("invalid multibulk length");
    if (*count <= 0) return Step::more;
    if (static_cast<std::uint64_t>(*count) > limits_.max_words) {
        return refuse(limits_.authenticated ? "invalid multibulk length" : "unauthenticated multibulk length");
    }
    missing_ = static_cast<std::size_t>(*count);
    return Step::more;
}

Result<RequestReader::Step> RequestReader::read_word() {
    if (!word_length_) {
        if (position_ == buffer_.size()) return Step::bytes_needed;
        const auto text = line("\r\n");
        if (!text) {
            if (buffer_.size() - position_ > max_line) return refuse("too big bulk count string");
            return Step::bytes_needed;
        }
        // Spelt as Redis spells it, but nobody is handed control characters.
        if (!text->starts_with('$')) {
            const char got = text->empty() ? '\r' : text->front();
            return refuse(fmt::format("expected '$', got '{}'", got >= ' ' && got <= '~' ? got : ' '));
        }
        const auto length = strict_number(text->substr(1));
        if (!length || *length < 0) return refuse("invalid bulk length");
        if (static_cast<std::uint64_t>(*length) > limits_.max_word)
            return refuse(limits_.authenticated ? "invalid bulk length" : "unauthenticated bulk length");
        word_length_ = static_cast<std::size_t>(*length);
    }
    // What cannot be kept is not waited for.
    if (words_size_ + *word_length_ > limits_.max_request) {
        return fail(RespErrc::too_large, fmt::format("a request of more than {} bytes is not taken", limits_.max_request));
    }
    constexpr std::size_t line_end = 2;
    if (buffer_.size() - position_ < *word_length_ + line_end) return Step::bytes_needed;
    // What stands in the place of the line's end is not looked at, as in Redis.
    words_.emplace_back(buffer_, position_, *word_length_);
    words_size_ += *word_length_ + sizeof(std::string);
    position_ += *word_length_ + line_end;
    word_length_.reset();
    return --missing_ == 0 ? Step::request : Step::more;
}

void RequestReader::compact() {
    if (position_ == buffer_.size()) {
        buffer_.clear();
    } else if (position_ >= compact_from) {
        buffer_.erase(0, position_);
    } else {
        return;
    }
    searched_ -= searched_ >= position_ ? position_ : searched_;
    position_ = 0;
}

}  // namespace holdfast::resp
