#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace holdfast {

void assertion_failed(const char* condition, const char* sentence, const char* file, int line) noexcept {
    std::fprintf(stderr, "holdfast: bug: %s (%s) at %s:%d\n", sentence, condition, file, line);
    std::abort();
}

}  // namespace holdfast
