#pragma once
// What a test tells, compared with a file that people read. HOLDFAST_WRITE_TRANSCRIPTS=1 writes the file anew.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace holdfast::test {

/// `file`: below the tree's root.
inline void expect_transcript(std::string_view told, const std::filesystem::path& file) {
    const std::filesystem::path path = std::filesystem::path(HOLDFAST_SOURCE_DIR) / file;
    if (std::getenv("HOLDFAST_WRITE_TRANSCRIPTS") != nullptr) {
        std::ofstream(path) << told;
        return;
    }
    std::stringstream written;
    written << std::ifstream(path).rdbuf();
    EXPECT_EQ(told, written.str()) << "see " << path;
}

}  // namespace holdfast::test
