# SPDX-License-Identifier: Apache-2.0
"""Where proxies stand between the client and the backend."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Topology:
    summary: str
    roles: list = field(default_factory=list)  # from the client inwards
    tls: bool = False  # the client speaks TLS
    client_certificate: bool = False
    server_name: str = ""
    needs_token: bool = False


TOPOLOGIES = {
    "t0": Topology("client → backend"),
    "t1": Topology("client → outbound → (mutual TLS) → inbound → backend", ["outbound", "inbound"]),
    "t2": Topology("client → (mutual TLS) → inbound → backend", ["inbound"], True, True, "inbound.mesh.test"),
    "t3": Topology("client → (TLS) → gateway → backend", ["gateway"], True, False, "gateway.mesh.test"),
    "t3jwt": Topology("t3 with a bearer token", ["gateway"], True, False, "gateway.mesh.test", True),
    "t3static": Topology("client → (TLS) → static files", ["static"], True, False, "gateway.mesh.test"),
    "t4": Topology("t2 with allow rules by identity, method and path", ["policy"], True, True,
                   "inbound.mesh.test"),
}
