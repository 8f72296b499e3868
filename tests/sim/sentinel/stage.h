#pragma once
// A town in good order, and what is told and said in it from then on.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "town.h"

namespace holdfast::sim {

class Stage {
public:
    explicit Stage(const TownPlan& plan = {}) : city(11), town(city, plan) {
        city.listener = [this](double, const std::string& line) { told.push_back(line); };
        for (const auto& one : town.own) {
            one->says = [this, from = one.get()](const Address& to, const Words& words) {
                std::string line = from->name() + " -> " + city.net.at(to)->name();
                for (const std::string& word : words)
                    line += " " + word;
                said.push_back(std::move(line));
            };
        }
        town.run_for(std::chrono::seconds(12));
    }

    [[nodiscard]] std::size_t count(std::string_view part) const { return count_in(told, part); }
    [[nodiscard]] std::size_t count_said(std::string_view part) const { return count_in(said, part); }
    [[nodiscard]] SentinelProcess& own(std::size_t i = 0) { return *town.own[i]; }
    [[nodiscard]] RedisModel& redis(std::size_t i = 0) { return *town.servers[i]; }
    [[nodiscard]] const sentinel::Group& group(std::size_t i = 0) { return own(i).state().groups.begin()->second; }
    void set(const std::function<void(sentinel::GroupOptions&)>& change) {
        for (const auto& one : town.own) {
            one->with([&](sentinel::Sentinel& machine) {
                auto options = machine.state().groups.begin()->second.options;
                change(options);
                EXPECT_TRUE(machine.set_group(group_name, options, city.moment()));
            });
        }
    }

    City city;
    Town town;
    std::vector<std::string> told;
    std::vector<std::string> said;

private:
    [[nodiscard]] static std::size_t count_in(const std::vector<std::string>& lines, std::string_view part) {
        return static_cast<std::size_t>(
            std::ranges::count_if(lines, [part](const std::string& line) { return line.find(part) != std::string::npos; }));
    }
};

inline TownPlan tuned(std::function<void(sentinel::SavedState&)> tune) {
    TownPlan plan;
    plan.tune = std::move(tune);
    return plan;
}

}  // namespace holdfast::sim
