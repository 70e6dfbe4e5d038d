# SPDX-License-Identifier: Apache-2.0
"""Keys that are fetched: jwksUri and OpenID discovery, at a running sidecar."""

import base64
import json
import ssl
import threading
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from harness.origin import RawOrigin, read_request
from harness.process import free_port, wait_for

RULES = """
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: default}
spec:
  selector: {matchLabels: {app: api}}
  jwtRules:
  - {issuer: "ISSUER", SETTINGS}
"""


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    def __init__(self, kid):
        self.kid, self._key = kid, ec.generate_private_key(ec.SECP256R1())

    @property
    def jwk(self):
        numbers = self._key.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "kid": self.kid, "alg": "ES256",
                "x": base64url(numbers.x.to_bytes(32, "big")), "y": base64url(numbers.y.to_bytes(32, "big"))}

    def token(self, issuer):
        claims = {"iss": issuer, "sub": "alice", "exp": int(time.time()) + 60}
        head = base64url(json.dumps({"alg": "ES256", "kid": self.kid}).encode())
        signed = f"{head}.{base64url(json.dumps(claims).encode())}"
        r, s = utils.decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


class Issuer(RawOrigin):
    """Serves pages: path -> body, or a status with a Location, or a coroutine (writer) of its own."""

    def __init__(self, tls=None, port=0):
        self.keys, self.pages, self.asked = [Key("k1")], {}, []
        self.concurrent = self.most_concurrent = 0
        super().__init__(self._answer_all, tls=tls, port=port)
        self.url = f"{'https' if tls else 'http'}://localhost:{self.port}"
        self.pages["/keys"] = lambda: {"keys": [key.jwk for key in self.keys]}

    def token(self, number=-1, issuer=None):
        return self.keys[number].token(issuer or self.url)

    async def _answer_all(self, reader, writer):
        while request := await read_request(reader):
            self.asked.append(request["path"])
            self.concurrent += 1
            self.most_concurrent = max(self.concurrent, self.most_concurrent)
            try:
                await self._answer(self.pages.get(request["path"], 404), writer)
            finally:
                self.concurrent -= 1

    async def _answer(self, page, writer):
        status, extra, body = 200, "", b""
        if callable(page):
            page = page()
        if hasattr(page, "__await__"):
            page = await page
        if isinstance(page, tuple):
            status, extra = page[0], f"Location: {page[1]}\r\n"
        elif isinstance(page, int):
            status = page
        else:
            body = page if isinstance(page, bytes) else json.dumps(page).encode()
        writer.write(f"HTTP/1.1 {status} Said\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()


@pytest.fixture
def api(mesh, origin, ca):
    """api(issuer, settings): starts the sidecar; api.ask(token): status and body"""
    class Api:
        def __call__(self, issuer, settings=None, *options, refresh="5m", issuer_url=None):
            mesh.serve("api", origin("api").port)
            mesh.write("tokens.yaml", RULES.replace("ISSUER", issuer_url or issuer.url)
                       .replace("SETTINGS", settings if settings is not None else f"jwksUri: '{issuer.url}/keys'"))
            mesh.start("--jwks-refresh", refresh, *options)
            return self

        def ask(self, token=None):
            headers = {"authorization": f"Bearer {token}"} if token else {}
            answer = mesh.get("api", "/x", leaf=ca.leaf(mesh.id_of("web")), headers=headers)
            return answer[0], answer[2] if answer[0] != 200 else None

    api = Api()
    api.mesh = mesh
    return api


@pytest.fixture
def issuer():
    started = []

    def start(**options):
        started.append(Issuer(**options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def tls(ca):
    """A TLS server context for localhost, and the file of its root."""
    leaf = ca.leaf(dns=["localhost"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(leaf.certificate, leaf.key)
    return context, leaf.bundle


FAILED = (401, b"Jwks remote fetch is failed")
FINE = (200, None)


def test_keys_are_fetched_once_and_open(api, issuer):
    server = issuer()
    api(server)
    assert api.ask(server.token()) == FINE
    for _ in range(5):
        assert api.ask(server.token()) == FINE
    assert api.ask() == FINE
    assert server.asked == ["/keys"]


def test_the_first_requests_wait_for_the_first_answer(api, issuer):
    import asyncio
    server = issuer()
    keys = server.pages["/keys"]

    async def slowly():
        await asyncio.sleep(1)
        return keys()

    server.pages["/keys"] = slowly
    api(server)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(api.ask(server.token()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert api.ask() == FINE  # without a token there is nothing to wait for
    for thread in threads:
        thread.join()
    assert answers == [FINE] * 4
    assert (server.asked, server.most_concurrent) == (["/keys"], 1)


def test_https_is_verified(api, issuer, tls):
    server = issuer(tls=tls[0])
    api(server, None, "--jwks-ca", tls[1])
    assert api.ask(server.token()) == FINE


def test_https_of_a_stranger_is_refused(api, issuer, tls):
    server = issuer(tls=tls[0])
    api(server)  # its root is none of the system's
    assert api.ask(server.token()) == FAILED
    assert api.ask() == FINE
    assert not server.asked
    assert "its tokens are refused" in api.mesh.proxy.log


def test_the_issuer_names_its_keys(api, issuer):
    server = issuer()
    server.pages["/.well-known/openid-configuration"] = {"issuer": server.url, "jwks_uri": f"{server.url}/keys"}
    api(server, "audiences: []")
    assert api.ask(server.token()) == FINE
    assert server.asked == ["/.well-known/openid-configuration", "/keys"]


def test_https_discovery_does_not_lead_to_http(api, issuer, tls):
    plain, server = issuer(), issuer(tls=tls[0])
    server.pages["/.well-known/openid-configuration"] = {"jwks_uri": f"{plain.url}/keys"}
    api(server, "audiences: []", "--jwks-ca", tls[1])
    assert api.ask(plain.token(issuer=server.url)) == FAILED
    assert not plain.asked


def test_redirects_are_followed_but_not_from_https_to_http(api, issuer, tls):
    plain, server = issuer(), issuer(tls=tls[0])
    server.pages["/keys"] = 302, f"{plain.url}/keys"
    api(server, None, "--jwks-ca", tls[1])
    assert api.ask(plain.token(issuer=server.url)) == FAILED
    assert not plain.asked


def test_redirects_within_a_scheme(api, issuer):
    server = issuer()
    server.pages["/here"] = 302, f"{server.url}/keys"
    server.pages["/round"] = 302, f"{server.url}/round"
    api(server, f"jwksUri: '{server.url}/here'")
    assert api.ask(server.token()) == FINE


def test_redirects_in_a_ring_end(api, issuer):
    server = issuer()
    server.pages["/round"] = 302, f"{server.url}/round"
    api(server, f"jwksUri: '{server.url}/round'")
    assert api.ask(server.token()) == FAILED
    assert len(server.asked) <= 6 * 3


@pytest.mark.parametrize("page", [
    404, 500, b"no json", b"{}", {"keys": []}, {"keys": [{"kty": "oct", "k": "AAAA"}]},
    b'{"keys": [' + b" " * 1200000 + b"]}", lambda: 204,
], ids=["404", "500", "no-json", "no-set", "empty", "secret", "huge", "204"])
def test_an_answer_without_sound_keys_is_none(api, issuer, page):
    server = issuer()
    server.pages["/keys"] = page
    api(server)
    assert api.ask(server.token()) == FAILED
    assert api.ask() == FINE


def test_a_slow_answer_is_none(api, issuer):
    import asyncio
    server = issuer()
    server.pages["/keys"] = lambda: asyncio.sleep(30)
    api(server, f"jwksUri: '{server.url}/keys', timeout: 0.3s")
    before = time.monotonic()
    assert api.ask(server.token()) == FAILED
    assert time.monotonic() - before < 4
    before = time.monotonic()
    assert api.ask(server.token()) == FAILED
    assert time.monotonic() - before < 1  # nobody waits twice


def test_nobody_listens_and_then_somebody_does(api, issuer):
    port = free_port()
    url = f"http://localhost:{port}"
    api(None, f"jwksUri: '{url}/keys'", refresh="1s", issuer_url=url)
    key = Key("k1")
    assert api.ask(key.token(url)) == FAILED
    server = issuer(port=port)
    server.keys = [key]
    wait_for(lambda: api.ask(key.token(url)) == FINE, "the keys are there", seconds=15, every=0.1)


def test_a_new_key_is_found_when_its_first_token_comes(api, issuer):
    server = issuer()
    api(server, refresh="20s")  # 2 s for a token of an unknown key
    old = server.token()
    assert api.ask(old) == FINE
    server.keys.append(Key("k2"))
    wait_for(lambda: api.ask(server.token()) == FINE, "the new key is known", seconds=15, every=0.1)
    assert api.ask(old) == FINE
    server.keys.pop(0)  # and a key that was withdrawn is forgotten with the next fetch

    def is_forgotten():
        api.ask(Key("k9").token(server.url))
        return api.ask(old)[0] == 401

    wait_for(is_forgotten, "the old key is forgotten", seconds=15, every=0.1)
    assert len(server.asked) == 3


def test_tokens_of_an_unknown_key_do_not_flood_the_issuer(api, issuer):
    server = issuer()
    api(server, refresh="1h")
    assert api.ask(server.token()) == FINE
    stranger = Key("k9")
    for _ in range(50):
        assert api.ask(stranger.token(server.url))[0] == 401
    assert len(server.asked) == 1  # the next not before a tenth of the refresh time


def test_an_outage_keeps_the_last_good_keys_and_not_for_ever(api, issuer):
    server = issuer()
    api(server, refresh="10ms")
    assert api.ask(server.token()) == FINE
    server.pages["/keys"] = 503
    token = server.token()
    assert api.ask(token) == FINE
    wait_for(lambda: "the last good ones stay" in api.mesh.proxy.log, "the outage is noticed")
    assert api.ask(token) == FINE
    wait_for(lambda: api.ask(token) == FAILED, "288 refreshes have passed", seconds=15, every=0.1)
    assert "too old" in api.mesh.proxy.log


def test_a_reload_keeps_what_was_fetched_and_fetches_what_is_new(api, issuer):
    first, second = issuer(), issuer()
    api(first)
    assert api.ask(first.token()) == FINE
    api.mesh.write("tokens.yaml", RULES.replace("ISSUER", first.url).replace("SETTINGS", f"jwksUri: '{first.url}/keys'")
                   + f"  - {{issuer: '{second.url}', jwksUri: '{second.url}/keys'}}\n")
    api.mesh.wait_for_plan(2)
    assert api.ask(second.token()) == FINE
    assert api.ask(first.token()) == FINE
    assert (first.asked, second.asked) == (["/keys"], ["/keys"])
