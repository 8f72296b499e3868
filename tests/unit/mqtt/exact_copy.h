#pragma once
// Bytes in a heap block of exactly their size, so that the address sanitizer sees a reader that goes one byte too far.

#include <algorithm>
#include <memory>

#include "base/bytes.h"

namespace holdfast::mqtt {

class ExactCopy {
public:
    explicit ExactCopy(ByteView bytes) : block_(new Byte[bytes.size()]), size_(bytes.size()) {
        std::ranges::copy(bytes, block_.get());
    }
    [[nodiscard]] ByteView view() const noexcept { return {block_.get(), size_}; }

private:
    std::unique_ptr<Byte[]> block_;
    std::size_t size_;
};

}  // namespace holdfast::mqtt
