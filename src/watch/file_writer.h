#pragma once
// A thread that writes a file, again and again, while the one of the io_context goes on: one write at a time, each reported
// back with its number.

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "net/tcp.h"

namespace holdfast::watch {

/// Threads: all calls, and `done`, on the io_context's one thread.
class FileWriter {
public:
    /// Runs on the writer's own thread; owns what it needs.
    using Write = std::function<Result<>()>;
    using Done = std::function<void(std::uint64_t number, const Result<>& written)>;

    FileWriter(net::IoContext& io, Done done);
    /// Waits for the write that is under way; `done` is not called any more.
    ~FileWriter();
    FileWriter(const FileWriter&) = delete;
    FileWriter& operator=(const FileWriter&) = delete;

    [[nodiscard]] bool busy() const noexcept { return busy_; }
    /// Only when not busy. `number` is for `done`.
    void start(std::uint64_t number, Write write);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
    bool busy_ = false;
};

}  // namespace holdfast::watch
