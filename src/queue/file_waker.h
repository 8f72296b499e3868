#pragma once
// What a queue's thread sleeps on: its own process' word, another process' writing to the file's log, and the time.

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace holdfast::queue {

class FileWaker {
public:
    /// `watched` is the file whose changes wake; where the system cannot watch it, only `wake` and the time do.
    [[nodiscard]] static Result<FileWaker> open(const std::string& watched);
    FileWaker(FileWaker&& other) noexcept;
    FileWaker& operator=(FileWaker&&) = delete;
    ~FileWaker();

    /// From any thread.
    void wake() noexcept;
    [[nodiscard]] bool watches() const noexcept { return notify_ >= 0; }
    /// Returns at a wake-up, a change, or the end of that time.
    void wait(Duration at_most);

private:
    FileWaker() = default;
    int event_ = -1;
    int notify_ = -1;
};

}  // namespace holdfast::queue
