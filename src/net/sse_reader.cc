#include "net/sse_reader.h"

namespace holdfast::net {

void SseReader::push(std::string_view piece) {
    text_.erase(0, position_);
    position_ = 0;
    text_ += piece;
}

std::optional<SseReader::Event> SseReader::next() {
    while (true) {
        const std::size_t end = text_.find('\n', position_);
        if (end == std::string::npos) return std::nullopt;
        std::string_view line = std::string_view(text_).substr(position_, end - position_);
        position_ = end + 1;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) {
            take_line(line);
            continue;
        }
        const bool whole = has_data_;
        Event event = event_;
        if (event.event.empty()) event.event = "message";
        event_.event.clear();
        event_.data.clear();
        has_data_ = false;
        if (whole) return event;
    }
}

void SseReader::take_line(std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "id") {
        event_.id = value;
    } else if (field == "event") {
        event_.event = value;
    } else if (field == "data") {
        if (has_data_) event_.data += '\n';
        event_.data += value;
        has_data_ = true;
    }
}

}  // namespace holdfast::net
