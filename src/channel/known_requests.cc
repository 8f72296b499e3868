#include "channel/known_requests.h"

namespace holdfast::channel {

KnownRequest* KnownRequests::find(command::CommandId id) {
    const auto found = requests_.find(id);
    return found == requests_.end() ? nullptr : &found->second;
}

KnownRequest& KnownRequests::remember(const command::Request& request) {
    if (auto* const known = find(request.id); known != nullptr) {
        // A command may have gone over to another centre.
        if (known->centre != request.centre) known->centre = request.centre;
        if (request.attempt > known->attempt) {
            known->attempt = request.attempt;
            known->outcome = {};
        }
        return *known;
    }
    if (requests_.size() >= capacity_ && !by_age_.empty()) {
        requests_.erase(by_age_.front());
        by_age_.pop_front();
    }
    by_age_.push_back(request.id);
    return requests_.emplace(request.id, KnownRequest{request.centre, request.device, request.attempt}).first->second;
}

}  // namespace holdfast::channel
