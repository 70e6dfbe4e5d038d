# SPDX-License-Identifier: Apache-2.0
"""Envoy's Secret Discovery Service on the Workload API's socket, asked by grpcio as an Envoy asks."""

import queue

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from harness.workload_api import WorkloadApi, certificates, messages, spiffe_ids

WEB = "spiffe://cluster.local/ns/shop/sa/web"
DB = "spiffe://cluster.local/ns/shop/sa/db"
DOMAIN = "spiffe://cluster.local"
SERVICE = "/envoy.service.secret.v3.SecretDiscoveryService/"
SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
VALIDATOR = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig"

ENTRY = """
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: {name}, namespace: shop}}
spec: {{address: 127.0.0.{host}, serviceAccount: {name}}}
---
"""
WORKLOADS = ENTRY.format(name="web", host=1) + ENTRY.format(name="db", host=2)


class Stream:
    """A StreamSecrets call: ask(names), then next()."""

    def __init__(self, channel):
        self.requests, self.last = queue.Queue(), None
        method = channel.stream_stream(SERVICE + "StreamSecrets",
                                       response_deserializer=messages("envoy_sds").DiscoveryResponse.FromString)
        self.call = method(iter(self.requests.get, None), timeout=20)

    def ask(self, *names, **fields):
        self.requests.put(request(*names, **fields).SerializeToString())

    def acknowledge(self, *names, nonce=None, **fields):
        self.ask(*names, version_info=self.last.version_info, response_nonce=nonce or self.last.nonce, **fields)

    def next(self):
        self.last = next(self.call)
        return read(self.last)

    def code(self):
        with pytest.raises(grpc.RpcError) as failure:
            next(self.call)
        return failure.value.code()


def request(*names, minor=None, **fields):
    asked = messages("envoy_sds").DiscoveryRequest(resource_names=names, type_url=SECRET, **fields)
    if minor is not None:
        version = asked.node.user_agent_build_version.version
        version.major_number, version.minor_number = 1, minor
    return asked


def read(response):
    """The secrets of an answer by name."""
    assert response.type_url == SECRET and all(resource.type_url == SECRET for resource in response.resources)
    secrets = [messages("envoy_sds").Secret.FromString(resource.value) for resource in response.resources]
    return {secret.name: secret for secret in secrets}


@pytest.fixture
def socket(start, state, resources):
    resources.write("workloads.yaml", WORKLOADS)
    start("identity", "--state", state, resources.path).wait_for_log("Workload API at")
    return state / "workload-api.sock"


@pytest.fixture
def api(socket):
    connected = WorkloadApi(socket)
    yield connected
    connected.close()


@pytest.fixture
def stream(api):
    opened = Stream(api.channel)
    yield opened
    opened.requests.put(None)
    opened.call.cancel()


@pytest.fixture
def fetch(api):
    """FetchSecrets: fetch("default", minor=30)["default"]"""
    method = api.channel.unary_unary(SERVICE + "FetchSecrets",
                                     response_deserializer=messages("envoy_sds").DiscoveryResponse.FromString)
    return lambda *names, **fields: read(method(request(*names, **fields).SerializeToString(), timeout=20))


def leaf_of(secret):
    return x509.load_pem_x509_certificate(secret.tls_certificate.certificate_chain.inline_bytes)


def roots(api):
    """The bundle as the Workload API has it, in PEM."""
    found = certificates(next(api.fetch_x509_svid()).svids[0].bundle)
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in found)


def test_the_default_certificate_comes_with_its_key(api, fetch):
    secret = fetch("default")["default"]
    key = serialization.load_pem_private_key(secret.tls_certificate.private_key.inline_bytes, None)
    leaf = leaf_of(secret)
    assert spiffe_ids(leaf) == [next(api.fetch_x509_svid()).svids[0].spiffe_id]
    assert key.public_key().public_numbers() == leaf.public_key().public_numbers()
    assert secret.tls_certificate.certificate_chain.inline_bytes.count(b"BEGIN CERTIFICATE") == 2


def test_identities_and_bundles_are_known_by_their_ids(api, fetch):
    found = fetch(WEB, DB, DOMAIN, DB, "")
    assert sorted(found) == [DOMAIN, DB, WEB]
    assert [spiffe_ids(leaf_of(found[name])) for name in (WEB, DB)] == [[WEB], [DB]]
    assert found[DOMAIN].validation_context.trusted_ca.inline_bytes == roots(api)


def test_without_names_all_is_sent(fetch):
    assert sorted(fetch()) == [DOMAIN, DB, WEB]


@pytest.mark.parametrize("name, minor, has_validator", [
    ("ROOTCA", None, False), ("ROOTCA", 17, False), ("ROOTCA", 18, True), (DOMAIN, 30, True), ("ALL", 30, True)])
def test_bundles_come_as_this_envoy_can_use_them(api, fetch, name, minor, has_validator):
    context = fetch(name, minor=minor)[name].validation_context
    if not has_validator:
        assert context.trusted_ca.inline_bytes == roots(api) and not context.HasField("custom_validator_config")
        return
    config = context.custom_validator_config
    assert (config.name, config.typed_config.type_url) == ("envoy.tls.cert_validator.spiffe", VALIDATOR)
    (domain,) = messages("envoy_sds").SpiffeValidator.FromString(config.typed_config.value).trust_domains
    assert (domain.name, domain.trust_bundle.inline_bytes) == ("cluster.local", roots(api))


@pytest.mark.parametrize("name", ["Default", "spiffe://other.example", WEB + "x", "../key"])
def test_nobody_gets_what_is_not_theirs(fetch, stream, name):
    with pytest.raises(grpc.RpcError) as failure:
        fetch("default", name)
    assert failure.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert f"'{name}'" in failure.value.details()
    stream.ask(name)
    assert stream.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_what_is_no_question_for_secrets_is_refused(api, fetch, stream):
    stream.requests.put(b"\xff\xff")
    assert stream.code() == grpc.StatusCode.INVALID_ARGUMENT
    other = messages("envoy_sds").DiscoveryRequest(type_url="type.googleapis.com/envoy.config.cluster.v3.Cluster")
    second = Stream(api.channel)
    second.requests.put(other.SerializeToString())
    assert second.code() == grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.RpcError):
        fetch(*(f"spiffe://domain-{number}" for number in range(65)))
    delta = api.channel.stream_stream(SERVICE + "DeltaSecrets")(iter([b""]), timeout=20)
    with pytest.raises(grpc.RpcError) as failure:
        next(delta)
    assert failure.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_stream_follows_names_and_identities(stream, resources):
    stream.ask("ROOTCA", minor=30)
    assert list(stream.next()) == ["ROOTCA"]
    first = stream.last
    stream.acknowledge("ROOTCA")  # says nothing new
    stream.acknowledge("ROOTCA", WEB)
    found = stream.next()
    assert sorted(found) == ["ROOTCA", WEB]
    assert found["ROOTCA"].validation_context.HasField("custom_validator_config")  # the node was told once
    assert stream.last.nonce != first.nonce and int(stream.last.version_info) == int(first.version_info) + 1
    stream.acknowledge(DB, nonce=first.nonce)  # about an answer that is no longer the last
    stream.acknowledge(WEB, "ROOTCA")
    resources.write("workloads.yaml", WORKLOADS + ENTRY.format(name="cart", host=3))
    assert sorted(stream.next()) == ["ROOTCA", WEB]
    resources.write("workloads.yaml", ENTRY.format(name="db", host=2))
    assert stream.code() == grpc.StatusCode.INVALID_ARGUMENT  # web is gone


def test_who_loses_every_identity_loses_the_stream(stream, resources):
    stream.ask("default")
    stream.next()
    resources.write("workloads.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
    assert stream.code() == grpc.StatusCode.PERMISSION_DENIED


def test_renewal_reaches_the_stream(start, state, resources):
    resources.write("workloads.yaml", WORKLOADS)
    start("identity", "--state", state, "--svid-ttl", "2s", resources.path).wait_for_log("Workload API at")
    api = WorkloadApi(state / "workload-api.sock")
    stream = Stream(api.channel)
    stream.ask("default")
    serials = {leaf_of(stream.next()["default"]).serial_number for _ in range(3)}
    stream.call.cancel()
    api.close()
    assert len(serials) == 3


def test_a_refusal_of_an_envoy_is_logged_once(start, state, resources):
    resources.write("workloads.yaml", WORKLOADS)
    role = start("identity", "--state", state, resources.path)
    role.wait_for_log("Workload API at")
    api = WorkloadApi(state / "workload-api.sock")
    stream = Stream(api.channel)
    stream.ask("default")
    stream.next()
    for _ in range(3):
        stream.acknowledge("default", error_detail={"message": "no such curve"})
    stream.acknowledge("ROOTCA")
    stream.next()
    api.close()
    assert role.log.count("an Envoy refuses its secrets: no such curve") == 1


def test_keys_that_are_handed_out_are_on_record(fetch, mangrove, state):
    def deliveries():
        return [line for line in mangrove("id", "audit", "--state", state).stdout.splitlines() if "deliver" in line]

    fetch("ROOTCA")
    assert not deliveries()
    fetch("default")
    assert deliveries()
