#pragma once
// Aligned columns for a person's terminal. Widths count what is seen: UTF-8 characters, not bytes, and no colour codes.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::cli {

/// Which colour a word wears on a terminal; nothing where output goes to a file or a pipe.
enum class Tone { plain, good, warn, bad, faint };

[[nodiscard]] std::string painted(std::string_view text, Tone tone, bool colour);
/// The tone of a state's word, e.g. "up" is good, "down" bad.
[[nodiscard]] Tone tone_of(std::string_view state) noexcept;

/// Text from outside for a terminal: control characters and broken UTF-8 become escapes, so that a device's name cannot move
/// the cursor.
[[nodiscard]] std::string printable(std::string_view text);
/// How many columns `text` takes; wide characters count two, combining ones none.
[[nodiscard]] std::size_t columns(std::string_view text) noexcept;

class TextTable {
public:
    enum class Align { left, right };
    struct Column {
        std::string title;
        Align align = Align::left;
    };
    struct Cell {
        std::string text;
        Tone tone = Tone::plain;
    };

    explicit TextTable(std::vector<Column> columns_wanted);

    /// A row with one cell per column; missing cells are empty, and control characters in them are escaped.
    void add(std::vector<Cell> cells);
    [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
    /// The whole table with its titles, a line per row; no trailing spaces.
    [[nodiscard]] std::string render(bool colour) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

/// "name: value" lines with the values in one column.
[[nodiscard]] std::string render_fields(const std::vector<std::pair<std::string, TextTable::Cell>>& fields, bool colour);

}  // namespace holdfast::cli
