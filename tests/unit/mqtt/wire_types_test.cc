// The data types on the wire: reader, writer, UTF-8, and the words for logs.

#include <gtest/gtest.h>

#include <string>

#include "byte_notation.h"
#include "exact_copy.h"
#include "mqtt/property_id.h"
#include "mqtt/reader.h"
#include "mqtt/refusal.h"
#include "mqtt/types.h"
#include "mqtt/utf8.h"
#include "mqtt/writer.h"

namespace holdfast::mqtt {
namespace {

TEST(Reader, AdvancesOnlyOnSuccess) {
    const ExactCopy bytes(bytes_of("01 0203 04050607 [ 'text' ] [ ff00 ]"));
    Reader reader(bytes.view());
    EXPECT_EQ(reader.u8(), 0x01);
    EXPECT_EQ(reader.u16(), 0x0203);
    EXPECT_EQ(reader.u32(), 0x04050607U);
    EXPECT_EQ(reader.text(), "text");
    const std::size_t before = reader.position();
    EXPECT_EQ(reader.text().error(), ReadFault::bad_utf8);
    EXPECT_EQ(reader.position(), before);
    EXPECT_EQ(reader.u32(), 0x0002FF00U);
    EXPECT_TRUE(reader.at_end());
    EXPECT_EQ(reader.u8().error(), ReadFault::truncated);
    EXPECT_EQ(reader.u16().error(), ReadFault::truncated);
    EXPECT_EQ(reader.variable_integer().error(), ReadFault::truncated);
}

TEST(Reader, AFieldLongerThanTheRestIsTruncated) {
    const ExactCopy bytes(bytes_of("0005 'abcd'"));
    Reader reader(bytes.view());
    EXPECT_EQ(reader.text().error(), ReadFault::truncated);
    EXPECT_EQ(reader.binary().error(), ReadFault::truncated);
    EXPECT_EQ(reader.bytes(7).error(), ReadFault::truncated);
    EXPECT_EQ(reader.position(), 0U);
    EXPECT_EQ(reader.rest().size(), 6U);
}

TEST(VariableInteger, HasTheBoundsOfTheSpecification) {
    struct Row {
        std::uint32_t value;
        std::string_view bytes;
    };
    for (const Row& row : {Row{0, "00"}, Row{127, "7f"}, Row{128, "8001"}, Row{16'383, "ff7f"}, Row{16'384, "808001"},
                           Row{2'097'151, "ffff7f"}, Row{2'097'152, "80808001"}, Row{max_remaining_length, "ffffff7f"}}) {
        ByteBuffer bytes;
        append_variable_integer(bytes, row.value);
        EXPECT_EQ(hex_of(bytes), hex_of(bytes_of(row.bytes)));
        EXPECT_EQ(bytes.size(), variable_integer_size(row.value));
        Reader reader(bytes);
        EXPECT_EQ(reader.variable_integer(), row.value);
    }
}

TEST(VariableInteger, IsShortestUnlessLenient) {
    for (const std::string_view bytes : {"8000", "ff00", "80808000", "818000"}) {
        const ByteBuffer wire = bytes_of(bytes);
        Reader reader(wire);
        EXPECT_EQ(reader.variable_integer().error(), ReadFault::bad_variable_integer) << bytes;
        EXPECT_EQ(reader.position(), 0U);
        EXPECT_TRUE(reader.lenient_variable_integer().has_value()) << bytes;
    }
    const ByteBuffer five = bytes_of("8080808001");
    EXPECT_EQ(Reader(five).lenient_variable_integer().error(), ReadFault::bad_variable_integer);
}

TEST(Utf8, IsWhatMqttAsksFor) {
    for (const std::string_view good : {"", "'a'", "'abcdefgh'", "01", "7f", "c280", "dfbf", "e0a080", "ed9fbf", "ee8080",
                                        "efbfbf", "f0908080", "f48fbfbf", "'abcdefg' c3a9 'abcdefgh'"}) {
        EXPECT_TRUE(is_mqtt_text(bytes_of(good))) << good;
    }
    for (const std::string_view bad : {"00",
                                       "80",
                                       "bf",
                                       "c0af",
                                       "c1bf",
                                       "c2",
                                       "c220",
                                       "e08080",
                                       "e09fbf",
                                       "e0a0",
                                       "eda080",
                                       "edbfbf",
                                       "f0808080",
                                       "f08fbfbf",
                                       "f4908080",
                                       "f5808080",
                                       "ff",
                                       "fe",
                                       "e28220",
                                       "'abcdefgh' 00",
                                       "'abcdefg' 00",
                                       "'abc' 00 'defgh'",
                                       "'abcdefgh' 80",
                                       "f09f98"}) {
        EXPECT_FALSE(is_mqtt_text(ExactCopy(bytes_of(bad)).view())) << bad;
    }
}

TEST(Utf8, AgreesWithItselfAtEveryPlaceInAWord) {
    for (std::size_t place = 0; place < 24; ++place) {
        ByteBuffer bytes(24, 'a');
        bytes[place] = 0;
        EXPECT_FALSE(is_mqtt_text(bytes)) << place;
        bytes[place] = 0x80;
        EXPECT_FALSE(is_mqtt_text(bytes)) << place;
        bytes[place] = 0x01;
        EXPECT_TRUE(is_mqtt_text(bytes)) << place;
    }
}

TEST(Writer, RemembersTheFirstFailureAndTakesAllBack) {
    ByteBuffer bytes{9};
    Writer writer(bytes, 0x30);
    writer.u16(1);
    writer.text(std::string(65'536, 'x'));
    writer.text("\xFF");
    EXPECT_TRUE(writer.failed());
    const auto outcome = writer.finish();
    ASSERT_FALSE(outcome.has_value());
    EXPECT_TRUE(outcome.error().is(Errc::field_too_long));
    EXPECT_EQ(bytes, ByteBuffer{9});
}

TEST(Writer, SetsLengthsOfEverySize) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{127}, std::size_t{128}, std::size_t{20'000}, std::size_t{3'000'000}}) {
        ByteBuffer bytes;
        Writer writer(bytes, 0x30);
        writer.bytes(ByteBuffer(size, 7));
        ASSERT_TRUE(writer.finish().has_value());
        EXPECT_EQ(bytes.size(), 1 + variable_integer_size(static_cast<std::uint32_t>(size)) + size);
        Reader reader(ByteView(bytes).subspan(1));
        EXPECT_EQ(reader.variable_integer(), size);
        EXPECT_EQ(reader.remaining(), size);
    }
}

TEST(Names, AreThereForEveryValue) {
    for (int value = 0; value < 16; ++value)
        EXPECT_NE(name(static_cast<PacketType>(value)), "unknown");
    for (int value = 1; value <= 17; ++value)
        EXPECT_NE(name(static_cast<Errc>(value)), "unknown");
    for (int value = 0; value <= 5; ++value)
        EXPECT_NE(name(static_cast<ConnectReturnCode>(value)), "unknown");
    EXPECT_EQ(name(Version::v311), "3.1.1");
    EXPECT_EQ(name(ReasonCode::server_busy), "server_busy");
    EXPECT_EQ(name(static_cast<ReasonCode>(0x7F)), "unknown");
    EXPECT_EQ(Error(Errc::truncated, "").code_name(), "truncated");
    EXPECT_EQ(Error(Errc::truncated, "").category().name(), "mqtt");
}

TEST(PropertyIds, AreTwentySeven) {
    int known = 0;
    for (std::uint32_t id = 0; id < 1'000; ++id)
        known += property_type(id).has_value() ? 1 : 0;
    EXPECT_EQ(known, 27);
    EXPECT_EQ(property_type(0x0B), PropertyType::variable_integer);
    EXPECT_EQ(property_type(0x26), PropertyType::text_pair);
    EXPECT_EQ(property_type(0x27), PropertyType::four_bytes);
    EXPECT_EQ(property_type(0x100 + 0x27), std::nullopt);
}

}  // namespace
}  // namespace holdfast::mqtt
