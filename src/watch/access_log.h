#pragma once
// Who was refused what lately (ACL LOG).

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "base/time.h"
#include "resp/reply.h"
#include "resp/request_reader.h"

namespace holdfast::watch {

struct AccessRefusal {
    std::string reason = {};  ///< auth, command, channel
    std::string object = {};  ///< what he was refused
    std::string user = {};
    std::string client = {};  ///< as CLIENT LIST shows it
};

class AccessLog {
public:
    /// Keeps the newest so many; the same within a minute is counted.
    explicit AccessLog(std::size_t longest) noexcept : longest_(longest) {}

    void note(AccessRefusal refusal, Time now);
    /// ACL LOG [count | RESET].
    [[nodiscard]] resp::Reply answer(const resp::Words& words, Time now);

private:
    struct Entry {
        AccessRefusal refusal;
        Time at{};
        std::uint64_t count = 1;
    };

    [[nodiscard]] resp::Reply newest(std::size_t most, Time now) const;

    const std::size_t longest_;
    std::deque<Entry> entries_;  ///< the newest first
};

}  // namespace holdfast::watch
