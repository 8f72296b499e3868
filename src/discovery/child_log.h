#pragma once
// A child's output in a file of bounded size: when it is full it is renamed to "<file>.1" (and .1 to .2), and a new one begun.

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace holdfast::discovery {

class ChildLog {
public:
    static constexpr unsigned old_files = 2;

    /// `max_size` in bytes; the file passes it by at most one write.
    ChildLog(std::string path, std::uint64_t max_size) : path_(std::move(path)), max_size_(max_size) {}
    ~ChildLog();
    ChildLog(const ChildLog&) = delete;
    ChildLog& operator=(const ChildLog&) = delete;

    /// Appends. What cannot be written (disk full) is lost: a log must not stop a node.
    void write(ByteView bytes);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    void open();
    void close();
    void rotate();

    std::string path_;
    std::uint64_t max_size_;
    int file_ = -1;
    std::uint64_t size_ = 0;
};

}  // namespace holdfast::discovery
