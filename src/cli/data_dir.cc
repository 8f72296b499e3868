#include "cli/data_dir.h"

#include <fmt/format.h>

#include <system_error>

#include "cli/errors.h"

namespace holdfast::cli {

Result<> make_data_dir(const std::filesystem::path& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (!error) std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
    if (error) {
        return fail(UpErrc::data_dir, fmt::format("cannot use {} as the data directory: {}; choose another with --data-dir",
                                                  directory.string(), error.message()));
    }
    return {};
}

}  // namespace holdfast::cli
