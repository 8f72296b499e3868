#pragma once
// Real time. The only implementation of `Clock` outside tests.

#include "base/time.h"

namespace holdfast::runtime {

class SystemClock final : public Clock {
public:
    [[nodiscard]] Time now() const noexcept override;
    [[nodiscard]] WallTime wall() const noexcept override;
};

}  // namespace holdfast::runtime
