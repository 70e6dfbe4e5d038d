# SPDX-License-Identifier: Apache-2.0
"""`mangrove admit` as the API server sees it: TLS, AdmissionReviews, labels of namespaces, reloads."""

import http.client
import json
import shutil
import socket
import ssl
import subprocess

import pytest
from harness.process import free_port, wait_for
from harness.wire import client_tls

PRIVILEGED = {"containers": [{"name": "a", "image": "a:1", "securityContext": {"privileged": True}}]}
HARDENED = {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "a", "image": "a:1", "securityContext": {
                "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}


def review(spec, namespace="shop", uid="u1", **request):
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": namespace}, "spec": spec}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": uid, "operation": "CREATE", "namespace": namespace, "name": "web",
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "userInfo": {"username": "alice"}, "object": pod, **request}}


class Webhook:
    def __init__(self, start, folder, ca, *options, client=None):
        self.port, self.admin, self.folder, self.ca = free_port(), free_port(), folder, ca
        self.install(ca.leaf(dns=["localhost"]))
        self.context = ssl.create_default_context(cafile=str(ca.bundle))
        self.context.check_hostname = False
        if client:
            self.context.load_cert_chain(client.certificate, client.key)
        self.process = start("admit", "--listen", f"127.0.0.1:{self.port}", "--admin", f"127.0.0.1:{self.admin}",
                             "--certificate", folder / "tls.crt", "--key", folder / "tls.key", *options)
        self.process.wait_for_port(self.port, self.admin)

    def install(self, leaf):
        for source, name in ((leaf.certificate, "tls.crt"), (leaf.key, "tls.key")):
            shutil.copy(source, self.folder / f"{name}.new")
            (self.folder / f"{name}.new").rename(self.folder / name)

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=self.context)

    def ask(self, body, path="/validate", connection=None):
        connection = connection or self.connect()
        connection.request("POST", path, body if isinstance(body, (str, bytes)) else json.dumps(body),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text)["response"] if answer.status == 200 else text.decode()

    def page(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def serial(self):
        context = ssl.create_default_context(cafile=str(self.ca.bundle))
        context.check_hostname = False
        with context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 5)) as wire:
            return wire.getpeercert()["serialNumber"]


def test_reviews_are_answered_over_one_connection(start, state, ca):
    webhook = Webhook(start, state, ca)
    connection = webhook.connect()
    status, response = webhook.ask(review(PRIVILEGED), connection=connection)
    assert (status, response["uid"], response["allowed"]) == (200, "u1", False)
    assert response["status"]["code"] == 403
    assert 'violates PodSecurity "baseline:latest": privileged' in response["status"]["message"]
    wire = connection.sock
    status, response = webhook.ask(review(HARDENED, uid="u2"), connection=connection)
    assert (response["uid"], response["allowed"]) == ("u2", True)
    assert connection.sock is wire
    status, response = webhook.ask(review(HARDENED), path="/validate/nothing:v1")
    assert status == 404 and "there is no level 'nothing'" in response
    status, response = webhook.ask(review({"containers": [{"name": "a", "image": "a:1"}]}), path="/validate/restricted:v1.30?timeout=5s")
    assert not response["allowed"] and "restricted:v1.30" in response["status"]["message"]
    assert webhook.page("/healthz") == (200, "ok\n")
    metrics = webhook.page("/metrics")[1]
    assert 'mangrove_admission_reviews_total{verdict="denied"} 2' in metrics
    assert 'mangrove_admission_reviews_total{verdict="allowed"} 1' in metrics
    assert "mangrove_admission_review_duration_seconds_count 3" in metrics
    assert "refused CREATE pods/shop/web by alice: violates PodSecurity" in webhook.process.log


def test_curl_speaks_to_it(start, state, ca):
    webhook = Webhook(start, state, ca)
    (state / "review.json").write_text(json.dumps(review(PRIVILEGED)))
    done = subprocess.run(["curl", "-sS", "--cacert", ca.bundle, "--connect-to", f"localhost:{webhook.port}:127.0.0.1:",
                           "-H", "Expect: 100-continue", "--data-binary", f"@{state / 'review.json'}",
                           f"https://localhost:{webhook.port}/validate"], capture_output=True, text=True, timeout=20)
    assert json.loads(done.stdout)["response"]["allowed"] is False, done.stderr


@pytest.mark.parametrize("path, body, status", [
    ("/validate", "", 400), ("/validate", "{", 400), ("/validate", "[1]", 400),
    ("/validate", json.dumps({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1beta1"}), 400),
    ("/validate", "[" * 100000, 400), ("/other", "{}", 405),
], ids=["empty", "cut off", "a list", "v1beta1", "deep", "another path"])
def test_what_is_no_review_is_refused(start, state, ca, path, body, status):
    webhook = Webhook(start, state, ca)
    assert webhook.ask(body, path)[0] == status
    assert webhook.ask(review(HARDENED))[1]["allowed"]


def test_a_review_has_a_bound(start, state, ca):
    webhook = Webhook(start, state, ca)
    connection = webhook.connect()
    connection.putrequest("POST", "/validate")
    connection.putheader("Content-Length", str(1 << 40))
    connection.endheaders()
    assert connection.getresponse().status == 413
    assert webhook.ask(review(HARDENED))[1]["allowed"]


def test_reviews_are_never_answered_in_the_clear(start, state, ca):
    webhook = Webhook(start, state, ca)
    connection = http.client.HTTPConnection("127.0.0.1", webhook.admin, timeout=10)
    connection.request("POST", "/validate", json.dumps(review(HARDENED)))
    assert connection.getresponse().status == 403


def test_labels_of_namespaces_are_followed(start, state, ca, resources):
    def namespace(level):
        return resources.write("shop.yaml", f"""\
            apiVersion: v1
            kind: Namespace
            metadata:
              name: shop
              labels:
                pod-security.kubernetes.io/enforce: {level}
            """)

    namespace("privileged")
    webhook = Webhook(start, state, ca, "--namespaces", resources.path)
    assert webhook.ask(review(PRIVILEGED))[1]["allowed"]
    namespace("restricted")
    wait_for(lambda: not webhook.ask(review(PRIVILEGED))[1]["allowed"], "the new label is in force", 20)
    assert webhook.ask(review(HARDENED))[1]["allowed"]


def test_a_new_certificate_is_taken_up_and_a_broken_one_is_not(start, state, ca):
    webhook = Webhook(start, state, ca)
    before = webhook.serial()
    webhook.install(ca.leaf(dns=["localhost"]))
    wait_for(lambda: webhook.serial() != before, "the new certificate is in use", 20)
    good = webhook.serial()
    (webhook.folder / "tls.crt").write_text("no certificate")
    webhook.process.wait_for_log("the certificate in use stays", 20)
    assert webhook.serial() == good and webhook.ask(review(HARDENED))[1]["allowed"]


def test_only_clients_of_the_authority_where_one_is_named(start, state, ca, foreign_ca):
    options = ["--client-ca", ca.bundle]
    leaf = ca.leaf(dns=["api-server"])
    webhook = Webhook(start, state, ca, *options, client=leaf)
    assert webhook.ask(review(HARDENED))[1]["allowed"]
    for stranger in (client_tls(), client_tls(foreign_ca.leaf(dns=["api-server"]))):
        stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
        with pytest.raises((OSError, http.client.HTTPException)):
            webhook.context = stranger
            webhook.ask(review(HARDENED))


def test_one_review_from_a_file(mangrove, tmp_path):
    (tmp_path / "review.json").write_text(json.dumps(review(PRIVILEGED)))
    refused = mangrove("admit", "--review", tmp_path / "review.json")
    assert refused.returncode == 1 and not json.loads(refused.stdout)["response"]["allowed"]
    allowed = mangrove("admit", "--dry-run", "--review", tmp_path / "review.json")
    response = json.loads(allowed.stdout)["response"]
    assert allowed.returncode == 0 and response["allowed"] and "would be refused" in response["warnings"][0]
    exempt = mangrove("admit", "--exempt-user", "alice", "--review", tmp_path / "review.json")
    assert json.loads(exempt.stdout)["response"]["auditAnnotations"] == {"exempt": "user"}
    assert mangrove("admit").returncode == 2
