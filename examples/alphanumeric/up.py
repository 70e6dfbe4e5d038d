#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the demo: the mesh and its services, until Ctrl-C. Started by ./dev up.

Everything it writes is below one state folder: STATE/mesh (the resource files, yours to edit while
it runs), STATE/gateway (the certificate for localhost) and STATE/log. It needs no root.
"""

import base64
import ctypes
import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BINARY = Path(os.environ.get("MANGROVE", ROOT / "build/src/cmd/mangrove"))
SERVICES = [
    "api-gateway", "voice-terminal", "session-manager", "database-service", "audit-service", "web-front",
]
READY_SECONDS = 30


class Problem(Exception):
    """Something to tell the user; nothing of ours is wrong."""


def note(text=""):
    print(text, flush=True)


# --- ports --------------------------------------------------------------------------------------


class Ports:
    """Each port has a default, which is the one in the files, and a variable that sets another."""

    def __init__(self):
        self.replaced = {}  # as in the files: as set
        self.busy = []
        self.gateway = self.take(8443, "GATEWAY_PORT")
        self.gateway_http = self.take(8080, "GATEWAY_HTTP_PORT")
        self.admin = self.take(15000, "ADMIN_PORT")
        first = int(os.environ.get("SERVICE_PORT", 7000))
        self.service, self.outbound = {}, {}
        for number, name in enumerate(SERVICES, 1):
            self.service[name] = self.take(7000 + number, "SERVICE_PORT", first + number)
            self.outbound[name] = self.take(7100 + number, "SERVICE_PORT", first + 100 + number)
        if self.busy:
            raise Problem("\n".join(self.busy))

    def take(self, default, variable, port=None):
        port = port or int(os.environ.get(variable, default))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                self.busy.append(
                    f"port {port} of 127.0.0.1 cannot be used: {error.strerror.lower()}. Stop what uses"
                    f" it, or set another: {variable}=… ./dev up")
        self.replaced[str(default)] = str(port)
        return port


# --- files --------------------------------------------------------------------------------------


def copy_resources(target, ports):
    """The resource files with the ports of this run. Edits of the last run are gone."""
    shutil.rmtree(target, ignore_errors=True)
    for source in sorted((HERE / "mesh").rglob("*.yaml")):
        copy = target / source.relative_to(HERE / "mesh")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(re.sub(r"\b\d+\b", lambda port: ports.replaced.get(port[0], port[0]),
                               source.read_text()))


def make_certificate(folder):
    """A certificate for localhost that lasts a month, made again when it is about to end."""
    certificate, key = folder / "localhost.pem", folder / "localhost.key"
    lasts = ["openssl", "x509", "-checkend", "86400", "-noout", "-in", certificate]
    if certificate.exists() and subprocess.run(lasts, capture_output=True).returncode == 0:
        return certificate
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate


def write_secret(path, certificate):
    """The Secret that the Gateway's credentialName names."""
    text = "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\n"
    text += "metadata:\n  name: alphanumeric-gateway\n  namespace: istio-system\ndata:\n"
    for field, file in (("tls.crt", certificate), ("tls.key", certificate.with_suffix(".key"))):
        text += f"  {field}: {base64.b64encode(file.read_bytes()).decode()}\n"
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


# --- processes ----------------------------------------------------------------------------------


class Processes:
    """Children that end with us, each with a log file. Named for people."""

    def __init__(self, logs):
        self.logs, self.running = logs, {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name, command, **environment):
        def die_with_parent():
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG

        with open(self.log(name), "wb") as log:
            self.running[name] = subprocess.Popen(
                command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, preexec_fn=die_with_parent)

    def log(self, name):
        return self.logs / f"{name}.log"

    def check(self):
        """Raises where one has ended, with the end of its log."""
        for name, process in self.running.items():
            if process.poll() is not None:
                lines = self.log(name).read_text(errors="replace").splitlines()[-15:]
                raise Problem(f"{name} ended with status {process.returncode}:\n  "
                              + "\n  ".join(lines or ["(it said nothing)"]))

    def stop(self):
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + 10
        for process in self.running.values():
            try:
                process.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
        for process in self.running.values():
            try:
                os.killpg(process.pid, signal.SIGKILL)  # whatever is left of its session
            except ProcessLookupError:
                pass
            process.wait()


# --- readiness ----------------------------------------------------------------------------------


def answers(port, certificate, path):
    """Status of a GET through the gateway, or what stands in the way."""
    context = ssl.create_default_context(cafile=str(certificate))
    connection = http.client.HTTPSConnection("localhost", port, timeout=3, context=context)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()


def wait_until_ready(processes, port, certificate):
    deadline = time.monotonic() + READY_SECONDS
    paths = ["/", "/api/v1/events"]
    while True:
        processes.check()
        found = {path: answers(port, certificate, path) for path in paths}
        if all(status == 200 for status in found.values()):
            return
        if time.monotonic() > deadline:
            raise Problem(f"not ready after {READY_SECONDS} s: {found}; the logs are in {processes.logs}")
        time.sleep(0.1)


# --- what is shown ------------------------------------------------------------------------------


def show_status(ports, processes):
    row = "  {:18} {:50} {:17} {}".format
    note("\n" + row("service", "identity: spiffe://cluster.local/…", "mutual TLS at", "log"))
    for number, name in enumerate(SERVICES, 1):
        suffix = "" if name.endswith("-service") or name == "web-front" else "-service"
        identity = f"ns/alphanumeric-system/sa/{name}{suffix}"
        address = f"127.0.10.{number}:{ports.service[name]}"
        note(row(name, identity, address, shown(processes.log(name))))
    note(row("mangrove", "(supervisor, identity, proxy)", "", shown(processes.log("mangrove"))))


def shown(path):
    """As short as it can be pasted from the clone."""
    path = Path(path)
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def show_commands(ports, state, certificate):
    curl = f"curl --cacert {shown(certificate)}"
    site = f"https://localhost:{ports.gateway}"
    policy = shown(state / "mesh/policy/voice-terminal.yaml")
    log = shown(state / "log/access.log")
    database = f"127.0.10.4:{ports.service['database-service']}"
    note(f"""
Open {site}/ or paste, in another terminal, from {ROOT}:

1. A call that goes through four services; each answers with whom it verified:
   {curl} {site}/api/v1/speak -d '{{"text":"hello"}}'

2. A call that a policy denies, and the line that says which and why:
   {curl} {site}/api/v1/database; sleep 1; grep '"decision":"deny"' {log} | tail -1

3. Past the mesh there is no way in (curl: connection reset or empty reply):
   curl http://{database}/data/sessions

4. A policy changed while traffic flows: 200 becomes 403, then 200 again, and nothing fails:
   for i in $(seq 60); do {curl} -s -o /dev/null -w '%{{http_code}} ' {site}/api/v1/speak -d '{{"text":"count"}}'
     case $i in 20) sed -i s/POST/PUT/ {policy};; 40) sed -i s/PUT/POST/ {policy};; esac; done; echo

5. Certificates, an hour each, renewed at half-life (SVID_TTL=20s ./dev up shows it at once):
   {shown(BINARY)} id list --state {shown(state)}

Ctrl-C ends everything.""")


# --- the run ------------------------------------------------------------------------------------


def run(state, processes):
    ports = Ports()
    copy_resources(state / "mesh", ports)
    certificate = make_certificate(state / "gateway")
    write_secret(state / "gateway/secret.yaml", certificate)
    access_log = state / "log/access.log"
    access_log.unlink(missing_ok=True)
    processes.start("mangrove", [
        BINARY, "up", "--state", state, "--admin", f"127.0.0.1:{ports.admin}", "--access-log", access_log,
        "--svid-ttl", os.environ.get("SVID_TTL", "1h"), "--sensor", os.environ.get("SENSOR", "off"),
        state / "mesh", state / "gateway/secret.yaml"])
    for name in SERVICES:
        program = HERE / "services" / f"{name.replace('-', '_')}.py"
        processes.start(name, [sys.executable, "-B", program], PORT=str(ports.service[name]),
                        OUTBOUND_PORT=str(ports.outbound[name]))
    note("Starting the mesh and six programs …")
    wait_until_ready(processes, ports.gateway, certificate)
    show_status(ports, processes)
    show_commands(ports, state, certificate)
    while True:
        processes.check()
        time.sleep(0.5)


def main():
    state = Path(sys.argv[1]).resolve()
    processes = Processes(state / "log")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run(state, processes)
    except KeyboardInterrupt:
        note("\nStopping …")
        return 0
    except Problem as problem:
        print(f"\ndemo: {problem}", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        processes.stop()


if __name__ == "__main__":
    sys.exit(main())
