#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>
#include <vector>

#include "settings/nearest_name.h"
#include "settings/overrides.h"
#include "settings/settings_table.h"

namespace holdfast::settings {
namespace {

void collect(const ListTable& list, std::vector<Row>& all) {
    all.insert(all.end(), list.rows.begin(), list.rows.end());
    for (const ListTable& inner : list.inner)
        collect(inner, all);
}

std::vector<Row> every_row() {
    std::vector<Row> all(rows().begin(), rows().end());
    for (const ListTable& list : list_tables())
        collect(list, all);
    return all;
}

TEST(Table, HasEachNameOnceInAKnownSection) {
    std::set<std::string_view> names, known;
    std::set<std::string> variables;
    for (const Section& section : sections())
        known.insert(section.name);
    for (const Row& row : rows()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_TRUE(variables.insert(environment_name(row.name)).second) << row.name;
        EXPECT_TRUE(known.contains(row.name.substr(0, row.name.find('.')))) << row.name;
    }
}

TEST(Table, SaysForEachRowWhatItIsForAndItsBounds) {
    for (const Row& row : every_row()) {
        EXPECT_FALSE(row.help.empty()) << row.name;
        EXPECT_EQ(row.help.back(), '.') << row.name;
        const Kind kind = row.member.kind;
        const bool unbounded = kind == Kind::boolean || kind == Kind::choice || kind == Kind::address;
        EXPECT_EQ(row.min.empty() && row.max.empty(), unbounded) << row.name;
        EXPECT_EQ(row.member.choices != nullptr, kind == Kind::choice || kind == Kind::choice_list) << row.name;
    }
}

TEST(Table, ReadsBackWhatItWrites) {
    for (const Row& row : every_row()) {
        if (row.required) continue;
        const Value value = parse_value(row, row.default_text).value();
        EXPECT_EQ(format_value(row, value), row.default_text) << row.name;
    }
}

TEST(Table, KeepsBoundsWithinWhatTheMemberHolds) {
    Settings settings;
    for (const Row& row : rows()) {
        for (const std::string_view bound : {row.min, row.max}) {
            const Kind kind = row.member.kind;
            if (bound.empty() || kind == Kind::string || kind == Kind::choice_list || kind == Kind::address_list) continue;
            const Value value = parse_value(row, bound).value();
            row.member.set(&settings, value);
            EXPECT_EQ(row.member.get(&settings), value) << row.name << " " << bound;
        }
    }
}

TEST(NearestName, FindsSlipsButDoesNotGuess) {
    const std::vector<std::string_view> names{"threads", "listen", "max_connections", "max_connections_per_source"};
    EXPECT_EQ(nearest_name("thraeds", names), "threads");
    EXPECT_EQ(nearest_name("THREADS", names), "threads");
    EXPECT_EQ(nearest_name("max-connections", names), "max_connections");
    EXPECT_EQ(nearest_name("lis", names), "listen");
    EXPECT_EQ(nearest_name("port", names), "");
    EXPECT_EQ(nearest_name("", names), "");
    EXPECT_EQ(nearest_name(std::string(10000, 'x'), names), "");
}

}  // namespace
}  // namespace holdfast::settings
