# SPDX-License-Identifier: Apache-2.0
"""Rules that speak of containers, live: acts in containers of a Docker daemon of the test's own."""

import json

import pytest
from harness.process import SHARED, wait_for

STABLE = SHARED / "data/falco-rules/falco_rules.yaml"

ACTS = [  # rule, options of docker run, what the container's shell does
    ("Terminal shell in container", ["--tty"], ":"),
    ("Terminal in a container", ["--tty"], ":"),
    ("Netcat Remote Code Execution in Container", [], "/bin/nc -e /bin/true 127.0.0.1 1; true"),
    ("Network tool in a container", [], "/bin/nc 127.0.0.1 1; true"),
    ("Packet socket created in container", [], "arping -c 1 -w 1 -I lo 127.0.0.1; true"),
    ("Packet socket in a container", [], "arping -c 1 -w 1 -I lo 127.0.0.1; true"),
    ("Redirect STDOUT/STDIN to Network Connection in Container", [],
     "nc -l -p 999 -e /bin/true & sleep 0.5; nc 127.0.0.1 999 </dev/null; true"),
    ("Standard stream on a connection", [],
     "nc -l -p 999 -e /bin/true & sleep 0.5; nc 127.0.0.1 999 </dev/null; true"),
    ("Detect release_agent File Container Escapes", ["--cap-add", "SYS_ADMIN"], "echo x > /tmp/release_agent"),
    ("Drop and execute new binary in container", [], "cp /bin/busybox /tmp/true; /tmp/true"),
    ("Program that the image did not bring", [], "cp /bin/busybox /tmp/true; /tmp/true"),
    ("Linux Kernel Module Injection Detected", ["--cap-add", "SYS_MODULE"], "echo x > /tmp/x.ko; insmod /tmp/x.ko; true"),
    ("Kernel module loaded from a container", ["--cap-add", "SYS_MODULE"], "echo x > /tmp/x.ko; insmod /tmp/x.ko; true"),
    ("Debugfs Launched in Privileged Container", ["--privileged"],
     "sleep 3; cp /bin/busybox /tmp/debugfs; /tmp/debugfs; true"),
    ("Rights raised in a container", [], "cp /bin/busybox /tmp/x; chmod 4755 /tmp/x"),
]




def alerts_of(sensor, container):
    """Of that container: stock rules do not name it, so its host name stands for it in what it runs."""
    log = sensor.log
    whole = log[:log.rfind("\n") + 1].splitlines()  # the last line may still be being written
    found = (json.loads(line) for line in whole if '"rule"' in line)
    return [alert for alert in found if container[:12] in json.dumps(alert)]


def test_container_rules(docker, watch, tmp_path):
    if not STABLE.exists():
        pytest.skip(f"{STABLE} is not there (MANGROVE_SHARED)")
    everywhere = tmp_path / "everywhere.yaml"  # the container, which stock outputs leave to Falco's plugin
    names = [rule for rule, *_ in ACTS]
    everywhere.write_text("".join(
        f'- rule: {name}\n  output: " in %container.id %container.name"\n  override: {{output: append}}\n' for name in names))
    sensor = watch("--json", "-r", STABLE, "-r", everywhere, DOCKER_HOST=f"unix://{docker.socket}")
    started = {}
    for number, (rule, options, script) in enumerate(ACTS):
        try:
            started[rule] = docker.run("/bin/sh", "-c", script, name=f"act-{number}", options=options)
        except AssertionError as error:  # a machine may lack a capability that it would have to give
            assert "--privileged" in options and "apply caps" in str(error)
    quiet = docker.run("/bin/true", name="quiet")
    missing = []
    for rule, container in started.items():
        try:
            wait_for(lambda: rule in [alert["rule"] for alert in alerts_of(sensor, container)], rule, 8)
        except AssertionError:
            missing.append((rule, [alert["rule"] for alert in alerts_of(sensor, container)]))
    assert not missing
    assert [alert["rule"] for alert in alerts_of(sensor, quiet)] == []
