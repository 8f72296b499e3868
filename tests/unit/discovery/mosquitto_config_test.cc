#include "discovery/mosquitto_config.h"

#include <gtest/gtest.h>

namespace holdfast::discovery {
namespace {

TEST(MosquittoConfig, SaysWhereToListenAndWhereToKeepSessions) {
    MosquittoConfig config;
    config.node = "east-1";
    config.address = "127.0.0.1";
    config.port = 21883;
    config.persistence_dir = "/data with space/east-1/sessions";
    config.user = "somebody";
    const auto text = mosquitto_config_text(config);
    for (const auto* line :
         {"\nlistener 21883 127.0.0.1\n", "\nallow_anonymous true\n", "\nuser somebody\n", "\npersistence true\n",
          "\npersistence_location /data with space/east-1/sessions/\n", "\nlog_dest stdout\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line;
    }
}

}  // namespace
}  // namespace holdfast::discovery
