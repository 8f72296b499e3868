#pragma once
// Who wants to be told of something, each for as long as it keeps what it was given.
//
// Threads: one thread.

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <utility>

#include "control/device_directory.h"

namespace holdfast::control {

template <class... Arguments>
class Watchers {
public:
    using Watcher = std::function<void(Arguments...)>;

    /// The watching may outlive this object. While it is called a watcher may end itself, but no other one.
    [[nodiscard]] std::unique_ptr<Watching> add(Watcher watcher) {
        return std::make_unique<Membership>(list_, std::move(watcher));
    }
    void tell(Arguments... arguments) const {
        const std::shared_ptr<List> list = list_;
        for (auto place = list->begin(); place != list->end();) {
            const Watcher& watcher = *place++;
            watcher(arguments...);
        }
    }
    [[nodiscard]] std::size_t size() const noexcept { return list_->size(); }

private:
    using List = std::list<Watcher>;

    class Membership final : public Watching {
    public:
        Membership(const std::shared_ptr<List>& list, Watcher watcher)
            : list_(list), place_(list->insert(list->end(), std::move(watcher))) {}
        ~Membership() override {
            if (const auto list = list_.lock()) list->erase(place_);
        }
        Membership(const Membership&) = delete;
        Membership& operator=(const Membership&) = delete;

    private:
        std::weak_ptr<List> list_;
        typename List::iterator place_;
    };

    std::shared_ptr<List> list_ = std::make_shared<List>();
};

}  // namespace holdfast::control
