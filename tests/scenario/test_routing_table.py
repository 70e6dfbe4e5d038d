# SPDX-License-Identifier: Apache-2.0
"""The routing table (tests/table/routing/README.md): every row is a request through a running proxy."""

import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from harness.certificates import CertificateAuthority
from harness.mesh import Mesh
from harness.origin import HttpOrigin
from harness.process import ROOT, Process, free_port
from harness.wire import get

TABLE = ROOT / "tests" / "table" / "routing"
UPSTREAMS = ("one", "two", "three")
CALLERS = {"web": "default", "batch": "jobs"}

GATEWAY = """
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: gateway, namespace: istio-system}}
spec: {{address: 127.0.20.200, labels: {{istio: ingressgateway}}, serviceAccount: gateway}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: edge, namespace: default}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
  - {{port: {{number: {port}, name: http, protocol: HTTP}}, bind: 127.0.0.1, hosts: ["*"]}}
"""


class Folder:
    """What the fixture `resources` is, for longer than a test."""

    def __init__(self, path):
        self.path = path
        path.mkdir()

    def write(self, name, text):
        (self.path / name).write_text(text)
        return self.path / name


class World:
    """One proxy with the resources of one file, in front of three plain upstreams."""

    def __init__(self, table):
        self.state = Path(tempfile.mkdtemp(prefix="s"))
        self.origins = [HttpOrigin(name) for name in UPSTREAMS]
        self.processes = []
        ca = CertificateAuthority(self.state / "ca")
        mesh = self.mesh = Mesh(self._start, Folder(self.state / "resources"), ca, self.state)
        for origin in self.origins:
            mesh.outside(f"{origin.name}.example", origin.port)
        self.ports = {name: mesh.speak_as(name, namespace) for name, namespace in CALLERS.items()}
        self.ports["edge"] = free_port()
        mesh.leaves["gateway"] = ca.leaf(mesh.id_of("gateway", "istio-system"))
        mesh.write("gateway.yaml", GATEWAY.format(port=self.ports["edge"]))
        mesh.write("table.yaml", self.fill_in(table["resources"]))
        mesh.start()

    def _start(self, command, *arguments):
        self.processes.append(Process(command, [command, *arguments], self.state / "proxy.log"))
        return self.processes[-1]

    def fill_in(self, text):
        return str(text).replace("${edge_port}", str(self.ports["edge"]))

    def ask(self, row):
        path, headers = row.get("path", "/"), dict(row.get("headers", {}))
        headers.setdefault("Host", row.get("host", "shop.example"))
        return get(self.ports[row.get("from", "edge")], path, row.get("method", "GET"), row.get("body"),
                   {name: str(value) for name, value in headers.items()})

    def stop(self):
        for process in self.processes:
            process.stop()
        for origin in self.origins:
            origin.stop()
        shutil.rmtree(self.state, ignore_errors=True)


@pytest.fixture(scope="session")
def world_of(nothing_is_left_behind):
    """The world of a file, started when a row first asks for it."""
    worlds = {}

    def world(path):
        if path not in worlds:
            worlds[path] = None  # of a file that does not start the first row tells why
            worlds[path] = World(read(path))
        assert worlds[path], f"the proxy of {path.name} did not start"
        return worlds[path]

    yield world
    for each in filter(None, worlds.values()):
        each.stop()


def read(path):
    return yaml.safe_load(path.read_text())


def all_rows():
    for path in sorted(TABLE.glob("*.yaml")):
        for row in read(path)["rows"]:
            yield pytest.param(path, row, id=f"{path.stem}: {row['name']}")


def wrong_fields(wanted, seen, world):
    """Each of the wanted that is not so; None: it must not be there."""
    return {name: seen.get(name) for name, value in (wanted or {}).items()
            if seen.get(name) != (None if value is None else world.fill_in(value))}


@pytest.mark.parametrize("path, row", all_rows())
def test_row(path, row, world_of):
    world = world_of(path)
    status, headers, body = world.ask(row)
    told = SimpleNamespace(**body) if isinstance(body, dict) and "origin" in body else None
    wanted_status = row.get("status", 200)
    assert status == wanted_status, (status, dict(headers), body, world.mesh.proxy.log)
    if row.get("method") != "HEAD":
        assert (told.origin if told else None) == row.get("to"), body
    assert not wrong_fields(row.get("answer"), headers, world), dict(headers)
    if "text" in row:
        assert (body or b"").decode() == row["text"]
    if told:
        assert not wrong_fields(row.get("sees"), told.headers, world), told.headers
        assert told.path == row.get("sees_path", told.path)


def test_enough_rows():
    assert len(list(all_rows())) >= 150


def test_names_are_not_used_twice():
    ids = [parameter.id for parameter in all_rows()]
    assert len(ids) == len(set(ids))


def test_what_can_never_be_reached_is_said_once(world_of):
    said = [line["message"] for line in world_of(TABLE / "hosts.yaml").mesh.proxy.log_lines()
            if line["level"] == "warn"]
    taken = [text for text in said if "'default/mesh-one', which comes first" in text]
    assert len(taken) == 1, said
    said = [line["message"] for line in world_of(TABLE / "matches.yaml").mesh.proxy.log_lines()
            if line["level"] == "warn"]
    assert len([text for text in said if "no request comes here: the route in line" in text]) == 1, said
