# SPDX-License-Identifier: Apache-2.0
"""RequestAuthentication and CUSTOM policies at a running sidecar."""

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

KEY = ec.generate_private_key(ec.SECP256R1())


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwks():
    numbers = KEY.public_key().public_numbers()
    return json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "alg": "ES256",
                                 "x": base64url(numbers.x.to_bytes(32, "big")),
                                 "y": base64url(numbers.y.to_bytes(32, "big"))}]})


def token(**claims):
    claims = {"iss": "https://idp.test", "sub": "alice", "exp": int(time.time()) + 60} | claims
    head = base64url(json.dumps({"alg": "ES256", "kid": "k1"}).encode())
    signed = f"{head}.{base64url(json.dumps(claims).encode())}"
    r, s = utils.decode_dss_signature(KEY.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


RULES = """
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: default}
spec:
  selector: {matchLabels: {app: api}}
  jwtRules:
  - issuer: https://idp.test
    jwks: 'JWKS'
    outputClaimToHeaders: [{header: x-user, claim: sub}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: users, namespace: default}
spec:
  selector: {matchLabels: {app: api}}
  rules:
  - to: [{operation: {paths: ["/public"]}}]
  - from: [{source: {requestPrincipals: ["https://idp.test/*"]}}]
"""

CUSTOM = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: outside, namespace: default}
spec:
  selector: {matchLabels: {app: api}}
  action: CUSTOM
  provider: {name: judge}
  rules: [{to: [{operation: {paths: ["/judged*"]}}]}]
"""


@pytest.fixture
def api(mesh, origin, ca):
    server = origin("api")
    mesh.serve("api", server.port)
    mesh.write("tokens.yaml", RULES.replace("JWKS", jwks()))
    mesh.server, mesh.ca = server, ca
    return mesh


def ask(api, path, **headers):
    return api.get("api", path, leaf=api.ca.leaf(api.id_of("web")), headers=headers)


def test_a_token_opens_what_is_closed_without(api):
    api.start()
    assert ask(api, "/private")[0] == 403
    assert ask(api, "/private", authorization=f"Bearer {token()}")[0] == 200


@pytest.mark.parametrize("claims, body", [
    ({"exp": 1}, b"Jwt is expired"),
    ({"iss": "https://other.test"}, b"Jwt issuer is not configured"),
])
def test_a_bad_token_is_refused_even_where_none_is_needed(api, claims, body):
    api.start()
    assert ask(api, "/public")[0] == 200
    answer = ask(api, "/public", authorization=f"Bearer {token(**claims)}")
    assert (answer[0], answer[-1]) == (401, body)


def test_claims_reach_the_application_and_cannot_be_spoofed(api):
    api.start()
    ask(api, "/public", **{"x-user": "root"})
    ask(api, "/private", authorization=f"Bearer {token()}")
    seen = [request["headers"].get("x-user") for request in api.server.requests]
    assert seen == [None, "alice"]
    assert "authorization" not in api.server.requests[-1]["headers"]


def test_what_nobody_can_judge_is_denied(api):
    api.write("custom.yaml", CUSTOM)
    api.start()
    assert ask(api, "/judged", authorization=f"Bearer {token()}")[0] == 403
    assert ask(api, "/public")[0] == 200
