#include "proxy/admission.h"

#include <string_view>

#include "base/assert.h"

namespace holdfast::proxy {

std::size_t AdmissionDesk::SourceHash::operator()(const SourceAddress& source) const noexcept {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(source.data()), source.size()});
}

AdmissionDesk::AdmissionDesk(const AdmissionLimits& limits, Time now)
    : limits_(limits), connects_(limits.connects_per_second, limits.connect_burst, now) {}

Admission AdmissionDesk::enter(const SourceAddress& source) {
    Admission verdict = Admission::admitted;
    if (limits_.max_connections != 0 && admitted_ >= limits_.max_connections) {
        verdict = Admission::too_many_connections;
    } else if (limits_.max_connections_per_source != 0) {
        const auto found = per_source_.find(source);
        if (found != per_source_.end() && found->second >= limits_.max_connections_per_source) {
            verdict = Admission::too_many_from_source;
        }
    }
    if (verdict == Admission::admitted) {
        ++admitted_;
        ++per_source_[source];
        return verdict;
    }
    if (doomed_ >= limits_.max_doomed) return Admission::turned_away;
    ++doomed_;
    return verdict;
}

void AdmissionDesk::leave(const SourceAddress& source, Admission admission) {
    switch (admission) {
        case Admission::turned_away:
            return;
        case Admission::too_many_connections:
        case Admission::too_many_from_source:
            HF_ASSERT(doomed_ > 0, "a doomed connection leaves that never entered");
            --doomed_;
            return;
        case Admission::admitted:
            break;
    }
    const auto found = per_source_.find(source);
    HF_ASSERT(admitted_ > 0 && found != per_source_.end(), "a connection leaves that never entered");
    --admitted_;
    if (--found->second == 0) per_source_.erase(found);
}

void AdmissionDesk::set_limits(const AdmissionLimits& limits, Time now) {
    limits_ = limits;
    connects_.set_rate(limits.connects_per_second, limits.connect_burst, now);
}

}  // namespace holdfast::proxy
