#include "watch/state_file.h"

#include <unistd.h>

#include <utility>

#include "sentinel/config_file.h"
#include "watch/text_file.h"

namespace holdfast::watch {
namespace {

Result<> write_state(const std::string& path, const sentinel::State& state, const sentinel::ServerLines& server) {
    // Somebody may have edited or removed it: what is there now counts.
    const auto old = read_text_file(path, sentinel::max_config_file_bytes);
    // Never replaced by less than was there.
    if (!old && ::access(path.c_str(), F_OK) == 0) return std::unexpected(old.error());
    return replace_text_file(path, sentinel::rewrite_config_file(old.value_or(""), state, server));
}

}  // namespace

StateFile::StateFile(net::IoContext& io, std::string path, Done done) : path_(std::move(path)), writer_(io, std::move(done)) {}

void StateFile::write(std::uint64_t number, sentinel::State state, sentinel::ServerLines server) {
    writer_.start(number, [path = path_, state = std::move(state), server = std::move(server)] {
        return write_state(path, state, server);
    });
}

}  // namespace holdfast::watch
