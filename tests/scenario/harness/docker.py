# SPDX-License-Identifier: Apache-2.0
"""A Docker daemon of the test's own: its data, its sockets and its containers are in one folder.

It has no bridge and touches no packet filter, so it runs beside another daemon; containers have the
network `none` or `host`. Images come from files alone: `busybox` is made from the static program.
"""

import functools
import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from harness.process import wait_for

SYSTEM = "/usr/bin:/usr/sbin:/bin:/sbin"  # Debian's client fits Debian's daemon; another may not
BUSYBOX = Path("/bin/busybox")


def missing():
    """Why there can be no daemon here, or None."""
    if os.geteuid() != 0:
        return "a Docker daemon needs root"
    for program in ("dockerd", "docker", "containerd", "runc", "busybox"):
        if shutil.which(program, path=SYSTEM) is None:
            return f"{program} is not installed (packages docker.io, busybox-static)"
    return None


@functools.cache
def busybox_root():
    """A file system, as a tar archive: /bin with busybox under the names of all its applets, /tmp, /etc."""
    archive = io.BytesIO()
    applets = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()

    def entry(name, kind, mode, **fields):
        info = tarfile.TarInfo(name)
        info.type, info.mode = kind, mode
        for field, value in fields.items():
            setattr(info, field, value)
        return info

    with tarfile.open(fileobj=archive, mode="w") as tar:
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777)):
            tar.addfile(entry(folder, tarfile.DIRTYPE, mode))
        content = BUSYBOX.read_bytes()
        tar.addfile(entry("bin/busybox", tarfile.REGTYPE, 0o755, size=len(content)), io.BytesIO(content))
        for applet in applets:
            if applet != "busybox":
                tar.addfile(entry(f"bin/{applet}", tarfile.SYMTYPE, 0o777, linkname="busybox"))
        users = b"root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
        tar.addfile(entry("etc/passwd", tarfile.REGTYPE, 0o644, size=len(users)), io.BytesIO(users))
    return archive.getvalue()


class Docker:
    """docker.run("sleep", "60", name="web"); docker.command("ps"); docker.socket"""

    def __init__(self, start, folder, *options):
        self.folder = Path(folder)
        self.socket = self.folder / "docker.sock"
        self.folder.mkdir(mode=0o700)
        (self.folder / "daemon.json").write_text("{}")  # not the host's
        self.daemon = start(
            "--host", f"unix://{self.socket}", "--data-root", self.folder / "data", "--exec-root",
            self.folder / "exec", "--pidfile", self.folder / "docker.pid", "--config-file",
            self.folder / "daemon.json", "--bridge=none", "--iptables=false", "--ip6tables=false",
            *options, name="dockerd", binary=shutil.which("dockerd", path=SYSTEM), PATH=SYSTEM)
        self.daemon.wait_for_log("API listen on", seconds=30)
        self.load("busybox", busybox_root())

    def command(self, *arguments, input=None, check=True):
        """What `docker ARGUMENTS` printed."""
        done = subprocess.run(
            [shutil.which("docker", path=SYSTEM), "--host", f"unix://{self.socket}", *map(str, arguments)],
            input=input, capture_output=True, timeout=30)
        assert not check or done.returncode == 0, f"docker {arguments}: {done.stderr.decode()}"
        return done.stdout.decode().strip()

    def load(self, name, root, *changes):
        """An image whose file system is the archive `root`; changes are Dockerfile lines: "USER 65534"."""
        options = [word for change in changes for word in ("--change", change)]
        return self.command("import", *options, "-", name, input=root)

    def run(self, *command, image="busybox", name=None, options=(), network="none"):
        """Starts a container and returns its id."""
        named = ("--name", name) if name else ()
        return self.command("run", "--detach", "--network", network, *named, *options, image, *command)

    def inspect(self, container):
        return json.loads(self.command("inspect", container))[0]

    def pid(self, container):
        """Of its first process, as the host counts."""
        return self.inspect(container)["State"]["Pid"]

    def stop(self):
        """Containers first: their shims would outlive the daemon."""
        if self.daemon.is_running():
            containers = self.command("ps", "--all", "--quiet").split()
            if containers:
                self.command("rm", "--force", "--volumes", *containers)
            self.daemon.stop(20)
        for point in self.mounts():  # the network namespace of --network host, which it forgets
            subprocess.run(["umount", point], check=False, capture_output=True)
        wait_for(lambda: not self.mounts(), f"nothing is mounted below {self.folder}")

    def mounts(self):
        points = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        return [point for point in points if point.startswith(str(self.folder))]
