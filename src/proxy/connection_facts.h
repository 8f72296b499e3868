#pragma once
// What control is told of a connection, made from the connection's own state: the same for every adapter that plays one.

#include <string>

#include "base/time.h"
#include "fleet/facts.h"
#include "fleet/snapshot.h"
#include "proxy/connection.h"

namespace holdfast::proxy {

/// After `Report::opened`; takes the connection's story. `snapshot` is the present one.
[[nodiscard]] fleet::Opened opened_fact(Connection& connection, fleet::ConnectionId id, std::string source,
                                        const fleet::Snapshot& snapshot, Moment moment);
/// After `Report::refused`, from the story taken then.
[[nodiscard]] fleet::Refused refused_fact(Connection::Story&& story, std::string source, Moment moment);
/// At the end of a connection that was opened.
[[nodiscard]] fleet::Closed closed_fact(const Connection& connection, fleet::ConnectionId id, Moment moment);

}  // namespace holdfast::proxy
