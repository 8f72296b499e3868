#include "admin/import_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <utility>

namespace holdfast::admin {
namespace {

constexpr std::array<std::string_view, 7> import_columns = {"id",   "home", "explicit_cluster", "explicit_node",
                                                            "tags", "note", "disabled"};
constexpr std::size_t max_columns = 32;

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

std::optional<bool> read_bool(std::string_view text) noexcept {
    if (text == "true" || text == "1" || text == "yes") return true;
    if (text == "false" || text == "0" || text == "no") return false;
    return std::nullopt;
}

boost::json::array read_tags(std::string_view text) {
    boost::json::array tags;
    while (!text.empty()) {
        const std::size_t end = text.find(';');
        const std::string_view tag = trimmed(text.substr(0, end));
        if (!tag.empty()) tags.emplace_back(boost::json::string(tag.data(), tag.size()));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return tags;
}

}  // namespace

void RecordSplitter::push(std::string_view piece) {
    piece_.erase(0, position_);
    position_ = 0;
    piece_ += piece;
    // A byte order mark, as spreadsheets write it, is not part of the first column's name.
    if (first_ && piece_.size() >= 3) {
        first_ = false;
        if (piece_.starts_with("\xEF\xBB\xBF")) position_ = 3;
    }
}

RecordSplitter::Record RecordSplitter::take() {
    if (text_.ends_with('\r')) text_.pop_back();
    Record record{record_line_, too_long_ ? std::string() : std::move(text_), too_long_};
    text_.clear();
    too_long_ = false;
    in_quotes_ = false;
    record_line_ = line_;
    return record;
}

std::optional<RecordSplitter::Record> RecordSplitter::next() {
    if (first_ && !finished_ && piece_.size() < 3) return std::nullopt;
    while (position_ < piece_.size()) {
        const char c = piece_[position_++];
        if (c == '\n') ++line_;
        if (c == '\n' && !in_quotes_) {
            Record record = take();
            if (record.too_long || !trimmed(record.text).empty()) return record;
            continue;
        }
        if (c == '"' && format_ == ImportFormat::csv && !too_long_) in_quotes_ = !in_quotes_;
        if (too_long_) continue;
        text_.push_back(c);
        if (text_.size() > max_bytes_) {
            too_long_ = true;
            // A quote that was never closed must not swallow the rest of the file.
            in_quotes_ = false;
            text_.clear();
        }
    }
    if (!finished_ || (text_.empty() && !too_long_)) return std::nullopt;
    Record record = take();
    if (record.too_long || !trimmed(record.text).empty()) return record;
    return std::nullopt;
}

std::expected<std::vector<std::string>, std::string> split_csv(std::string_view record) {
    std::vector<std::string> fields;
    std::size_t i = 0;
    while (true) {
        std::string field;
        if (i < record.size() && record[i] == '"') {
            ++i;
            while (true) {
                const std::size_t quote = record.find('"', i);
                if (quote == std::string_view::npos) return std::unexpected("a quoted field is not closed");
                field += record.substr(i, quote - i);
                i = quote + 1;
                if (i >= record.size() || record[i] != '"') break;
                field.push_back('"');
                ++i;
            }
            if (i < record.size() && record[i] != ',')
                return std::unexpected("there is text behind a quoted field; quotes inside are doubled");
        } else {
            const std::size_t end = std::min(record.find(',', i), record.size());
            field = trimmed(record.substr(i, end - i));
            if (field.find('"') != std::string::npos)
                return std::unexpected("a field with quotes inside must be quoted itself");
            i = end;
        }
        fields.push_back(std::move(field));
        if (fields.size() > max_columns) return std::unexpected(fmt::format("there are more than {} fields", max_columns));
        if (i >= record.size()) return fields;
        ++i;
    }
}

bool is_import_column(std::string_view name) noexcept {
    return std::ranges::find(import_columns, name) != import_columns.end();
}

std::expected<boost::json::object, std::string> csv_object(const std::vector<std::string>& columns,
                                                           const std::vector<std::string>& fields) {
    if (fields.size() != columns.size()) {
        return std::unexpected(fmt::format("there are {} fields, but {} columns", fields.size(), columns.size()));
    }
    boost::json::object object;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (fields[i].empty()) continue;
        if (columns[i] == "tags") {
            object["tags"] = read_tags(fields[i]);
        } else if (columns[i] == "disabled") {
            const auto flag = read_bool(fields[i]);
            if (!flag) return std::unexpected("'disabled' must be true or false");
            object["disabled"] = *flag;
        } else {
            object[columns[i]] = fields[i];
        }
    }
    return object;
}

}  // namespace holdfast::admin
