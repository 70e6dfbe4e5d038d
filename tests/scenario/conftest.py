# SPDX-License-Identifier: Apache-2.0
"""What every scenario may ask for, as fixtures; harness/ has what they are made of.

A test ends within a minute (pytest.ini), ends what it started, and where it fails shows the logs of
what it started. Tests run in parallel: ports come from free_port, files go below the given folders.
"""

import os
import shutil
import subprocess
import tempfile
import textwrap
from pathlib import Path

import pytest
from harness.certificates import CertificateAuthority
from harness.docker import Docker, missing
from harness.mesh import Mesh
from harness.origin import HttpOrigin, RawOrigin
from harness.pool import Pool
from harness.process import BINARY, SHARED, Process, wait_for

STARTED = pytest.StashKey()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure shows the log of every process that the test started."""
    report = (yield).get_result()
    if report.failed:
        for process in filter(lambda process: process.log_path.exists(), item.stash.get(STARTED, [])):
            report.sections.append((f"log of {process.name}", process.log[-8000:]))


@pytest.fixture(scope="session")
def mangrove():
    """Runs one command to its end: mangrove("check", "resources", path).returncode"""

    def run(*arguments, timeout=20, **options):
        command = [str(BINARY), *map(str, arguments)]
        return subprocess.run(command, timeout=timeout, text=True, capture_output=True, **options)

    return run


@pytest.fixture
def state():
    """An empty folder with a short name, as unix sockets need one."""
    folder = Path(tempfile.mkdtemp(prefix="s"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def start(request, state):
    """Starts a command that stays: proxy = start("proxy", "--state", state, folder). Ends it with the test."""
    started = request.node.stash.setdefault(STARTED, [])

    def start_command(*arguments, name=None, **options):
        name = name or arguments[0]
        process = Process(name, arguments, state / f"{name}-{len(started)}.log", **options)
        started.append(process)
        return process

    yield start_command
    for process in reversed(started):
        process.child.terminate()
    for process in reversed(started):
        try:
            process.child.wait(5)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{process.name} did not end within 5 s of SIGTERM:\n{process.log[-4000:]}")
        finally:
            process.kill()


@pytest.fixture
def resources(tmp_path):
    """A folder of resource files: resources.write("policy.yaml", text); resources.path"""

    class Resources:
        path = tmp_path / "resources"

        def write(self, name, text):
            """As editors and Kubernetes do: written beside, then renamed."""
            self.path.mkdir(exist_ok=True)
            new = self.path / f".{name}.new"
            new.write_text(textwrap.dedent(text))
            os.replace(new, self.path / name)
            return self.path / name

        def remove(self, name):
            (self.path / name).unlink()

    return Resources()


@pytest.fixture
def ca(tmp_path):
    """The certificate authority of cluster.local: ca.leaf("spiffe://cluster.local/ns/default/sa/web")"""
    return CertificateAuthority(tmp_path / "ca")


@pytest.fixture
def foreign_ca(tmp_path):
    """Another one that claims the same trust domain."""
    return CertificateAuthority(tmp_path / "foreign-ca", name="foreign root")


@pytest.fixture
def origin():
    """Starts HTTP servers: server = origin("web"); server.port; server.requests"""
    started = []

    def start_origin(name="origin", **options):
        started.append(HttpOrigin(name, **options))
        return started[-1]

    yield start_origin
    for server in started:
        server.stop()


@pytest.fixture
def raw_origin():
    """Starts servers that speak as the test says: raw_origin(async def on_connection(reader, writer))"""
    started = []

    def start_origin(on_connection, **options):
        started.append(RawOrigin(on_connection, **options))
        return started[-1]

    yield start_origin
    for server in started:
        server.stop()


@pytest.fixture
def mesh(start, resources, ca, state):
    """Workloads behind one proxy: mesh.serve("api", origin().port); mesh.start(); mesh.get("api", leaf=…)"""
    return Mesh(start, resources, ca, state)


@pytest.fixture
def docker(start, state):
    """A Docker daemon of its own, with the image `busybox`: docker.run("sleep", "60", name="web")"""
    reason = missing()
    if reason:
        pytest.skip(reason)
    daemon = Docker(start, state / "docker")
    yield daemon
    daemon.stop()


@pytest.fixture
def pool(mesh):
    """A client of several endpoints: pool([origin("a"), origin("b")], "loadBalancer: {simple: RANDOM}").picks(10)"""
    return lambda servers, traffic="", **options: Pool(mesh, servers, traffic, **options)


@pytest.fixture
def shared():
    """The folder of data from outside (MANGROVE_SHARED); skips where it is not there."""
    if not SHARED.is_dir():
        pytest.skip(f"there is no {SHARED}; MANGROVE_SHARED names the folder of outside data")
    return SHARED


@pytest.fixture(autouse=True, scope="session")
def nothing_is_left_behind():
    yield
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    left = [Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ") for pid in children]
    assert not [command for command in left if b"mangrove" in command], left


@pytest.fixture(scope="module")
def watch(tmp_path_factory):
    """Starts the sensor and waits until it watches: sensor = watch("-r", rules). Ends it with the module's tests."""
    folder, started = tmp_path_factory.mktemp("watch"), []

    def start_watching(*arguments, **options):
        sensor = Process("watch", ["watch", *arguments], folder / f"watch-{len(started)}.log", **options)
        started.append(sensor)
        wait_for(lambda: "watching" in sensor.log or not sensor.is_running(), "the sensor watches", 20)
        if sensor.child.poll() == 3:
            pytest.skip(f"this machine does not permit it: {sensor.log}")
        assert sensor.is_running(), sensor.log
        return sensor

    yield start_watching
    for sensor in started:
        sensor.child.terminate()
    for sensor in started:
        sensor.child.wait(10)
