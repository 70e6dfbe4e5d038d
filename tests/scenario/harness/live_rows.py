# SPDX-License-Identifier: Apache-2.0
"""Rows of the policy table (tests/table/policy) asked of a running proxy, in a network of its own.

    run_groups([{"resources": YAML text, "rows": […]}, …])   for each, what came of each row

Every row becomes a real connection: with a certificate for `from`, out of the address `ip`, to a workload
at `to_ip`, at the time `at` (libfaketime). Groups run in a child in a network namespace whose loopback has
all those addresses, so rows may name any port and address; each starts a proxy for each time and protocol.

An answer is {"status": number, or 0 for a connection that was closed, "body": of a refusal, "line": of the
access log, "is_stranger": the caller's trust domain is none of the mesh's} or {"not_run": why}.
"""

import copy
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.certificates import CertificateAuthority  # noqa: E402
from harness.origin import RawOrigin, read_request  # noqa: E402
from harness.process import Process, wait_for  # noqa: E402
from harness.wire import client_tls  # noqa: E402

HTTP_PORT, TCP_PORT = 7, 9  # of rows that name none
YEARS = 60 * 24 * 365
FAKETIME = Path(f"/usr/lib/{os.uname().machine}-linux-gnu/faketime/libfaketimeMT.so.1")

def run_groups(groups, seconds=120):
    command = ["unshare", "--user", "--map-root-user", "--net", "--kill-child", sys.executable, "-B", __file__]
    done = subprocess.run(command, input=json.dumps(groups), capture_output=True, text=True, timeout=seconds,
                          check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr[-4000:])
    return json.loads(done.stdout)


def can_run():
    return subprocess.run(["unshare", "--user", "--map-root-user", "--net", "ip", "link", "set", "lo", "up"],
                          capture_output=True, check=False).returncode == 0


# --- what a row needs ---

def mesh_of(documents):
    """trust domain, aliases"""
    for document in documents:
        if document["kind"] == "ConfigMap" and document["metadata"]["name"] == "istio":
            mesh = yaml.safe_load(document["data"]["mesh"])
            return mesh.get("trustDomain", "cluster.local"), mesh.get("trustDomainAliases", [])
    return "cluster.local", []


def has_ipv6():
    try:
        socket.socket(socket.AF_INET6).close()
        return True
    except OSError:
        return False


def why_not(row):
    if row.get("not_live"):
        return row["not_live"]
    if row.get("at") and not FAKETIME.exists():
        return "libfaketime is not installed: the time cannot be chosen"
    if row.get("sni") and not row.get("from"):
        return "a server name without an identity is TLS that no mesh port takes"
    if row.get("ip", "").lower().startswith("::ffff:"):
        return "a listener of one family sees no mapped addresses"
    if ":" in row.get("ip", "") and not has_ipv6():
        return "this kernel has no IPv6"
    if row.get("ip") and row.get("to_ip") and (":" in row["ip"]) != (":" in row["to_ip"]):
        return "no connection has addresses of two families"
    return None


def place_of(row):
    """Rows of one place share a workload: its name, and the address it must have."""
    return row["to"], row.get("to_ip") or ("IPv6" if ":" in row.get("ip", "") else "IPv4")


class Group:
    def __init__(self, group, folder):
        self.resources, self.rows, self.folder = group["resources"], group["rows"], folder
        self.documents = [document for document in yaml.safe_load_all(self.resources) if document]
        self.trust_domain, aliases = mesh_of(self.documents)
        self.own = [self.trust_domain, *aliases]
        self.authorities = {
            domain: CertificateAuthority(folder / f"ca{number}", trust_domain=domain, minutes=(-60 * YEARS, 300 * YEARS))
            for number, domain in enumerate(self.own)}
        self.leaves = {}
        self.answers = [None] * len(self.rows)

    def leaf(self, identity):
        if identity not in self.leaves:
            domain = identity.split("/")[0]
            authority = self.authorities.setdefault(domain, self.authorities[self.trust_domain])
            self.leaves[identity] = authority.leaf(f"spiffe://{identity}", minutes=(-50 * YEARS, 250 * YEARS))
        return self.leaves[identity]

    def run(self):
        shifts = {}
        for index, row in enumerate(self.rows):
            reason = why_not(row)
            if reason:
                self.answers[index] = {"not_run": reason}
            else:
                shifts.setdefault((bool(row.get("tcp")), row.get("at")), []).append((index, row))
        for number, ((is_tcp, at), rows) in enumerate(shifts.items()):
            folder = self.folder / f"shift{number}"
            folder.mkdir()
            Shift(self, folder, is_tcp, at, rows).run()
        return self.answers


class Shift:
    """The rows of one protocol and time, behind one proxy."""

    def __init__(self, group, folder, is_tcp, at, rows):
        self.group, self.folder, self.is_tcp, self.at, self.rows = group, folder, is_tcp, at, rows
        self.default_port = TCP_PORT if is_tcp else HTTP_PORT
        self.places = {}  # place_of(row) -> address and ports
        self.origin = RawOrigin(answer)

    def run(self):
        try:
            proxy = self.start()
            try:
                for index, row in self.rows:
                    self.group.answers[index] = self.ask(index, row)
            finally:
                status = proxy.stop()
                assert status == 0, proxy.log
            self.read_log()
        finally:
            self.origin.stop()

    # --- the mesh ---

    def start(self):
        resources = self.folder / "resources"
        resources.mkdir()
        self.documents = copy.deepcopy(self.group.documents)
        identities = [self.workload(number, *key) for number, key in enumerate(
            sorted({place_of(row) for _, row in self.rows}))]
        self.documents += list(self.authorizers())
        (resources / "all.yaml").write_text(yaml.safe_dump_all(self.documents, sort_keys=False))
        svids = []
        # an alias is a trust domain with roots of its own, which come with an identity of it
        identities += [f"{alias}/ns/any/sa/any" for alias in self.group.own[1:]]
        for leaf in map(self.group.leaf, sorted(set(identities))):
            svids += ["--svid", f"{leaf.certificate},{leaf.key},{leaf.bundle}"]
        environment = {}
        if self.at:
            environment = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": "@" + self.at.replace("T", " ").rstrip("Z"),
                           "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
        proxy = Process("proxy", ["proxy", "--workers", "1", "--drain", "0s", "--access-log", self.folder / "log", *svids,
                                  resources], self.folder / "proxy.log", **environment)
        proxy.wait_for_log("plan 1 in force")
        for address, ports in self.places.values():
            wait_for(lambda: self.accepts(address, ports[0]), f"{address}:{ports[0]} accepts; the proxy says:\n{proxy.log}")
        return proxy

    @staticmethod
    def accepts(address, port):
        try:
            socket.create_connection((address, port), 1).close()
            return True
        except OSError:
            return False

    def find(self, to):
        """What the group says about this workload: (document or None, labels, ports), as explain takes it."""
        namespace, name = to.split("/", 1)
        if "=" in name:
            return None, dict(pair.split("=") for pair in name.split(",")), []
        for document in self.documents:
            spec, meta = document.get("spec", {}), document["metadata"]
            if (meta["name"], meta.get("namespace", "default")) != (name, namespace):
                continue
            if document["kind"] == "WorkloadEntry":
                return document, spec.get("labels", {}), list(spec.get("ports", {}).values())
            if document["kind"] == "Workload":
                return document, spec.get("labels", {}), [port["number"] for port in spec.get("ports", [])]
            if document["kind"] == "Service":
                return None, spec["selector"], [port.get("targetPort", port["port"]) for port in spec["ports"]]
        return None, {"app": name}, []

    def port_of(self, row):
        return row.get("port") or (self.find(row["to"])[2] or [self.default_port])[0]

    def authorizers(self):
        """Whom CUSTOM policies ask: explain takes them to say yes, and so does the origin."""
        for document in self.documents:
            if document["kind"] != "ConfigMap":
                continue
            for provider in yaml.safe_load(document["data"]["mesh"]).get("extensionProviders", []):
                asked = provider.get("envoyExtAuthzHttp")
                if asked:
                    yield {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry",
                           "metadata": {"name": provider["name"], "namespace": "istio-system"},
                           "spec": {"hosts": [asked["service"]], "location": "MESH_EXTERNAL", "resolution": "STATIC",
                                    "ports": [{"number": asked["port"], "name": "http", "protocol": "HTTP"}],
                                    "endpoints": [{"address": "127.0.0.1", "ports": {"http": self.origin.port}}]}}

    def workload(self, number, to, where):
        """Adds it to the documents and returns its identity."""
        namespace, name = to.split("/", 1)
        mark, address = f"w{number}", {"IPv4": f"127.30.0.{number + 1}", "IPv6": f"fd00::{number + 1:x}"}.get(where, where)
        document, labels, _ = self.find(to)
        labels = {key: value for key, value in labels.items() if key != "live"}
        ports = sorted({self.port_of(row) for _, row in self.rows if place_of(row) == (to, where)})
        self.places[to, where] = address, ports
        add_address(address)
        if document is None:
            name = mark if "=" in name else name
            document = {"apiVersion": "networking.istio.io/v1", "kind": "WorkloadEntry",
                        "metadata": {"name": name, "namespace": namespace}, "spec": {"serviceAccount": name}}
            self.documents.append(document)
        elif "live" in document["spec"].get("labels", {}):  # a second address: another instance of it
            document = copy.deepcopy(document)
            document["metadata"]["name"] += f"-{mark}"
            self.documents.append(document)
        document["spec"].update(address=address, labels={**labels, "live": mark})
        self.documents.append({
            "apiVersion": "networking.istio.io/v1", "kind": "Sidecar",
            "metadata": {"name": f"sidecar-{mark}", "namespace": namespace},
            "spec": {"workloadSelector": {"labels": {"live": mark}}, "ingress": [
                {"port": {"number": port, "name": f"port-{port}", "protocol": "TCP" if self.is_tcp else "HTTP"},
                 "defaultEndpoint": f"127.0.0.1:{self.origin.port}"} for port in ports]}})
        return f"{self.group.trust_domain}/ns/{namespace}/sa/{document['spec'].get('serviceAccount', 'default')}"

    # --- a row ---

    def ask(self, index, row):
        address, _ = self.places[place_of(row)]
        port = self.port_of(row)
        source = row.get("ip")
        if source:
            add_address(source)
        try:
            with socket.create_connection((address, port), 5,
                                          (source, 0) if source else None) as wire:
                if row.get("from"):
                    tls = client_tls(self.group.leaf(row["from"]), alpn=["istio"] if self.is_tcp else ["istio-http/1.1"])
                    wire = tls.wrap_socket(wire, server_hostname=row.get("sni"))
                with wire:
                    wire.sendall(self.request(index, row))
                    stream = wire.makefile("rb")
                    answer = stream.readline()
                    rest = stream.read() if answer.startswith(b"HTTP/1.1 4") else b""
        except (ConnectionError, ssl.SSLError, TimeoutError):
            answer = rest = b""
        status = int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.1 ") else 0
        is_stranger = bool(row.get("from")) and row["from"].split("/")[0] not in self.group.own
        return {"status": status, "is_stranger": is_stranger, "body": rest.partition(b"\r\n\r\n")[2].decode()}

    def request(self, index, row):
        if self.is_tcp:
            return b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        headers = {"host": row.get("host", "a"), "connection": "close", "x-request-id": f"row-{index}"}
        headers.update((name.lower(), value) for name, value in (row.get("headers") or {}).items())
        if row.get("token"):
            headers["authorization"] = f"Bearer {row['token']}"
        if row.get("remote_ip"):
            headers["x-forwarded-for"] = row["remote_ip"]
        lines = "".join(f"{name}: {item}\r\n" for name, value in headers.items()
                        for item in (value if isinstance(value, list) else [value]))
        return f"{row.get('method', 'GET')} {row.get('path', '/')} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")

    def read_log(self):
        for line in (self.folder / "log").read_text().splitlines():
            line = json.loads(line)
            if (line.get("request_id") or "").startswith("row-"):
                self.group.answers[int(line["request_id"][4:])]["line"] = line


async def answer(reader, writer):
    while await read_request(reader):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()


def add_address(address):
    subprocess.run(["ip", "addr", "add", address + ("/128" if ":" in address else "/32"), "dev", "lo",
                    *(["nodad"] if ":" in address else [])],
                   capture_output=True, check=False)


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    folder = Path(tempfile.mkdtemp(prefix="live"))
    try:
        answers = []
        for number, group in enumerate(json.load(sys.stdin)):
            (folder / str(number)).mkdir()
            answers.append(Group(group, folder / str(number)).run())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
