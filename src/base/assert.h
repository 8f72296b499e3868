#pragma once
// Assertions for bugs: a broken promise inside the program ends it at once, with the place and a sentence. On in every build.

namespace holdfast {

/// Prints the failed assertion to standard error and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* sentence, const char* file, int line) noexcept;

}  // namespace holdfast

#define HF_ASSERT(condition, sentence) \
    ((condition) ? static_cast<void>(0) : ::holdfast::assertion_failed(#condition, sentence, __FILE__, __LINE__))
