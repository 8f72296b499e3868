#pragma once
// Server-sent events out of a stream's text. Pure: pieces go in, events come out.

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::net {

class SseReader {
public:
    struct Event {
        std::string id;     ///< the last one seen, as the standard has it
        std::string event;  ///< "message" when the stream names none
        std::string data;   ///< several `data` lines are joined by newlines
    };

    void push(std::string_view piece);
    /// The next whole event, or nothing when more text is needed. Comments are passed over.
    [[nodiscard]] std::optional<Event> next();

private:
    void take_line(std::string_view line);

    std::string text_;
    std::size_t position_ = 0;
    Event event_;
    bool has_data_ = false;
};

}  // namespace holdfast::net
