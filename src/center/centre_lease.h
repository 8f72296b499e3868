#pragma once
// This centre's hold on its name, and what it knows of the other centres of the same store. While the lease holds nobody else
// touches this centre's commands; a centre that was stopped for longer than its lease must begin anew, as another may have
// taken over what was its own.
//
// Threads: the control thread only; takes the store's word at once (a small write each third of the lease).

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "storage/command_store.h"

namespace holdfast::center {

class CentreLease {
public:
    struct Hooks {
        /// The lease was lost and taken again: what is held in memory may be somebody else's now.
        std::function<void()> begin_anew;
        /// So many commands of a centre that is gone are this one's now.
        std::function<void(std::string_view from, std::uint64_t commands)> adopted;
    };

    CentreLease(boost::asio::io_context& io, const Clock& clock, storage::CommandStore& store, std::string name,
                Duration length, Hooks hooks);

    /// Takes the name. An error says who has it.
    [[nodiscard]] Result<> start();
    /// Gives the name back, so that others take over at once.
    void stop();

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// The centres that are alive, this one too.
    [[nodiscard]] const std::vector<std::string>& alive() const noexcept { return alive_; }
    /// True when other centres work, or have worked, on this store.
    [[nodiscard]] bool has_company() const noexcept { return has_company_; }
    /// The living centre that takes care of a device: the same at every centre.
    [[nodiscard]] std::string_view owner_of(std::string_view device) const noexcept;

private:
    void arm();
    void renew();
    void look_around();

    boost::asio::steady_timer timer_;
    const Clock& clock_;
    storage::CommandStore& store_;
    std::string name_;
    Duration length_;
    Hooks hooks_;
    std::uint64_t epoch_ = 0;
    bool held_ = false;
    bool has_company_ = false;
    /// When the lease ends, if it is not renewed; on the monotonic axis, which also counts while the process is stopped.
    Time until_{};
    std::vector<std::string> alive_;
    /// Centres that are gone, and when they are looked after next.
    std::map<std::string, Time> adopt_again_;
};

}  // namespace holdfast::center
