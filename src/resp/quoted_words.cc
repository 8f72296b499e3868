#include "resp/quoted_words.h"

namespace holdfast::resp {
namespace {

bool is_space(char c) noexcept {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

char unescaped(char c) noexcept {
    switch (c) {
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        case 'b':
            return '\b';
        case 'a':
            return '\a';
        default:
            return c;
    }
}

/// A word behind its opening quote; nothing when the quote is not closed, or something follows that is no space.
class QuotedRun {
public:
    QuotedRun(std::string_view line, std::size_t position, char quote) noexcept
        : line_(line), position_(position), quote_(quote) {}

    [[nodiscard]] bool read_into(std::string& word) {
        while (position_ < line_.size()) {
            const char c = line_[position_];
            if (c == quote_) return ++position_ == line_.size() || is_space(line_[position_]) || line_[position_] == '\0';
            if (quote_ == '"' && c == '\\' && position_ + 1 < line_.size()) {
                escape(word);
            } else if (quote_ == '\'' && line_.substr(position_).starts_with("\\'")) {
                word += '\'';
                position_ += 2;
            } else {
                word += c;
                ++position_;
            }
        }
        return false;
    }
    [[nodiscard]] std::size_t position() const noexcept { return position_; }

private:
    void escape(std::string& word) {
        if (line_[position_ + 1] == 'x' && position_ + 3 < line_.size()) {
            const int high = hex_digit(line_[position_ + 2]);
            const int low = hex_digit(line_[position_ + 3]);
            if (high >= 0 && low >= 0) {
                word += static_cast<char>(high * 16 + low);
                position_ += 4;
                return;
            }
        }
        word += unescaped(line_[position_ + 1]);
        position_ += 2;
    }

    std::string_view line_;
    std::size_t position_;
    char quote_;
};

}  // namespace

std::optional<Words> split_words(std::string_view line) {
    Words words;
    std::size_t position = 0;
    for (;;) {
        while (position < line.size() && is_space(line[position]))
            ++position;
        // A zero ends everything.
        if (position == line.size() || line[position] == '\0') return words;
        std::string word;
        while (position < line.size() && !is_space(line[position]) && line[position] != '\0') {
            const char c = line[position];
            if (c == '"' || c == '\'') {
                QuotedRun run(line, position + 1, c);
                if (!run.read_into(word)) return std::nullopt;
                position = run.position();
                break;
            }
            word += c;
            ++position;
        }
        words.push_back(std::move(word));
    }
}

}  // namespace holdfast::resp
