# SPDX-License-Identifier: Apache-2.0
"""One topology with one peer: the backend, the peer's proxies, and how the client reaches them."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from compare import machine
from compare.topology import TOPOLOGIES, Topology

PEERS = Path(__file__).resolve().parent.parent / "peers"
NOT_SUPPORTED = 3  # exit status of a peer's script
REFUSAL_SECONDS = 0.7  # without an answer for so long a request counts as refused


class BedProblem(Exception):
    """A peer that does not start, or lets through what it must refuse."""


class Bed:
    """Used with `with`: everything is down and gone at its end."""

    def __init__(self, plan, peer, metric):
        self.plan, self.metric = plan, metric
        self.name, _, self.variant = peer.partition(":")
        self.topology = TOPOLOGIES[plan.topology] if self.name != "direct" else Topology("direct")
        self.nice = plan.nice if metric == "lat" else 0
        self.folder = Path(tempfile.mkdtemp(dir=plan.folder))
        self.children, self.proxies = [], []  # proxies: (child, environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child, environment in self.proxies:
            self._script("stop", environment, str(child.pid))
        for child, _ in self.proxies:
            try:
                child.wait(2)
            except subprocess.TimeoutExpired:
                pass
        for child in self.children:
            machine.end(child)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- coming up

    def come_up(self):
        """False where the peer does not support this."""
        upstream = self._start_backend()
        environments = []
        for role in reversed(self.topology.roles):
            port = machine.free_port()
            environments.append(self._environment(role, port, upstream))
            upstream = port
        self.port = upstream
        for environment in environments:
            status = self._script("config", environment)
            if status == NOT_SUPPORTED:
                return False
            if status:
                raise BedProblem(f"peers/{self.name}/config failed with status {status}")
        for environment in environments:
            self._start_proxy(environment)
        self._wait_for_first_answer()
        self._require_refusals()
        return True

    def _start_backend(self):
        port = machine.free_port()
        # alone and saturated, the backend is what is measured
        alone = not self.topology.roles and self.metric == "max"
        cpus = self.plan.proxy_cpus if alone else self.plan.load_cpus
        self.backend = machine.start([self.plan.tools / "backend", "127.0.0.1", str(port)], cpus, self.nice)
        self.children.append(self.backend)
        return port

    def _environment(self, role, port, upstream):
        folder = self.folder / role
        folder.mkdir()
        return dict(
            os.environ, ROLE=role, DIR=str(folder), LISTEN=f"127.0.0.1:{port}",
            UPSTREAM=f"127.0.0.1:{upstream}", CERTS=str(self.plan.certificates),
            WORKERS=str(self.plan.workers), MAXCONN="12000" if self.metric == "mem" else "4096",
            VARIANT=self.variant, RULES=str(self.plan.rules_file or ""), STATIC=str(self.plan.static_files),
            BIN=str(self.plan.tools), MANGROVE=str(self.plan.mangrove),
            JWT_ALG=self.plan.jwt if self.topology.needs_token else "")

    def _start_proxy(self, environment):
        self.started_at = time.monotonic()  # of the last, which the client reaches
        with open(f"{environment['DIR']}/out", "wb") as out:
            child = machine.start([PEERS / self.name / "start"], self.plan.proxy_cpus, self.nice,
                                  env=environment, stdout=out, stderr=out)
        self.children.append(child)
        self.proxies.append((child, environment))

    def _script(self, verb, environment, *arguments):
        return subprocess.run([PEERS / self.name / verb, *arguments], env=environment,
                              stderr=None if verb == "config" else subprocess.DEVNULL).returncode

    def reload(self):
        """False where the peer cannot."""
        child, environment = self.proxies[0]
        return self._script("reload", environment, str(child.pid)) == 0

    def _wait_for_first_answer(self):
        answer = json.loads(self.load("-w") or "{}")
        if not answer:
            logs = [path for path in self.folder.glob("*/*") if path.name == "out" or path.suffix == ".log"]
            said = "\n".join(path.read_text(errors="replace")[-1500:] for path in logs)
            raise BedProblem(f"{self.name} gives no right answer:\n{said}")
        self.start_ms = (answer["t"] - self.started_at) * 1000 if self.proxies else 0

    def _require_refusals(self):
        """The peer must really do the work that it is measured for."""
        if self.topology.client_certificate and self._is_answered(certificate=False):
            raise BedProblem(f"{self.name} accepts a client without a certificate")
        if self.plan.topology == "t4" and self.proxies and self._is_answered(path="/other/128"):
            raise BedProblem(f"{self.name} lets a forbidden path through")
        if self.topology.needs_token and self._is_answered(token=False):
            raise BedProblem(f"{self.name} accepts a request without a token")

    # --- the client

    def load_command(self, *options, path=None, certificate=True, token=True):
        certificates = self.plan.certificates
        command = [self.plan.tools / "load"]
        if self.topology.tls:
            command += ["-t", "-S", self.topology.server_name]
        if self.topology.client_certificate and certificate:
            command += ["-C", certificates / "client.pem", "-K", certificates / "client.key"]
        if self.topology.needs_token and token:
            command += ["-h", f"Authorization: Bearer {self.token()}"]
        if self.plan.topology == "t3static":
            command += ["-h", "Accept-Encoding: gzip"]
        return [*map(str, command), *options, "127.0.0.1", str(self.port), path or self.plan.path]

    def token(self):
        return (self.plan.certificates / f"jwt-{self.plan.jwt}.token").read_text()

    def start_load(self, *options, **streams):
        return machine.start(self.load_command(*options), self.plan.load_cpus, self.nice, text=True, **streams)

    def load(self, *options):
        child = self.start_load(*options, stdout=subprocess.PIPE)
        try:
            return child.communicate(timeout=110)[0]
        except subprocess.TimeoutExpired:
            return ""
        finally:
            machine.end(child)

    def _is_answered(self, **wrong):
        child = machine.start(self.load_command("-c", "1", "-w", **wrong), self.plan.load_cpus,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            return child.communicate(timeout=REFUSAL_SECONDS)[0] != b""
        except subprocess.TimeoutExpired:
            return False
        finally:
            machine.end(child)

    def pids(self):
        """Every process of the peer; with none, the backend."""
        return [pid for child, _ in self.proxies for pid in machine.process_tree(child.pid)] or [
            self.backend.pid]
