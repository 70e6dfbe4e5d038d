# SPDX-License-Identifier: Apache-2.0
"""Processes in real containers: the sensor knows which, by whose image, and who their users are."""

import json

from harness.process import wait_for

RULES = """
- rule: File of the container
  desc: a file that only our containers have
  condition: evt.type in (open, openat) and fd.name=/etc/passwd and container.name startswith shop
  output: "%container.id %container.name %container.image.repository %container.image.tag %container.label.tier
    %container.privileged %container.type %proc.name %proc.vpid %user.name %fd.name"
  priority: WARNING
"""


def test_a_container_is_known_by_its_engine(watch, docker, state):
    rules = state / "rules.yaml"
    rules.write_text(RULES)
    sensor = watch("--no-default-rules", "-r", rules, "--json", DOCKER_HOST=f"unix://{docker.socket}")
    loop = "while :; do cat /etc/passwd; sleep 0.2; done"
    identity = docker.run("sh", "-c", loop, name="shop-1", options=["--label", "tier=front", "--user", "nobody"])

    def alerts():
        return [json.loads(line) for line in sensor.log.splitlines() if line.startswith("{\"hostname\"")]

    wait_for(alerts, "an alert from inside the container", 30)
    fields = alerts()[-1]["output_fields"]
    assert fields["container.id"] == identity[:12]
    assert fields["container.name"] == "shop-1"
    assert fields["container.image.repository"] == "busybox"
    assert fields["container.label.tier"] == "front"
    assert fields["container.privileged"] is False
    assert (fields["container.type"], fields["proc.name"]) == ("docker", "cat")
    assert fields["user.name"] == "nobody"
    assert 1 < fields["proc.vpid"] < 10000
