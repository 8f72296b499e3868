#include "proxy/connection_facts.h"

#include <utility>

#include "fleet/planner.h"
#include "fleet/policy.h"

namespace holdfast::proxy {

namespace {

std::uint8_t version_number(const std::optional<mqtt::Version>& version) noexcept {
    return version ? static_cast<std::uint8_t>(*version) : std::uint8_t{0};
}

}  // namespace

fleet::Opened opened_fact(Connection& connection, fleet::ConnectionId id, std::string source, const fleet::Snapshot& snapshot,
                          Moment moment) {
    Connection::Story story = connection.take_story();
    fleet::Opened fact;
    fact.connection = id;
    fact.device = std::move(story.device);
    fact.node = connection.node();
    fact.first = story.plan.candidates[0].node;
    fact.cluster = story.plan.cluster;
    fact.kind = story.kind;
    fact.enrolled_now = story.plan.enrolled_now;
    fact.home = story.plan.home;
    if (fact.device.empty() && !story.assigned_id.empty() && snapshot.policy->enrolment == fleet::Enrolment::open) {
        // A v5 device that came without a name comes back with the one it was given.
        fleet::Credentials credentials;
        credentials.client_id = story.assigned_id;
        credentials.username = story.username;
        credentials.has_username = !story.username.empty();
        fact.device = fleet::identify(*snapshot.policy, credentials);
        fact.enrolled_now = !fact.device.empty() && !snapshot.find_device(fact.device);
        fact.home = fact.cluster;
    }
    fact.mqtt_version = version_number(story.version);
    fact.source = std::move(source);
    fact.username = std::move(story.username);
    fact.asked_at = story.asked_at;
    fact.at = moment.now;
    fact.wall = moment.wall;
    fact.trace = story.plan.trace;
    return fact;
}

fleet::Refused refused_fact(Connection::Story&& story, std::string source, Moment moment) {
    fleet::Refused fact;
    fact.device = std::move(story.device);
    fact.source = std::move(source);
    fact.username = std::move(story.username);
    fact.mqtt_version = version_number(story.version);
    fact.reason = story.refused;
    fact.at = moment.now;
    fact.wall = moment.wall;
    fact.trace = story.plan.trace;
    return fact;
}

fleet::Closed closed_fact(const Connection& connection, fleet::ConnectionId id, Moment moment) {
    fleet::Closed fact;
    fact.connection = id;
    fact.reason = static_cast<std::uint8_t>(connection.end_reason());
    fact.reason_text = to_string(connection.end_reason());
    fact.by_node = by_node(connection.end_reason());
    fact.messages_up = connection.packets_from_device();
    fact.messages_down = connection.packets_to_device();
    fact.bytes_up = connection.bytes_from_device();
    fact.bytes_down = connection.bytes_to_device();
    fact.at = moment.now;
    fact.wall = moment.wall;
    return fact;
}

}  // namespace holdfast::proxy
