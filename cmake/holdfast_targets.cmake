# The kinds of target there are, and the layer each may lean on. A link in the wrong direction fails at configuration; an include in the
# wrong direction fails at compilation, because a module's headers are only visible to targets that link it; a call to the outside world
# from a machine fails after its library is archived (check_machine.cmake).
#
#   base < machine < adapter < role < program

include_guard()

# Flags for every target of the tree.
add_library(hf_flags INTERFACE)
target_compile_options(hf_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
    -Werror
    $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -fpch-preprocess>)
if(HOLDFAST_SANITIZE)
    target_compile_options(hf_flags INTERFACE -fsanitize=${HOLDFAST_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(hf_flags INTERFACE -fsanitize=${HOLDFAST_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # GCC 12 sees ghosts through the sanitizers' instrumentation.
        target_compile_options(hf_flags INTERFACE -Wno-maybe-uninitialized -Wno-tsan -Wno-stringop-overflow)
    endif()
endif()
find_program(HOLDFAST_MOLD mold)
if(HOLDFAST_MOLD)
    target_link_options(hf_flags INTERFACE -fuse-ld=mold)
endif()

set(HOLDFAST_INCLUDE_ROOT ${CMAKE_BINARY_DIR}/include)

# A module's headers under their own root, so that only who links the module can include them.
function(holdfast_expose_headers target module)
    set(root ${HOLDFAST_INCLUDE_ROOT}/${module})
    file(MAKE_DIRECTORY ${root})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${module} ${root}/${module} SYMBOLIC)
    target_include_directories(${target} PUBLIC ${root})
endfunction()

function(holdfast_check_layer target layer)
    foreach(link IN LISTS ARGN)
        if(link MATCHES "^hf_" AND TARGET ${link})
            get_target_property(below ${link} HOLDFAST_LAYER)
            if(below AND below GREATER layer)
                message(FATAL_ERROR "${target} may not link ${link}: arrows run downward only (see ARCHITECTURE.md)")
            endif()
            if(below AND below EQUAL layer AND layer EQUAL 4)
                message(FATAL_ERROR "${target} may not link ${link}: roles never include each other (see ARCHITECTURE.md)")
            endif()
        elseif(link MATCHES "^hf_")
            message(FATAL_ERROR "${target} links ${link}, which is not declared yet: arrows run downward only")
        endif()
    endforeach()
endfunction()

function(holdfast_module target layer)
    cmake_parse_arguments(PARSE_ARGV 2 ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS")
    string(REGEX REPLACE "^hf_" "" module ${target})
    add_library(${target} STATIC ${ARG_SOURCES})
    set_target_properties(${target} PROPERTIES HOLDFAST_LAYER ${layer})
    holdfast_check_layer(${target} ${layer} ${ARG_LINKS} ${ARG_PRIVATE_LINKS})
    target_link_libraries(${target} PUBLIC hf_flags ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
    holdfast_expose_headers(${target} ${module})
endfunction()

function(holdfast_check_machine target)
    add_custom_command(TARGET ${target} POST_BUILD
        COMMAND ${CMAKE_COMMAND} -DARCHIVE=$<TARGET_FILE:${target}> -DNM=${CMAKE_NM} -P ${PROJECT_SOURCE_DIR}/cmake/check_machine.cmake
        VERBATIM)
endfunction()

# A machine: decides, and touches nothing. The walls stand in front of the headers of the outside world.
function(holdfast_machine target)
    holdfast_module(${target} 2 ${ARGN})
    target_include_directories(${target} BEFORE PRIVATE ${PROJECT_SOURCE_DIR}/cmake/walls)
    target_precompile_headers(${target} REUSE_FROM hf_base)
    holdfast_check_machine(${target})
endfunction()

# An adapter: owns sockets, files, threads and real time, and does what machines say.
function(holdfast_adapter target)
    holdfast_module(${target} 3 ${ARGN})
    target_link_libraries(${target} PUBLIC hf_asio)
    target_precompile_headers(${target} REUSE_FROM hf_asio)
endfunction()

# A role: one of the things that a Holdfast process can be. Roles meet through control, stores and events, never directly.
function(holdfast_role target)
    holdfast_module(${target} 4 ${ARGN})
    target_link_libraries(${target} PUBLIC hf_asio)
    target_precompile_headers(${target} REUSE_FROM hf_asio)
endfunction()

# Every test that needs no server.
add_custom_target(checks)

# What nearly every test includes, compiled once.
if(HOLDFAST_TESTS)
    if(NOT EXISTS ${CMAKE_BINARY_DIR}/test_headers.cc)
        file(WRITE ${CMAKE_BINARY_DIR}/test_headers.cc "")
    endif()
    add_library(hf_test_headers STATIC ${CMAKE_BINARY_DIR}/test_headers.cc)
    target_compile_options(hf_test_headers PRIVATE -O0)
    target_link_libraries(hf_test_headers PRIVATE hf_flags GTest::gtest fmt::fmt)
    target_compile_definitions(hf_test_headers PRIVATE HOLDFAST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_precompile_headers(hf_test_headers PRIVATE
        <gtest/gtest.h> <algorithm> <chrono> <expected> <functional> <map> <memory> <optional> <string> <string_view> <variant> <vector>
        <fmt/format.h>)
endif()

# A GoogleTest program (LABEL unit by default; live: needs real servers). Tests spend their time in the code they test, so they
# themselves are compiled without optimisation, which halves their compilation; OPTIMISED: not this one.
function(holdfast_test target)
    cmake_parse_arguments(PARSE_ARGV 1 ARG "OPTIMISED" "LABEL;TIMEOUT" "SOURCES;LINKS")
    if(NOT ARG_LABEL)
        set(ARG_LABEL unit)
    endif()
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    add_executable(${target} ${ARG_SOURCES})
    target_link_libraries(${target} PRIVATE hf_flags ${ARG_LINKS} fmt::fmt GTest::gtest GTest::gtest_main ${HOLDFAST_RAPIDCHECK})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${target} PRIVATE HOLDFAST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    if(NOT ARG_OPTIMISED)
        target_compile_options(${target} PRIVATE -O0)
        target_precompile_headers(${target} REUSE_FROM hf_test_headers)
    endif()
    add_test(NAME ${target} COMMAND ${target})
    set_tests_properties(${target} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
    if(NOT ARG_LABEL STREQUAL "live")
        add_dependencies(checks ${target})
    endif()
endfunction()

# A libFuzzer program; `./dev fuzz` runs it over tests/fuzz/corpus/<target>.
function(holdfast_fuzzer target)
    cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;LINKS")
    add_executable(${target} ${ARG_SOURCES})
    target_link_libraries(${target} PRIVATE hf_flags ${ARG_LINKS})
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    set_property(GLOBAL APPEND PROPERTY HOLDFAST_FUZZERS ${target})
endfunction()
