#include "byte_notation.h"

#include <charconv>
#include <cstddef>

#include "base/assert.h"
#include "mqtt/writer.h"

namespace holdfast::mqtt {

namespace {

class NotationReader {
public:
    explicit NotationReader(std::string_view text) : text_(text) {}

    /// Reads up to `closer`, or to the end when it is 0.
    ByteBuffer read_until(char closer) {
        ByteBuffer out;
        while (true) {
            skip_spaces();
            if (at_ == text_.size()) {
                HF_ASSERT(closer == 0, "a bracket is not closed");
                return out;
            }
            const char next = text_[at_];
            if (closer != 0 && next == closer) {
                ++at_;
                return out;
            }
            read_item(next, out);
        }
    }

private:
    void skip_spaces() {
        while (at_ < text_.size() && text_[at_] == ' ')
            ++at_;
    }

    void read_item(char next, ByteBuffer& out) {
        if (next == '\'') {
            const std::size_t end = text_.find('\'', at_ + 1);
            HF_ASSERT(end != std::string_view::npos, "a quote is not closed");
            append(out, as_bytes(text_.substr(at_ + 1, end - at_ - 1)));
            at_ = end + 1;
        } else if (next == '[' || next == '{') {
            ++at_;
            const ByteBuffer inner = read_until(next == '[' ? ']' : '}');
            if (next == '[') {
                out.push_back(static_cast<Byte>(inner.size() >> 8));
                out.push_back(static_cast<Byte>(inner.size()));
            } else {
                append_variable_integer(out, static_cast<std::uint32_t>(inner.size()));
            }
            append(out, inner);
        } else {
            read_hex(out);
        }
    }

    void read_hex(ByteBuffer& out) {
        HF_ASSERT(at_ + 2 <= text_.size(), "hex comes in pairs");
        Byte byte = 0;
        const auto result = std::from_chars(text_.data() + at_, text_.data() + at_ + 2, byte, 16);
        HF_ASSERT(result.ptr == text_.data() + at_ + 2, "hex comes in pairs");
        at_ += 2;
        std::size_t times = 1;
        if (at_ < text_.size() && text_[at_] == '*') {
            const auto count = std::from_chars(text_.data() + at_ + 1, text_.data() + text_.size(), times);
            at_ = static_cast<std::size_t>(count.ptr - text_.data());
        }
        out.insert(out.end(), times, byte);
    }

    static void append(ByteBuffer& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

ByteBuffer bytes_of(std::string_view notation) {
    return NotationReader(notation).read_until(0);
}

std::string hex_of(ByteView bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const Byte byte : bytes) {
        if (!text.empty()) text.push_back(' ');
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 0x0F]);
    }
    return text;
}

}  // namespace holdfast::mqtt
