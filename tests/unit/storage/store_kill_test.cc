// kill -9 in the middle of a stream of writes: everything that was answered is there afterwards, and no write is there by half.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>

#include "store_fixture.h"

namespace holdfast::storage {
namespace {

using namespace testing;

constexpr int keys = 40;

std::string pair_name(char side, std::uint32_t number) {
    return std::string(1, side) + std::to_string(number % keys);
}

/// Writes pairs of devices with rising notes without end, and sends each number that became durable through the pipe.
[[noreturn]] void write_without_end(SqliteOptions options, int acknowledgements) {
    const runtime::SystemClock clock;
    const auto store = std::move(open_sqlite_fleet_store(std::move(options), clock).value());
    for (std::uint32_t number = 1;; ++number) {
        const std::string note = std::to_string(number);
        store->write({device(pair_name('a', number), note), device(pair_name('b', number), note)},
                     [acknowledgements, number](bool durable) {
                         if (durable && ::write(acknowledgements, &number, sizeof number) != sizeof number) ::_exit(1);
                     });
        if (number % 64 == 0 && !store->flush(patience)) ::_exit(2);
    }
}

class Kill : public StoreTest, public ::testing::WithParamInterface<int> {};

TEST_P(Kill, LosesNothingThatWasAnswered) {
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(::pipe(pipe_ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(pipe_ends[0]);
        write_without_end(options(), pipe_ends[1]);
    }
    ::close(pipe_ends[1]);
    std::minstd_rand random(static_cast<unsigned>(GetParam()));
    const std::uint32_t enough = 1 + static_cast<std::uint32_t>(random() % 1500);
    std::array<std::uint32_t, keys> answered{};
    std::uint32_t number = 0;
    bool killed = false;
    while (::read(pipe_ends[0], &number, sizeof number) == sizeof number) {
        answered[number % keys] = std::max(answered[number % keys], number);
        if (number >= enough && !killed) {
            ::kill(child, SIGKILL);
            killed = true;
        }
    }
    ::close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);

    const auto image = stored();
    for (std::uint32_t key = 0; key < keys; ++key) {
        const std::string a = note_of(image, pair_name('a', key));
        EXPECT_EQ(a, note_of(image, pair_name('b', key)));
        if (answered[key] == 0) continue;
        ASSERT_NE(a, "no such device") << key;
        EXPECT_GE(std::stoul(a), answered[key]);
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Kill, ::testing::Range(1, 9));

}  // namespace
}  // namespace holdfast::storage
