#pragma once
// Collects what the sentinel machine wants done until it is taken, and numbers links and saves.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sentinel/action.h"

namespace holdfast::sentinel {

class Outbox {
public:
    [[nodiscard]] LinkId dial(const Address& address) {
        actions_.emplace_back(Dial{.link = ++links_, .address = address});
        return links_;
    }
    void hang_up(LinkId link) { actions_.emplace_back(HangUp{link}); }
    void send(LinkId link, std::vector<std::string> words) {
        actions_.emplace_back(Send{.link = link, .words = std::move(words)});
    }
    void tell(Event event) { actions_.emplace_back(Tell{std::move(event)}); }
    void run_script(std::vector<std::string> words) { actions_.emplace_back(RunScript{std::move(words)}); }
    /// The state has changed. The number under which it will be durable as it is when the actions are taken.
    SaveNumber save() {
        if (!saving_) actions_.emplace_back(Save{.number = ++saves_});
        saving_ = true;
        return saves_;
    }
    void crash() { actions_.emplace_back(Crash{}); }
    [[nodiscard]] SaveNumber last_save() const noexcept { return saves_; }
    void saved(SaveNumber number) { saved_ = std::max(saved_, number); }
    [[nodiscard]] bool is_saved(SaveNumber number) const noexcept { return number <= saved_; }
    /// `number`, or nothing to wait for when it is durable already.
    [[nodiscard]] SaveNumber still_to_wait_for(SaveNumber number) const noexcept { return is_saved(number) ? 0 : number; }

    [[nodiscard]] std::vector<Action> take() {
        saving_ = false;
        return std::exchange(actions_, {});
    }

private:
    std::vector<Action> actions_;
    LinkId links_ = 0;
    SaveNumber saves_ = 0;
    SaveNumber saved_ = 0;
    bool saving_ = false;
};

}  // namespace holdfast::sentinel
