# SPDX-License-Identifier: Apache-2.0
"""`mangrove call` against a sidecar: whom it shows itself as, whom it believes, what it tells."""

import base64
import json
import os

import pytest

API = "spiffe://cluster.local/ns/default/sa/api"
WEB = "spiffe://cluster.local/ns/default/sa/web"
HOST = "api.default.svc.cluster.local"

STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web-only, namespace: default}
spec:
  selector: {matchLabels: {app: api}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/default/sa/web]}}]
"""


@pytest.fixture
def server(mesh, origin):
    """A service `api` that only `web` may ask, with identities of its own authority."""
    server = origin("api")
    mesh.serve("api", server.port)
    mesh.serve("web", origin("web").port)
    mesh.write("policy.yaml", STRICT)
    mesh.start_node()
    return server


@pytest.fixture
def call(server, mesh, mangrove):
    """Runs the command: call("--as", WEB, "/path")"""
    address, port = mesh.inbound("api")

    def run(*arguments, host=HOST, **options):
        *given, path = arguments
        return mangrove("call", "--state", mesh.state / "node", "--connect-to", f"{host}:443:{address}:{port}",
                        *given, f"https://{host}{path}", **options)

    return run


def log_of(result):
    (line,) = result.stderr.splitlines()
    return json.loads(line)


def test_a_service_is_called_as_one_of_us(server, call):
    result = call("--as", WEB, "/hello?secret=1")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    line = log_of(result)
    assert told["headers"]["x-request-id"] == line["requestId"]
    assert f"URI={WEB}" in told["headers"]["x-forwarded-client-cert"]
    assert (line["event"], line["source"], line["target"], line["status"]) == ("call", WEB, API, 200)
    assert (line["method"], line["url"]) == ("GET", f"https://{HOST}/hello")
    assert line["durationMs"] > 0


def test_another_server_than_expected_gets_no_request(server, call):
    result = call("--as", WEB, "--expect", WEB, "/")
    line = log_of(result)
    assert (result.returncode, result.stdout) == (1, "")
    assert (line["event"], line["code"], line["target"]) == ("call-failed", "INVALID_IDENTITY", API)
    assert f"the server is {API}, not {WEB}" in line["error"]
    assert not server.requests


def test_one_of_several_expected_is_enough(call):
    assert call("--as", WEB, "--expect", WEB, "--expect", API, "/", host="localhost").returncode == 0


def test_whom_to_expect_is_never_left_open(server, call):
    result = call("--as", WEB, "/", host="localhost")
    assert result.returncode == 2
    assert "give --expect SPIFFE-ID" in log_of(result)["error"]
    assert not server.requests


def test_a_denial_is_an_answer_unless_it_is_to_fail(server, call):
    assert call("--as", API, "/").returncode == 0
    result = call("--as", API, "-f", "/")
    assert (result.returncode, result.stdout) == (1, "RBAC: access denied")
    assert log_of(result)["status"] == 403
    assert not server.requests


def test_a_server_of_another_mesh_is_not_believed(call, mesh, mangrove, start, state, tmp_path):
    """Its authority claims the same trust domain and the same name."""
    start("identity", "--state", state / "other", mesh.resources.path).wait_for_log("Workload API at")
    address, port = mesh.inbound("api")
    result = mangrove("call", "--state", state / "other", "--as", WEB, "--connect-to",
                      f"{HOST}:443:{address}:{port}", f"https://{HOST}/")
    assert (result.returncode, log_of(result)["code"]) == (1, "INVALID_CERTIFICATE")


def test_a_token_names_the_caller_and_the_server(call):
    told = json.loads(call("--as", WEB, "--token", "/").stdout)
    kind, token = told["headers"]["authorization"].split()
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (kind, claims["sub"], claims["aud"]) == ("Bearer", WEB, [API])
    assert claims["exp"] - claims["iat"] == 300
    assert "authorization" not in json.loads(call("--as", WEB, "/").stdout)["headers"]


def test_the_flags_of_curl(server, call, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(b"line\nline\n")
    result = call("--as", WEB, "-i", "-s", "-X", "PUT", "-H", "X-Mine: yes", "-H", "X-Request-ID: 7", "-d", f"@{body}",
                  "-o", tmp_path / "answer", "/")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    head, _, answer = (tmp_path / "answer").read_text().partition("\n\n")
    assert head.startswith("HTTP/1.1 200")
    told = json.loads(answer)
    assert told["method"] == "PUT"
    assert (told["headers"]["x-mine"], told["headers"]["x-request-id"]) == ("yes", "7")
    assert told["headers"]["content-length"] == "10"


def test_a_call_that_fails_leaves_the_file_as_it_was(call, tmp_path):
    kept = tmp_path / "kept"
    kept.write_text("before")
    assert call("--as", WEB, "--expect", WEB, "-o", kept, "/").returncode == 1
    assert kept.read_text() == "before"


@pytest.mark.parametrize("arguments, why", [
    (["http://api.default.svc/"], "must begin with https://"),
    (["https://user:password@api.default.svc/"], "without a password"),
    (["-H", "X: 1\r\nY: 2", "https://api.default.svc/"], "-H takes one line"),
    (["--max-time", "soon", "https://api.default.svc/"], "a time is given in seconds"),
    ([], "one URL is needed"),
])
def test_what_cannot_be_meant_is_usage(mangrove, arguments, why):
    result = mangrove("call", *arguments)
    assert result.returncode == 2 and why in result.stderr


def test_without_an_identity_nobody_is_called(mangrove, tmp_path):
    environment = os.environ | {"SPIFFE_ENDPOINT_SOCKET": f"unix://{tmp_path}/nobody.sock"}
    result = mangrove("call", "https://api.default.svc/", env=environment)
    assert result.returncode == 3
    assert log_of(result)["error"].startswith("no identity: ")
