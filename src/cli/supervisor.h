#pragma once
// Telling systemd that the process is ready, where it asked for that (Type=notify).

namespace holdfast::cli {

/// Says READY=1 at NOTIFY_SOCKET. Without that variable, and when nobody listens there, nothing.
void tell_supervisor_ready();

}  // namespace holdfast::cli
