#include "watch/executable.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace holdfast::watch {

bool is_executable_file(std::string_view path) {
    const std::string name(path);
    struct stat facts{};
    return ::stat(name.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) && ::access(name.c_str(), X_OK) == 0;
}

}  // namespace holdfast::watch
