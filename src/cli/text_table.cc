#include "cli/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace holdfast::cli {
namespace {

struct Character {
    std::uint32_t point = 0;
    std::size_t bytes = 0;  ///< 0: not well-formed here
};

Character next_character(std::string_view text) noexcept {
    const auto lead = static_cast<unsigned char>(text[0]);
    std::size_t size = 1;
    std::uint32_t point = lead;
    std::uint32_t smallest = 0;
    if (lead >= 0x80) {
        if ((lead & 0xE0) == 0xC0) {
            size = 2;
            point = lead & 0x1Fu;
            smallest = 0x80;
        } else if ((lead & 0xF0) == 0xE0) {
            size = 3;
            point = lead & 0x0Fu;
            smallest = 0x800;
        } else if ((lead & 0xF8) == 0xF0) {
            size = 4;
            point = lead & 0x07u;
            smallest = 0x10000;
        } else {
            return {};
        }
    }
    if (text.size() < size) return {};
    for (std::size_t i = 1; i < size; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0) != 0x80) return {};
        point = (point << 6) | (next & 0x3Fu);
    }
    if (point < smallest || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return {};
    return {point, size};
}

struct Range {
    std::uint32_t first;
    std::uint32_t last;
};

bool is_in(std::uint32_t point, std::span<const Range> ranges) noexcept {
    return std::ranges::any_of(ranges, [point](const Range& range) { return point >= range.first && point <= range.last; });
}

bool is_control(std::uint32_t point) noexcept {
    // C0, DEL, C1, and what reorders or hides text.
    constexpr std::array<Range, 6> ranges = {
        {{0, 0x1F}, {0x7F, 0x9F}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF}}};
    return is_in(point, ranges);
}

std::size_t width(std::uint32_t point) noexcept {
    constexpr std::array<Range, 5> none = {
        {{0x300, 0x36F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};
    constexpr std::array<Range, 8> wide = {{{0x1100, 0x115F},
                                            {0x2E80, 0xA4CF},
                                            {0xAC00, 0xD7A3},
                                            {0xF900, 0xFAFF},
                                            {0xFE30, 0xFE6F},
                                            {0xFF00, 0xFF60},
                                            {0x1F300, 0x1F64F},
                                            {0x20000, 0x3FFFD}}};
    if (is_in(point, none)) return 0;
    return is_in(point, wide) ? 2 : 1;
}

}  // namespace

std::string painted(std::string_view text, Tone tone, bool colour) {
    constexpr std::array<std::string_view, 5> codes = {"", "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m"};
    const std::string_view code = codes[static_cast<std::size_t>(tone)];
    if (!colour || code.empty() || text.empty()) return std::string(text);
    return fmt::format("{}{}\x1b[0m", code, text);
}

Tone tone_of(std::string_view state) noexcept {
    constexpr std::array<std::string_view, 7> good = {"up", "yes", "ok", "running", "done", "finished", "live"};
    constexpr std::array<std::string_view, 5> warn = {"suspect", "draining", "paused", "waiting", "degraded"};
    constexpr std::array<std::string_view, 4> bad = {"down", "failed", "failing", "refused"};
    constexpr std::array<std::string_view, 4> faint = {"left", "no", "-", "cancelled"};
    const auto holds = [state](std::span<const std::string_view> words) {
        return std::ranges::find(words, state) != words.end();
    };
    if (holds(good)) return Tone::good;
    if (holds(warn)) return Tone::warn;
    if (holds(bad)) return Tone::bad;
    return holds(faint) ? Tone::faint : Tone::plain;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Character character = next_character(text);
        if (character.bytes == 0) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
            text.remove_prefix(1);
            continue;
        }
        if (is_control(character.point)) {
            out +=
                character.point < 0x100 ? fmt::format("\\x{:02x}", character.point) : fmt::format("\\u{:04x}", character.point);
        } else {
            out += text.substr(0, character.bytes);
        }
        text.remove_prefix(character.bytes);
    }
    return out;
}

std::size_t columns(std::string_view text) noexcept {
    std::size_t total = 0;
    while (!text.empty()) {
        const Character character = next_character(text);
        total += character.bytes == 0 ? 1 : width(character.point);
        text.remove_prefix(std::max<std::size_t>(character.bytes, 1));
    }
    return total;
}

TextTable::TextTable(std::vector<Column> columns_wanted) : columns_(std::move(columns_wanted)) {}

void TextTable::add(std::vector<Cell> cells) {
    cells.resize(columns_.size());
    for (Cell& cell : cells)
        cell.text = printable(cell.text);
    rows_.push_back(std::move(cells));
}

std::string TextTable::render(bool colour) const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t widest = columns(columns_[i].title);
        for (const auto& row : rows_)
            widest = std::max(widest, columns(row[i].text));
        widths.push_back(widest);
    }
    std::string out;
    const auto add_line = [&](const auto& cell_of) {
        std::string line;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const Cell cell = cell_of(i);
            const std::string padding(widths[i] - columns(cell.text), ' ');
            if (i > 0) line += "  ";
            if (columns_[i].align == Align::right) line += padding;
            line += painted(cell.text, cell.tone, colour);
            if (columns_[i].align == Align::left) line += padding;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    };
    add_line([this](std::size_t i) { return Cell{columns_[i].title, Tone::faint}; });
    for (const auto& row : rows_)
        add_line([&row](std::size_t i) { return row[i]; });
    return out;
}

std::string render_fields(const std::vector<std::pair<std::string, TextTable::Cell>>& fields, bool colour) {
    std::size_t widest = 0;
    for (const auto& [name, cell] : fields)
        widest = std::max(widest, columns(name));
    std::string out;
    for (const auto& [name, cell] : fields) {
        out += painted(name, Tone::faint, colour) + std::string(widest - columns(name) + 2, ' ');
        out += painted(printable(cell.text), cell.tone, colour) + "\n";
    }
    return out;
}

}  // namespace holdfast::cli
