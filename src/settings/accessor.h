#pragma once
// Makes a table row's `Accessor` from member pointers: `at<&Settings::gateway, &GatewaySettings::threads>()`. The member's type
// decides the row's kind.

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "settings/settings_table.h"

namespace holdfast::settings {

template <class Pointer>
struct MemberPointer;
template <class Owner_, class Member_>
struct MemberPointer<Member_ Owner_::*> {
    using Owner = Owner_;
    using Member = Member_;
};

/// How a member of type T moves to and from a `Value`.
template <class T>
struct Codec;

template <>
struct Codec<bool> {
    static constexpr Kind kind = Kind::boolean;
    static Value get(bool member) { return member; }
    static void set(bool& member, const Value& value) { member = std::get<bool>(value); }
};

template <std::integral T>
    requires(!std::same_as<T, bool>)
struct Codec<T> {
    static constexpr Kind kind = Kind::integer;
    static Value get(T member) { return static_cast<std::int64_t>(member); }
    static void set(T& member, const Value& value) { member = static_cast<T>(std::get<std::int64_t>(value)); }
};

template <class T>
    requires std::is_enum_v<T>
struct Codec<T> {
    static constexpr Kind kind = Kind::choice;
    static Value get(T member) { return static_cast<std::int64_t>(member); }
    static void set(T& member, const Value& value) { member = static_cast<T>(std::get<std::int64_t>(value)); }
    static std::span<const std::string_view> choices() { return choice_names(T{}); }
};

template <class T, Kind k>
struct PlainCodec {
    static constexpr Kind kind = k;
    static Value get(const T& member) { return member; }
    static void set(T& member, const Value& value) { member = std::get<T>(value); }
};
template <>
struct Codec<double> : PlainCodec<double, Kind::number> {};
template <>
struct Codec<Duration> : PlainCodec<Duration, Kind::duration> {};
template <>
struct Codec<ByteSize> : PlainCodec<ByteSize, Kind::size> {};
template <>
struct Codec<std::string> : PlainCodec<std::string, Kind::string> {};
template <>
struct Codec<Address> : PlainCodec<Address, Kind::address> {};
template <>
struct Codec<std::vector<Address>> : PlainCodec<std::vector<Address>, Kind::address_list> {};

template <class T>
    requires std::is_enum_v<T>
struct Codec<std::vector<T>> {
    static constexpr Kind kind = Kind::choice_list;
    static Value get(const std::vector<T>& member) {
        std::vector<std::int64_t> indexes;
        for (const T one : member)
            indexes.push_back(static_cast<std::int64_t>(one));
        return indexes;
    }
    static void set(std::vector<T>& member, const Value& value) {
        member.clear();
        for (const std::int64_t index : std::get<std::vector<std::int64_t>>(value))
            member.push_back(static_cast<T>(index));
    }
    static std::span<const std::string_view> choices() { return choice_names(T{}); }
};

/// The member at the end of the path, e.g. `Settings` -> gateway -> threads.
template <auto First, auto... Rest, class Owner>
constexpr auto& follow(Owner& owner) {
    if constexpr (sizeof...(Rest) == 0) {
        return owner.*First;
    } else {
        return follow<Rest...>(owner.*First);
    }
}

template <auto First, auto... Rest>
consteval Accessor at() {
    using Owner = typename MemberPointer<decltype(First)>::Owner;
    using Member = std::remove_cvref_t<decltype(follow<First, Rest...>(std::declval<Owner&>()))>;
    using MemberCodec = Codec<Member>;
    Accessor accessor{};
    accessor.kind = MemberCodec::kind;
    accessor.get = [](const void* owner) {
        return MemberCodec::get(follow<First, Rest...>(*static_cast<const Owner*>(owner)));
    };
    accessor.set = [](void* owner, const Value& value) {
        MemberCodec::set(follow<First, Rest...>(*static_cast<Owner*>(owner)), value);
    };
    if constexpr (requires { MemberCodec::choices(); }) accessor.choices = [] { return MemberCodec::choices(); };
    return accessor;
}

}  // namespace holdfast::settings
