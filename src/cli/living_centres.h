#pragma once
// Which command centres are alive, for processes that are none: read from their leases in the store, again and again.
//
// Threads: the thread that runs `io`; each reading is a short one of the file.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>
#include <vector>

#include "base/time.h"
#include "storage/command_store.h"

namespace holdfast::cli {

class LivingCentres {
public:
    /// All must outlive this object.
    LivingCentres(boost::asio::io_context& io, const Clock& clock, storage::CommandStore& store);

    void start();
    void stop() { timer_.cancel(); }
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }

private:
    void read();

    const Clock& clock_;
    storage::CommandStore& store_;
    boost::asio::steady_timer timer_;
    std::vector<std::string> names_;
};

}  // namespace holdfast::cli
