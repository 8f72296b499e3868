// A disk that is full, and one that becomes read-only, while the store runs. Each test has a process of its own, because a
// small file system or a limit on file sizes would disturb the others.

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "store_fixture.h"

namespace holdfast::storage {
namespace {

using namespace testing;
namespace fs = std::filesystem;

class Space : public StoreTest {
protected:
    static constexpr std::size_t file_system_bytes = 8 * 1024 * 1024;
    const std::string size = "size=" + std::to_string(file_system_bytes);

    /// Fails the child with a sentence.
    static int wrong(const std::string& what) {
        std::fprintf(stderr, "%s\n", what.c_str());
        return 1;
    }

    /// A file system of its own over the test's directory, seen by this process only. It holds what the tests store several
    /// times over, since how much the log takes beside the file depends on how the writes fall into groups.
    bool mount_small() {
        return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               ::mount("holdfast-test", directory_.path().c_str(), "tmpfs", 0, size.c_str()) == 0;
    }
    bool make_read_only() {
        return ::mount("holdfast-test", directory_.path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, size.c_str()) == 0;
    }

    int check_recovery(FleetStore& store, const std::string& sentence, const std::function<void()>& help) {
        const StoreStatus failing = store.status();
        if (failing.sentence.find(sentence) == std::string::npos) return wrong("it said: " + failing.sentence);
        store.write({device("later", "while it failed")});
        if (store.flush(20ms)) return wrong("nothing can have been stored");
        help();
        if (!store.flush(patience)) return wrong("it did not recover: " + store.status().sentence);
        if (!store.status().ok) return wrong("it does not say that it is well again");
        if (lines().size() != 2)
            return wrong("one line when it begins and one when it ends, not " + std::to_string(lines().size()));
        return 0;
    }
};

TEST_F(Space, AFullDiskIsToldAndOutlived) {
    const int result = in_child([&] {
        if (!mount_small()) return cannot_try_here;
        {
            const auto store = open();
            const fs::path filler = directory_.path() / "filler";
            std::ofstream(filler) << std::string(file_system_bytes - 256 * 1024, 'x');
            for (int i = 0; i < 3000; ++i)
                store->write({device("d" + std::to_string(i), std::string(200, 'n'))});
            if (!eventually([&] { return !store->status().ok; })) return wrong("it did not notice");
            const int checked = check_recovery(*store, "there is no room left for " + path() + "; make room on its disk",
                                               [&] { fs::remove(filler); });
            if (checked != 0) return checked;
        }
        return stored().devices.size() == 3001 ? 0 : wrong("not everything is there");
    });
    if (result == cannot_try_here) GTEST_SKIP() << "this process may not mount";
    EXPECT_EQ(result, 0);
}

TEST_F(Space, AReadOnlyDiskIsToldAtTheStart) {
    const int result = in_child([&] {
        if (!mount_small()) return cannot_try_here;
        if (!write_durably(*open(), {device("a", "1")})) return wrong("it cannot be made");
        if (!make_read_only()) return wrong("a file is still open");
        const Error error = refusal();
        if (!error.is(StorageErrc::cannot_open) || error.message().find("Read-only file system") == std::string::npos) {
            return wrong(error.message());
        }
        return 0;
    });
    if (result == cannot_try_here) GTEST_SKIP() << "this process may not mount";
    EXPECT_EQ(result, 0);
}

TEST_F(Space, ALimitOnFileSizesIsToldAndOutlived) {
    EXPECT_EQ(in_child([&] {
                  ::signal(SIGXFSZ, SIG_IGN);
                  {
                      const auto store = open();
                      if (!write_durably(*store, {device("a", "1")})) return wrong("it cannot be made");
                      rlimit limit{};
                      ::getrlimit(RLIMIT_FSIZE, &limit);
                      const rlim_t before = limit.rlim_cur;
                      limit.rlim_cur = 64 * 1024;
                      ::setrlimit(RLIMIT_FSIZE, &limit);
                      for (int i = 0; i < 2000; ++i)
                          store->write({device("d" + std::to_string(i), std::string(200, 'n'))});
                      if (!eventually([&] { return !store->status().ok; })) return wrong("it did not notice");
                      const int checked = check_recovery(*store, "cannot use the store " + path(), [&] {
                          limit.rlim_cur = before;
                          ::setrlimit(RLIMIT_FSIZE, &limit);
                      });
                      if (checked != 0) return checked;
                  }
                  return stored().devices.size() == 2002 ? 0 : wrong("not everything is there");
              }),
              0);
}

}  // namespace
}  // namespace holdfast::storage
