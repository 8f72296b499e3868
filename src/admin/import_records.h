#pragma once
// A bulk import's text cut into records as it arrives, and a CSV record into its fields. Pure: pieces go in, records come out.

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::admin {

enum class ImportFormat { csv, ndjson };

/// Cuts at newlines; in CSV, newlines between quotes belong to the record. Keeps at most one record and one piece.
class RecordSplitter {
public:
    struct Record {
        std::uint64_t line = 0;  ///< where it begins, from 1
        std::string text;        ///< without its newline
        bool too_long = false;   ///< `text` is then empty
    };

    RecordSplitter(ImportFormat format, std::size_t max_record_bytes) : format_(format), max_bytes_(max_record_bytes) {}

    /// Takes a piece. Call `next` until it has nothing before the next piece.
    void push(std::string_view piece);
    /// No more pieces: what is left is a record too.
    void finish() noexcept { finished_ = true; }
    /// The next record that is not empty, or nothing when more text is needed.
    [[nodiscard]] std::optional<Record> next();

private:
    [[nodiscard]] Record take();

    ImportFormat format_;
    std::size_t max_bytes_;
    std::string piece_;
    std::size_t position_ = 0;
    std::string text_;
    std::uint64_t line_ = 1;
    std::uint64_t record_line_ = 1;
    bool in_quotes_ = false;
    bool too_long_ = false;
    bool finished_ = false;
    bool first_ = true;
};

/// RFC 4180: fields between commas, quoted ones with "" for a quote. The error says what is wrong.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> split_csv(std::string_view record);

/// The columns that a CSV import may have.
[[nodiscard]] bool is_import_column(std::string_view name) noexcept;

/// A CSV record as the JSON object that POST /devices takes. Empty fields are left out; tags are separated by ';'.
[[nodiscard]] std::expected<boost::json::object, std::string> csv_object(const std::vector<std::string>& columns,
                                                                         const std::vector<std::string>& fields);

}  // namespace holdfast::admin
