# SPDX-License-Identifier: Apache-2.0
"""Stock rules and ours, live: each by the real act on this host, and something near it that is none."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
from harness.process import SHARED, wait_for

STABLE = SHARED / "data/falco-rules/falco_rules.yaml"
PYTHON = os.path.realpath("/usr/bin/python3")
TRACE = "import ctypes, os, sys; c = ctypes.CDLL(None); c.ptrace({request}, {pid}, 0, 0)"


class Host:
    """Acts of which every alert bears the folder's name, by a command line, a program or a file in it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.mark = str(self.folder)

    def run(self, *command, program=None, **options):
        return subprocess.run([*map(str, command)], executable=program, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=20, **options)

    def program(self, name, source="/bin/busybox"):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        shutil.copy(source, path)
        return path

    def python(self, script, name="script", **options):
        return self.run(self.program(name, PYTHON), "-S", "-c", script, self.mark, **options)


def traversal(host):
    host.run("/bin/cat", "/etc/../etc/../etc/shadow", host.mark)


def read_secret(host):
    host.run("/bin/cat", "/etc/shadow", host.mark)


def read_secret_relative(host):
    host.run("/bin/cat", "shadow", host.mark, cwd="/etc")


def read_other(host):
    host.run("/bin/cat", "/etc/hostname", host.mark)
    host.run("/bin/cat", "/etc/../etc/hostname", host.mark)


def shell_of_server(host):
    host.python("import subprocess, sys; subprocess.run(['/bin/sh', '-c', ': ' + sys.argv[1]])", name="nginx")


def shell_of_python(host):
    host.python("import subprocess, sys; subprocess.run(['/bin/sh', '-c', ': ' + sys.argv[1]])")


def daemon_logs_in(host):
    os.chmod(host.program("login"), 0o755)
    host.run("true", host.mark, program=host.folder / "login", user="daemon")


def root_logs_in(host):
    host.run("true", host.mark, program=host.program("login"))


def find_keys(host):
    host.run("/usr/bin/find", host.mark, "-name", "id_rsa")


def find_others(host):
    host.run("/usr/bin/find", host.mark, "-name", "id_card")


def find_credentials(host):
    host.run("/usr/bin/find", host.mark, "-path", "*/.aws/credentials")


def empty_log(host):
    os.close(os.open(host.folder / "syslog", os.O_WRONLY | os.O_CREAT | os.O_TRUNC))


def append_log(host):
    os.close(os.open(host.folder / "syslog", os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    os.close(os.open(host.folder / "sh_history", os.O_WRONLY | os.O_CREAT | os.O_APPEND))


def empty_history(host):
    os.close(os.open(host.folder / "sh_history", os.O_WRONLY | os.O_CREAT | os.O_TRUNC))


def shred(host):
    host.run("shred", host.mark, program=host.program("shred"))


def not_shred(host):
    host.run("true", host.mark, program=host.program("shredder"))


def link_secret(host):
    host.run("/bin/ln", "-s", "/etc/shadow", host.folder / "link")


def link_other(host):
    host.run("/bin/ln", "-s", "/etc/hostname", host.folder / "other")
    host.run("/bin/ln", "/etc/hostname", host.folder / "hard-other")


def hard_link_secret(host):
    host.run("/bin/ln", "/etc/shadow", host.folder / "hard")


def attach(host):
    with subprocess.Popen(["sleep", "20"]) as child:
        host.python(TRACE.format(request=16, pid=child.pid))
        child.kill()


def peek_nothing(host):
    host.python(TRACE.format(request=1000, pid=1))


def traceme(host):
    host.python(TRACE.format(request=0, pid=0))


def run_from_shared_memory(host):
    path = Path("/dev/shm") / host.folder.name
    shutil.copy("/bin/busybox", path)
    host.run(path, "true", host.mark)
    path.unlink()


def run_from_folder(host):
    host.run(host.program("busybox"), "true", host.mark)


def run_from_memory(host):
    host.python("import os, sys; f = os.memfd_create('x'); os.write(f, open('/bin/busybox', 'rb').read()); "
                "os.execve(f'/proc/self/fd/{f}', ['true', sys.argv[1]], {})")


def own_address():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no address but the loopback")
    return address


def ssh_to(host, port):
    address = own_address()
    host.python(f"import socket\ns = socket.socket(); s.setblocking(False); s.connect_ex(('{address}', {port}))",
                name="ssh")


def ssh_to_https(host):
    ssh_to(host, 443)


def ssh_to_ssh(host):
    ssh_to(host, 22)


def shell_connects(host, address):
    with socket.create_server((address, 0)) as server:
        host.run("/bin/bash", "-c", f": {host.mark}; exec 3<>/dev/tcp/{address}/{server.getsockname()[1]}")


def shell_connects_out(host):
    shell_connects(host, own_address())


def shell_connects_within(host):
    shell_connects(host, "127.0.0.1")


def stream_of_connection(host):
    host.python("import os, socket\ns = socket.socket(type=socket.SOCK_DGRAM); s.connect(('127.0.0.1', 9)); "
                "os.dup2(s.fileno(), 0)")


def stream_of_file(host):
    host.python("import os\nos.dup2(os.open('/dev/null', 0), 0)")


def write_program(host):
    path = Path("/usr/local/bin") / host.folder.parent.name
    host.run("/bin/cp", "/etc/hostname", path, "-v", "--no-preserve=all", "--suffix", host.mark)
    path.unlink()


def write_elsewhere(host):
    host.run("/bin/cp", "/etc/hostname", host.folder / "program")


def write_profile(host):
    (host.folder / ".bashrc").write_text("")


def write_other_dot_file(host):
    (host.folder / ".bashrc.old").write_text("")


def write_login_keys(host):
    (host.folder / "authorized_keys").write_text("")


def read_login_keys(host):
    write_other_dot_file(host)
    (host.folder / ".bashrc.old").rename(host.folder / "authorized_keys")
    (host.folder / "authorized_keys").read_text()


LOGIN = "import os\nopen('/proc/self/loginuid', 'w').write('1000'); "


def become_root(host):
    host.python(LOGIN + "os.seteuid(65534); os.setuid(0)")


def drop_root(host):
    host.python(LOGIN + "os.setuid(65534)")
    host.python("import os\nos.setuid(0)")  # nobody logged in for it


def read_environment(host):
    host.run("/bin/cat", f"/proc/{os.getpid()}/environ", host.mark)


def read_status(host):
    host.run("/bin/cat", f"/proc/{os.getpid()}/status", host.mark)


def mine(host):
    host.run("true", host.mark, program=host.program("xmrig"))


def mine_not(host):
    host.run("true", host.mark, program=host.program("xmrigger"))


ROWS = [  # rule, the act, something near it
    ("Directory traversal monitored file read", traversal, read_other),
    ("Read sensitive file untrusted", read_secret, read_other),
    ("Read sensitive file untrusted", read_secret_relative, read_other),
    ("Run shell untrusted", shell_of_server, shell_of_python),
    ("System user interactive", daemon_logs_in, root_logs_in),
    ("Search Private Keys or Passwords", find_keys, find_others),
    ("Find AWS Credentials", find_credentials, find_others),
    ("Clear Log Activities", empty_log, append_log),
    ("Remove Bulk Data from Disk", shred, not_shred),
    ("Create Symlink Over Sensitive Files", link_secret, link_other),
    ("Create Hardlink Over Sensitive Files", hard_link_secret, link_other),
    ("PTRACE attached to process", attach, peek_nothing),
    ("PTRACE anti-debug attempt", traceme, peek_nothing),
    ("Execution from /dev/shm", run_from_shared_memory, run_from_folder),
    ("Fileless execution via memfd_create", run_from_memory, run_from_folder),
    ("Disallowed SSH Connection Non Standard Port", ssh_to_https, ssh_to_ssh),
    ("Shell under a server process", shell_of_server, shell_of_python),
    ("Program run from memory", run_from_memory, run_from_folder),
    ("Program run from shared memory", run_from_shared_memory, run_from_folder),
    ("Process taken over by another", attach, peek_nothing),
    ("Process hides from debuggers", traceme, peek_nothing),
    ("Secret file read", read_secret, read_other),
    ("Secret file reached through parent directories", traversal, read_other),
    ("Search for keys or passwords", find_keys, find_others),
    ("Log emptied or removed", empty_history, append_log),
    ("Data destroyed in bulk", shred, not_shred),
    ("Link to a secret file", link_secret, link_other),
    ("SSH to an unusual port", ssh_to_https, ssh_to_ssh),
    ("Shell on the network", shell_connects_out, shell_connects_within),
    ("Standard stream on a connection", stream_of_connection, stream_of_file),
    ("Program file written", write_program, write_elsewhere),
    ("Something set to start by itself", write_profile, write_other_dot_file),
    ("Login keys written", write_login_keys, read_login_keys),
    ("Root without a helper", become_root, drop_root),
    ("Environment of another process read", read_environment, read_status),
    ("Mining of coins", mine, mine_not),
]


class Alerts:
    def __init__(self, sensor):
        self.sensor = sensor

    def of(self, mark):
        log = self.sensor.log
        whole = log[:log.rfind("\n") + 1].splitlines()  # the last line may still be being written
        lines = (json.loads(line) for line in whole if mark in line)
        return [alert for alert in lines if "rule" in alert]

    def flush(self, folder):
        """Waits until an act made now is told, so that all before it is."""
        Path(folder).mkdir()
        read_secret(Host(folder))
        wait_for(lambda: self.of(str(folder)), "the mark is told")


@pytest.fixture(scope="module")
def alerts(watch):
    if not STABLE.exists():
        pytest.skip(f"{STABLE} is not there (MANGROVE_SHARED)")
    return Alerts(watch("--json", "--repeats=0", "-r", STABLE))


@pytest.fixture
def folder():
    """One that every user may enter, as pytest's may not."""
    path = Path(tempfile.mkdtemp(prefix="acts-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.mark.parametrize("rule, act, near", ROWS, ids=[f"{row[0]} ({row[1].__name__})" for row in ROWS])
def test_rule(alerts, folder, rule, act, near):
    acting, nearby = folder / "acting", folder / "nearby"
    acting.mkdir()
    nearby.mkdir()
    act(Host(acting))
    alert = wait_for(lambda: [alert for alert in alerts.of(str(acting)) if alert["rule"] == rule],
                     f"{rule}; there is {[alert['rule'] for alert in alerts.of(str(acting))]}", seconds=5)[0]
    assert {"hostname", "output", "output_fields", "priority", "rule", "source", "tags", "time"} == set(alert)
    assert "<NA>" not in str(alert["output_fields"].get("proc.cmdline"))
    near(Host(nearby))
    alerts.flush(folder / "flush")
    assert rule not in [alert["rule"] for alert in alerts.of(str(nearby))]


def test_server_that_reads_secrets_later(alerts, folder):
    """At its start a server may, so that there is a time between the two: five seconds."""
    late = {"Secret file read by a server after its start", "Read sensitive file trusted after startup"}
    read = "import time\nopen('/etc/shadow')\ntime.sleep({})\nopen('/etc/shadow')"
    for name, seconds in (("late", 5.2), ("early", 0)):
        (folder / name).mkdir()
        Host(folder / name).python(read.format(seconds), name="nginx")
    alerts.flush(folder / "flush")
    told = {name: [alert["rule"] for alert in alerts.of(str(folder / name)) if alert["rule"] in late]
            for name in ("late", "early")}
    assert (sorted(told["late"]), told["early"]) == (sorted(late), [])


RACE = r"""
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/etc/hostname";

static void *flip(void *unused)
{
	for (;;) {
		memcpy(path, "/etc/shadow\0", 12);
		__sync_synchronize();
		memcpy(path, "/etc/hostname", 13);
		__sync_synchronize();
	}
	return unused;
}

int main(void)
{
	struct stat secret, opened;
	pthread_t thread;
	int count = 0;

	stat("/etc/shadow", &secret);
	pthread_create(&thread, NULL, flip, NULL);
	for (int i = 0; i < 2000; i++) {
		int fd = open(path, O_RDONLY);

		if (fstat(fd, &opened) == 0 && opened.st_ino == secret.st_ino)
			count++;
		close(fd);
	}
	printf("%d\n", count);
	return 0;
}
"""


def test_path_that_changes_meanwhile_hides_nothing(alerts, folder):
    """A second thread rewrites the path all the time: each open that reached the secret is told."""
    (folder / "race.c").write_text(RACE)
    subprocess.run(["gcc", "-O1", "-pthread", "-o", folder / "race", folder / "race.c"], check=True)
    made = int(subprocess.run([folder / "race"], capture_output=True, check=True, timeout=30).stdout)
    if made == 0:
        pytest.skip("the race was never won")
    alerts.flush(folder / "flush")
    told = [alert for alert in alerts.of(str(folder / "race")) if alert["rule"] == "Read sensitive file untrusted"]
    assert len(told) >= made


def test_link_hides_nothing(alerts, folder):
    """The path names a link; the file behind it is judged as well."""
    link = folder / "harmless"
    link.symlink_to("/etc/shadow")
    Host(folder).run("/bin/cat", link)
    alert = wait_for(lambda: [alert for alert in alerts.of(str(link)) if alert["rule"] == "Read sensitive file untrusted"],
                     "the file behind the link is told")[0]
    assert alert["output_fields"]["fd.name"] == "/etc/shadow"


def test_filter_loses_no_alert(watch, folder):
    """The same acts with the kernel dropping what no rule can match, and with everything delivered."""
    if not STABLE.exists():
        pytest.skip(f"{STABLE} is not there (MANGROVE_SHARED)")
    both = [Alerts(watch("--json", "--repeats=0", "--filter", switch, "-r", STABLE)) for switch in ("on", "off")]
    acts = {act for row in ROWS for act in row[1:] if act not in (ssh_to_https, ssh_to_ssh, shell_connects_out)}
    for act in sorted(acts, key=lambda act: act.__name__):
        place = folder / act.__name__
        place.mkdir()
        act(Host(place))
    for number, alerts in enumerate(both):
        alerts.flush(folder / f"flush-{number}")
    told = [sorted((alert["rule"], alert["output"].split(": ", 1)[1])  # without the time: each sensor has its own
                   for alert in alerts.of(str(folder)) if "flush" not in alert["output"])
            for alerts in both]
    assert len(told[0]) >= 20
    assert told[0] == told[1]
