# SPDX-License-Identifier: Apache-2.0
"""Istio's own demo tokens and key set (release samples, security/tools/jwt), as its documentation uses them."""

import json

import pytest

ISSUER = "testing@secure.istio.io"

POLICIES = """
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: jwt-example, namespace: foo}
spec:
  selector: {matchLabels: {app: httpbin}}
  jwtRules: [{issuer: testing@secure.istio.io, KEYS}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: require-jwt, namespace: foo}
spec:
  selector: {matchLabels: {app: httpbin}}
  action: ALLOW
  rules:
  - from: [{source: {requestPrincipals: ["testing@secure.istio.io/testing@secure.istio.io"]}}]
    RULE
"""

GROUP = 'when: [{key: "request.auth.claims[groups]", values: [group1]}]'
SCOPE = 'when: [{key: "request.auth.claims[scope]", values: [scope2]}]'


@pytest.fixture
def istio(shared, resources, mangrove):
    """istio(token, rule): what explain says of a request with this file's token."""
    folder = shared / "data/istio/jwt"
    keys = (folder / "jwks.json").read_text()

    def ask(token, rule="", inline=True, change=lambda token: token):
        keys_field = f"jwks: {json.dumps(keys)}" if inline else "jwksUri: https://example.com/jwks.json"
        resources.write("jwt.yaml", POLICIES.replace("KEYS", keys_field).replace("RULE", rule))
        options = [] if inline else ["--jwks", folder / "jwks.json"]
        headers = ["--token", change((folder / token).read_text().strip())] if token else []
        done = mangrove("explain", "-f", resources.path, "--to", "foo/app=httpbin", "--json", *options, *headers)
        answer = json.loads(done.stdout)
        return answer["decision"], answer["status"]

    return ask


@pytest.mark.parametrize("inline", [True, False], ids=["jwks", "jwksUri"])
def test_the_demo_token_opens_what_is_closed_without(istio, inline):
    assert istio(None, inline=inline) == ("deny", 403)
    assert istio("demo.jwt", inline=inline) == ("allow", 200)


def test_a_token_that_was_touched_is_refused(istio):
    assert istio("demo.jwt", change=lambda token: token[:-10] + "AAAAAAAAAA") == ("deny", 401)


@pytest.mark.parametrize("token, rule, want", [
    ("groups-scope.jwt", GROUP, "allow"), ("demo.jwt", GROUP, "deny"),
    ("groups-scope.jwt", SCOPE, "allow"), ("demo.jwt", SCOPE, "deny"),
    ("groups-scope.jwt", GROUP.replace("group1", "group9"), "deny"),
])
def test_claims_of_the_documentation(istio, token, rule, want):
    assert istio(token, rule)[0] == want
