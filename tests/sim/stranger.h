#pragma once
// Whoever else connects to a gateway on the internet: talks nonsense, stops in the middle of a CONNECT, says everything at once
// and goes, or says nothing at all.

#include <memory>

#include "world.h"

namespace holdfast::sim {

class Stranger final : public WireUser {
public:
    Stranger(World& world, std::uint16_t gateway_port);
    ~Stranger() override;
    Stranger(const Stranger&) = delete;
    Stranger& operator=(const Stranger&) = delete;

    void wire_open(Wire& wire) override;
    void wire_bytes(Wire&, ByteView) override {}
    void wire_ended(Wire& wire, bool broken) override;

private:
    World& world_;
    std::shared_ptr<Wire> wire_;
};

}  // namespace holdfast::sim
