#include "cli/supervisor.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace holdfast::cli {

void tell_supervisor_ready() {
    const char* const place = std::getenv("NOTIFY_SOCKET");
    if (place == nullptr) return;
    const std::string_view path(place);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) return;
    std::ranges::copy(path, address.sun_path);
    // An abstract name, which begins with a zero.
    if (path.front() == '@') address.sun_path[0] = '\0';
    const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return;
    constexpr std::string_view ready = "READY=1";
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    // It can only be tried; systemd gives up waiting by itself.
    [[maybe_unused]] const ssize_t sent =
        ::sendto(descriptor, ready.data(), ready.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
    ::close(descriptor);
}

}  // namespace holdfast::cli
