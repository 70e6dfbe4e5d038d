# SPDX-License-Identifier: Apache-2.0
"""Rules of ours and of the stock that speak of containers: many acts in one container, and as many near them."""

import json
import shutil
import subprocess
import time

import pytest
from harness.process import BINARY, SHARED, wait_for

STABLE = SHARED / "data/falco-rules/falco_rules.yaml"
API_SERVER = "203.0.113.6"

ACTS = r"""
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int connect_to(const char *address, const char *port)
{
	struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port)) };

	inet_pton(AF_INET, address, &there.sin_addr);
	return connect(socket(AF_INET, SOCK_DGRAM, 0), (void *)&there, sizeof(there));
}

static int load_program(void)
{
	const struct bpf_insn code[] = { { .code = 0xb7 }, { .code = 0x95 } }; /* r0 = 0; exit */
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2,
				.insns = (unsigned long)code, .license = (unsigned long)"GPL" };

	return syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load)) < 0;
}

int main(int argc, char **argv)
{
	return argc == 3 ? connect_to(argv[1], argv[2]) != 0 : load_program();
}
"""

FOUND = {  # rule: what is done
    "Package manager in a container": "/acts/apk 203.0.113.5 1",
    "Kernel interface written from a container": "echo x > /tmp/release_agent",
    "Container reaches for the host": "/bin/ls /proc/1/root",
    "Namespace changed in a container": "/bin/unshare -u true",
    "Keys or cloud credentials read in a container": "mkdir -p /root/.aws; echo > /root/.aws/credentials; "
                                                     "/bin/cat /root/.aws/credentials",
    "Shell that fetches or sends": "/bin/sh -c 'wget -h; true'",
    "Download tool in a container": "/bin/wget -h",
    "Cloud metadata asked from a container": "/acts/near 169.254.169.254 80",
    "Data copied out of a container": "/acts/rsync 203.0.113.5 873",
    "Server process calls out": "/acts/postgres 203.0.113.5 443",
    "BPF program loaded by a stranger": "/acts/near",
    "Contact K8S API Server From Container": f"/acts/near {API_SERVER} 443",
}
NEAR = """
    /acts/near 203.0.113.5 443; /acts/near 10.1.1.1 873; /acts/rsync 10.1.1.1 873; /acts/postgres 10.1.1.1 443
    echo x > /tmp/release_agents; /bin/ls /proc/1/status
    mkdir -p /root/.aws; echo > /root/.aws/config; /bin/cat /root/.aws/config
    /bin/sh -c 'echo wget; true'
"""
ADDRESSES = "for a in 203.0.113.5 %s 169.254.169.254 10.1.1.1; do ip addr add $a/32 dev lo; done\n" % API_SERVER


@pytest.fixture
def programs(tmp_path):
    """One program under the names that rules look for."""
    folder = tmp_path / "acts"
    folder.mkdir()
    (tmp_path / "acts.c").write_text(ACTS)
    subprocess.run(["gcc", "-static", "-O1", "-o", folder / "near", tmp_path / "acts.c"], check=True)
    for name in ("apk", "rsync", "postgres"):
        shutil.copy(folder / "near", folder / name)
    return folder


@pytest.fixture
def sensor(watch, docker, tmp_path):
    """One for which the API server's name means an address: it has a file of hosts of its own."""
    (tmp_path / "hosts").write_text(f"{API_SERVER} kubernetes.default.svc.cluster.local\n")
    script = tmp_path / "sensor"
    script.write_text("#!/bin/sh\nexec unshare --mount sh -c '"
                      f"mount --bind {tmp_path}/hosts /etc/hosts && exec {BINARY} \"$@\"' sh \"$@\"\n")
    script.chmod(0o755)
    rules = tmp_path / "everywhere.yaml"
    rules.write_text('- rule: Contact K8S API Server From Container\n  output: " in %container.id"\n'
                     "  override: {output: append}\n")
    return watch("--json", "-r", STABLE, "-r", rules, binary=script, DOCKER_HOST=f"unix://{docker.socket}")


def alerts_of(sensor, container):
    whole = sensor.log[:sensor.log.rfind("\n") + 1].splitlines()
    found = (json.loads(line) for line in whole if '"rule"' in line)
    return [alert for alert in found if container[:12] in json.dumps(alert)]


def test_rules_about_containers(docker, sensor, programs):
    def run(script):
        options = ["--cap-add=SYS_ADMIN", "--cap-add=NET_ADMIN", "--security-opt=seccomp=unconfined",
                   f"--volume={programs}:/acts:ro"]
        return docker.run("/bin/sh", "-c", ADDRESSES + script, options=options)

    acting, near = run("\n".join(FOUND.values()) + "\ntrue"), run(NEAR)
    def missing():
        return set(FOUND) - {alert["rule"] for alert in alerts_of(sensor, acting)}

    docker.command("wait", acting)
    deadline = time.monotonic() + 8
    while missing() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not missing(), docker.command("logs", acting)
    for alert in alerts_of(sensor, acting):
        assert "<NA>" not in str(alert["output_fields"].get("proc.cmdline"))
    docker.command("wait", near)
    flush = run("/acts/postgres 203.0.113.5 443")
    wait_for(lambda: alerts_of(sensor, flush), "the last act is told")
    assert [alert["rule"] for alert in alerts_of(sensor, near)] == []
