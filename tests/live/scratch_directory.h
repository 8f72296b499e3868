#pragma once
// A directory of a test's own, gone with the test.

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/assert.h"

namespace holdfast::live {

class ScratchDirectory {
public:
    ScratchDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "holdfast-live-").native() + std::string(6, 'X');
        HF_ASSERT(::mkdtemp(pattern.data()) != nullptr, "tests need a directory for temporary files");
        path_ = pattern;
    }
    ~ScratchDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

}  // namespace holdfast::live
