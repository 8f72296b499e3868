#pragma once
// What a server of the Redis protocol answers, as a value: RESP2's five kinds, nested. Also what a subscriber is pushed.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::resp {

struct Reply {
    enum class Kind : std::uint8_t { status, error, integer, bulk, array, null_bulk, null_array };

    Kind kind = Kind::null_bulk;
    std::int64_t integer = 0;       ///< of an integer
    std::string text = {};          ///< of a status, an error (with its code word, e.g. "ERR ..."), a bulk string
    std::vector<Reply> items = {};  ///< of an array

    [[nodiscard]] static Reply status(std::string text) { return {.kind = Kind::status, .text = std::move(text)}; }
    [[nodiscard]] static Reply error(std::string text) { return {.kind = Kind::error, .text = std::move(text)}; }
    [[nodiscard]] static Reply number(std::int64_t value) { return {.kind = Kind::integer, .integer = value}; }
    [[nodiscard]] static Reply bulk(std::string text) { return {.kind = Kind::bulk, .text = std::move(text)}; }
    [[nodiscard]] static Reply array(std::vector<Reply> items) { return {.kind = Kind::array, .items = std::move(items)}; }
    /// Text for people, as HELP answers it: an array of a status for each line.
    [[nodiscard]] static Reply lines(std::span<const std::string_view> texts) {
        Reply all = array({});
        for (const std::string_view text : texts)
            all.items.push_back(status(std::string(text)));
        return all;
    }
    [[nodiscard]] static Reply null_bulk() { return {}; }
    [[nodiscard]] static Reply null_array() { return {.kind = Kind::null_array}; }

    [[nodiscard]] bool is_error() const noexcept { return kind == Kind::error; }
    /// A status or bulk string: something with text that is no error.
    [[nodiscard]] bool is_text() const noexcept { return kind == Kind::status || kind == Kind::bulk; }

    friend bool operator==(const Reply&, const Reply&) = default;
};

}  // namespace holdfast::resp
