#pragma once
// Requests as a Redis server reads them: arrays of bulk strings, as programs send them, and lines of words, as a person types
// them into telnet. What it refuses, and the sentence for it, is what Redis refuses and says.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "resp/errors.h"
#include "resp/quoted_words.h"

namespace holdfast::resp {

struct RequestLimits {
    std::size_t max_words = std::size_t{1024} * 1024;
    std::size_t max_word = std::size_t{512} * 1024 * 1024;    ///< bytes
    std::size_t max_request = std::size_t{16} * 1024 * 1024;  ///< bytes that are kept for one request that is not whole yet
    bool authenticated = true;                                ///< only chooses the sentences

    /// For whoever has not said who he is.
    [[nodiscard]] static constexpr RequestLimits before_authentication() noexcept {
        return {.max_words = 10, .max_word = 16'384, .max_request = 10 * 16'384 + 1024, .authenticated = false};
    }
};

/// Bytes go in as they come, requests come out one by one. Holds no more than what was fed, and never reserves what was only
/// announced.
class RequestReader {
public:
    RequestReader() = default;
    explicit RequestReader(RequestLimits limits) noexcept : limits_(limits) {}

    /// For the next request, also when its bytes are here already.
    void set_limits(RequestLimits limits) noexcept { limits_ = limits; }

    /// Feed no more than a buffer's worth before `next` has had nothing more to give.
    void feed(std::string_view bytes) { buffer_.append(bytes); }

    /// The next whole request, never without words; nothing: it needs more bytes. After an error, always the same error:
    /// the connection is of no more use.
    [[nodiscard]] Result<std::optional<Words>> next();

    /// About the memory that is taken by what was not given out yet.
    [[nodiscard]] std::size_t held() const noexcept { return buffer_.size() - position_ + words_size_; }

private:
    enum class Step : std::uint8_t { more, bytes_needed, request };

    [[nodiscard]] Result<Step> step();
    [[nodiscard]] Result<Step> read_line_of_words();
    [[nodiscard]] Result<Step> read_count();
    [[nodiscard]] Result<Step> read_word();
    /// The line at the position without its end; nothing: it has none yet.
    [[nodiscard]] std::optional<std::string_view> line(std::string_view end);
    void compact();

    RequestLimits limits_;
    std::string buffer_;
    std::size_t position_ = 0;
    std::size_t searched_ = 0;  ///< no line ends before this
    std::size_t missing_ = 0;   ///< words of the request that are still to come
    std::optional<std::size_t> word_length_;
    Words words_;
    std::size_t words_size_ = 0;
    std::optional<Error> broken_;
};

}  // namespace holdfast::resp
