#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include "loading.h"
#include "settings/settings_table.h"
#include "settings/show.h"

namespace holdfast::settings {
namespace {

using testing::file;

TEST(Reference, IsWhatTheDocumentationSays) {
    std::ifstream page(HOLDFAST_SOURCE_DIR "/docs/settings.md");
    ASSERT_TRUE(page);
    std::ostringstream text;
    text << page.rdbuf();
    EXPECT_TRUE(text.str() == reference_markdown())
        << "docs/settings.md is old; run: holdfast config reference > docs/settings.md";
}

TEST(Reference, HasEverySetting) {
    const std::string page = reference_markdown();
    for (const Row& row : rows())
        EXPECT_NE(page.find("`" + std::string(row.name.substr(row.name.find('.') + 1)) + "`"), std::string::npos);
    EXPECT_NE(page.find("## [[cluster.node]]"), std::string::npos);
}

TEST(Help, HasEverySetting) {
    const std::string help = help_text();
    for (const Row& row : rows())
        EXPECT_NE(help.find(row.name), std::string::npos) << row.name;
    EXPECT_NE(help.find("  gateway.connect_deadline\n      A device's whole CONNECT must be there this long after the "
                        "connection was accepted, "
                        "however slowly its bytes arrive. (duration, 100ms to 10m, default 10s)\n"),
              std::string::npos);
}

TEST(Show, TellsEachValueAndWhereItComesFrom) {
    Inputs inputs = file("[probe]\npassword = \"hunter2\"\n[[cluster]]\nname = \"east\"\nsource = \"local\"\n");
    inputs.overrides = {"gateway.threads=3"};
    const auto all = shown_settings(load(inputs).value());
    const auto shown = [&](std::string_view name) {
        const auto at = std::ranges::find(all, name, &ShownSetting::name);
        return at == all.end() ? "nothing" : at->value + " / " + at->source;
    };
    EXPECT_EQ(shown("gateway.threads"), "3 / command line");
    EXPECT_EQ(shown("gateway.connect_deadline"), "10s / default");
    EXPECT_EQ(shown("probe.password"), "(set) / file");
    EXPECT_EQ(shown("paths.data_dir"), "/home/kim/.local/state/holdfast / default");
    EXPECT_EQ(shown("cluster[0].name"), "east / file");
    EXPECT_EQ(shown("cluster[0].nodes"), "2 / default");
    EXPECT_EQ(show(load(inputs).value()).find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::settings
