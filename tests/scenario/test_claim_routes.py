# SPDX-License-Identifier: Apache-2.0
"""Routes by the claims of a verified token, as at an Istio gateway: headers "@request.auth.claims…"."""

import pytest
from harness.process import free_port
from harness.wire import get
from test_tokens import RULES, jwks, token

RESOURCES = """
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: gateway, namespace: default}}
spec: {{address: 127.0.20.200, labels: {{app: api}}, serviceAccount: gateway}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: edge, namespace: default}}
spec:
  selector: {{app: api}}
  servers:
  - {{port: {{number: {port}, name: http, protocol: HTTP}}, bind: 127.0.0.1, hosts: ["*"]}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: claims, namespace: default}}
spec:
  hosts: [shop.example]
  gateways: [edge]
  http:
  - match: [{{headers: {{"@request.auth.claims.sub": {{exact: alice}}, "@request.auth.claims.admin": {{exact: "yes"}}}}}}]
    directResponse: {{status: 201}}
  - match: [{{headers: {{"@request.auth.claims[group][id]": {{prefix: team-}}}}}}]
    directResponse: {{status: 202}}
  - match: [{{headers: {{"@request.auth.claims.roles": {{exact: reader}}}}}}]
    directResponse: {{status: 203}}
  - match: [{{withoutHeaders: {{"@request.auth.claims.sub": {{exact: alice}}}}}}]
    directResponse: {{status: 204}}
  - directResponse: {{status: 200}}
"""


@pytest.fixture
def ask(mesh):
    """ask(claims…) is the status for a token with these; ask(None): without one."""
    port = free_port()
    mesh.leaves["gateway"] = mesh.ca.leaf(mesh.id_of("gateway"))
    mesh.write("gateway.yaml", RESOURCES.format(port=port))
    mesh.write("tokens.yaml", RULES.replace("JWKS", jwks()).partition("---")[0])
    mesh.start()

    def ask_with(claims, **headers):
        if claims is not None:
            headers["Authorization"] = f"Bearer {token(**claims)}"
        return get(port, headers={"Host": "shop.example", **headers})[0]

    return ask_with


def test_routes_by_claims(ask):
    assert ask({"admin": "yes"}) == 201
    assert ask({"admin": "no"}) == 200
    assert ask({"admin": "yes", "sub": "bob"}) == 204
    assert ask({"group": {"id": "team-a"}}) == 202
    assert ask({"group": {"id": "a"}}) == 200
    assert ask({"roles": ["writer", "reader"]}) == 203
    assert ask(None) == 204


def test_a_header_of_that_name_is_no_claim(ask):
    assert ask(None, **{"@request.auth.claims.admin": "yes", "@request.auth.claims.sub": "alice"}) in (204, 400)
