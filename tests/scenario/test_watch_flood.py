# SPDX-License-Identifier: Apache-2.0
"""A flood of one class of events hides nothing of another, nor of other processes: every marked exec, connect and
open is told while loops of open and close keep every processor busy, and every one of their opens is asked for."""

import json
import os
import re
import subprocess

import pytest
from harness.process import wait_for

MARKS = 1000

FLOOD = r"""
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void open_and_close(const char *path)
{
	for (;;)
		close(open(path, O_RDONLY));
}

static void run_marked(int number)
{
	char mark[32], *const argv[] = { "true", mark, NULL };
	pid_t child;

	snprintf(mark, sizeof(mark), "marked-%d", number);
	if (posix_spawn(&child, "/bin/true", NULL, NULL, argv, NULL) == 0)
		waitpid(child, NULL, 0);
}

static void open_marked(int number)
{
	char path[64];

	snprintf(path, sizeof(path), "/no/such/opened-%d", number);
	open(path, O_RDONLY);
}

static void connect_marked(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connect(fd, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc == 2)
		open_and_close(argv[1]);
	for (int i = 0; i < atoi(argv[1]); i++) {
		run_marked(i);
		open_marked(i);
		connect_marked(atoi(argv[2]));
	}
	return 0;
}
"""

RULES = """
- rule: marked exec
  desc: one of those that may not be lost
  condition: evt.type = execve and proc.args startswith marked-
  output: exec=%proc.args
  priority: NOTICE
- rule: marked connect
  desc: one of those that may not be lost
  condition: evt.type = connect and fd.sport = {port}
  output: connect=%evt.num
  priority: NOTICE
- rule: marked open
  desc: of the very class that is flooded, by a process that is none of those that flood
  condition: evt.type in (open, openat) and fd.name startswith /no/such/opened-
  output: open=%fd.name
  priority: NOTICE
- rule: flood
  desc: asks for every open, and finds none
  condition: evt.type in (open, openat) and fd.name contains flooded and proc.name = nobody
  output: never
  priority: NOTICE
"""


@pytest.fixture
def flood(tmp_path):
    (tmp_path / "flood.c").write_text(FLOOD)
    subprocess.run(["gcc", "-O2", "-o", tmp_path / "flood", tmp_path / "flood.c"], check=True)
    started = []

    def run(*arguments):
        started.append(subprocess.Popen([tmp_path / "flood", *map(str, arguments)]))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def dropped(log):
    return {ring: int(count) for ring, count in re.findall(r"(\w+) events: \d+ delivered, (\d+) dropped", log)}


def test_flood_hides_nothing(watch, tmp_path, flood):
    port = 20000 + os.getpid() % 10000
    rules, flooded = tmp_path / "rules.yaml", tmp_path / "flooded"
    rules.write_text(RULES.format(port=port))
    flooded.touch()
    sensor = watch("--json", "--no-default-rules", "-r", rules)
    for _ in range(os.cpu_count()):
        flood(flooded)
    flood(MARKS, port).wait(40)
    wait_for(lambda: f'exec=marked-{MARKS - 1}"' in sensor.log or f"exec=marked-{MARKS - 1}" in sensor.log, "the last exec")
    sensor.child.terminate()
    sensor.child.wait(20)
    alerts = [json.loads(line) for line in sensor.log.splitlines() if '"rule"' in line]
    execs = {alert["output_fields"]["proc.args"] for alert in alerts if alert["rule"] == "marked exec"}
    connects = [alert for alert in alerts if alert["rule"] == "marked connect"]
    assert execs == {f"marked-{i}" for i in range(MARKS)}
    assert len(connects) == MARKS
    opens = {alert["output_fields"]["fd.name"] for alert in alerts if alert["rule"] == "marked open"}
    assert opens == {f"/no/such/opened-{i}" for i in range(MARKS)}
    assert dropped(sensor.log)["process"] == dropped(sensor.log)["network"] == 0
