// Rules that every file of the tree keeps to, checked so that nobody has to remember them.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path root = HOLDFAST_SOURCE_DIR;

std::string text_of(const fs::path& file) {
    std::ifstream in(file);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<fs::path> files_under(std::string_view directory, std::initializer_list<std::string_view> extensions) {
    std::vector<fs::path> files;
    if (!fs::exists(root / directory)) return files;
    for (const auto& entry : fs::recursive_directory_iterator(root / directory)) {
        const std::string path = entry.path().string();
        if (path.find("node_modules") != std::string::npos || !entry.is_regular_file()) continue;
        if (std::ranges::find(extensions, entry.path().extension().string()) != extensions.end()) files.push_back(entry.path());
    }
    return files;
}

std::vector<fs::path> sources() {
    std::vector<fs::path> files;
    for (const std::string_view directory : {"src", "tests", "bench"}) {
        for (auto& file : files_under(directory, {".cc", ".h"}))
            files.push_back(file);
    }
    return files;
}

TEST(House, EverySourceIsListedInItsDirectorysBuildFile) {
    for (const fs::path& file : sources()) {
        if (file.extension() != ".cc") continue;
        // A build file may list the sources of directories below it by their path.
        bool listed = false;
        for (fs::path directory = file.parent_path(); directory != root && !listed; directory = directory.parent_path()) {
            const fs::path build_file = directory / "CMakeLists.txt";
            if (fs::exists(build_file)) listed = text_of(build_file).find(file.stem().string()) != std::string::npos;
        }
        EXPECT_TRUE(listed) << fs::relative(file, root) << " is built by nobody";
    }
}

TEST(House, EveryTestDirectoryIsPartOfTheBuild) {
    for (const fs::path& file : files_under("tests", {".txt"})) {
        if (file.filename() != "CMakeLists.txt" || file.parent_path() == root / "tests") continue;
        const std::string name = file.parent_path().filename().string();
        // The fuzz targets are built by the fuzz preset, from the root.
        if (name == "fuzz") continue;
        const fs::path above = file.parent_path().parent_path() / "CMakeLists.txt";
        EXPECT_NE(text_of(above).find("add_subdirectory(" + name + ")"), std::string::npos) << fs::relative(file, root);
    }
}

TEST(House, EveryHeaderBeginsWithWhatItIsFor) {
    for (const fs::path& file : files_under("src", {".h"})) {
        const std::string text = text_of(file);
        EXPECT_TRUE(text.starts_with("#pragma once\n//")) << fs::relative(file, root) << ": say in plain words what it is for";
    }
}

TEST(House, NothingIsLeftForLater) {
    for (const fs::path& file : sources()) {
        if (file.filename() == "house_test.cc") continue;
        const std::string text = text_of(file);
        for (const std::string_view marker : {"TODO", "FIXME", "HACK"}) {
            EXPECT_EQ(text.find(marker), std::string::npos) << fs::relative(file, root) << " has a " << marker;
        }
    }
}

TEST(House, NoTestSleepsToWaitForSomething) {
    for (const fs::path& file : files_under("tests", {".cc", ".h"})) {
        if (file.filename() == "house_test.cc") continue;
        const std::string text = text_of(file);
        for (const std::string_view call : {"sleep_for(", "sleep_until(", "usleep(", "nanosleep("}) {
            EXPECT_EQ(text.find(call), std::string::npos)
                << fs::relative(file, root) << " calls " << call << "): wait for the thing itself";
        }
    }
}

TEST(House, DirectoriesAreNamedAfterWhatTheyHold) {
    for (const fs::path& file : sources()) {
        for (const std::string_view vague : {"utils", "util", "common", "helpers", "misc", "manager"}) {
            EXPECT_NE(file.stem().string(), vague) << fs::relative(file, root);
            EXPECT_NE(file.parent_path().filename().string(), vague) << fs::relative(file, root);
        }
    }
}

TEST(House, ModulesIncludeByModulePath) {
    for (const fs::path& file : files_under("src", {".cc", ".h"})) {
        std::istringstream lines(text_of(file));
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with("#include \"")) continue;
            EXPECT_NE(line.find('/'), std::string::npos) << fs::relative(file, root) << ": " << line;
            EXPECT_EQ(line.find(".."), std::string::npos) << fs::relative(file, root) << ": " << line;
        }
    }
}

}  // namespace
