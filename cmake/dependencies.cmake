# What Holdfast takes from Debian, found once.

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CURL REQUIRED)
find_package(prometheus-cpp REQUIRED)

find_path(HOLDFAST_BOOST_INCLUDE boost/asio.hpp REQUIRED)
find_path(HOLDFAST_TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
find_path(HOLDFAST_CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
find_path(HOLDFAST_XXHASH_INCLUDE xxhash.h REQUIRED)
find_library(HOLDFAST_RE2 re2 REQUIRED)

if(HOLDFAST_TESTS OR HOLDFAST_FUZZ)
    find_package(GTest REQUIRED)
    find_library(HOLDFAST_RAPIDCHECK rapidcheck REQUIRED)
endif()

find_program(HOLDFAST_CCACHE ccache)
if(HOLDFAST_CCACHE)
    # Precompiled headers need these to be cached; see the ccache manual, "Precompiled headers". With paths taken relative to the tree,
    # clones of it share what one of them has compiled.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${HOLDFAST_CCACHE})
endif()
