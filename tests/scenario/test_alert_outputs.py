# SPDX-License-Identifier: Apache-2.0
"""Where alerts go: files, syslog, unix sockets and webhooks, quick ones, slow ones and dead ones."""

import json
import os
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from harness import scap
from harness.process import free_port, wait_for
from test_replay import MODE, OPENAT_2_X, READ_ONLY, RULES, machine, today

MARKED = """
- rule: Marked
  desc: a file that only this test opens
  condition: evt.type in (open, openat) and fd.name startswith {mark}
  output: "opened %fd.name"
  priority: CRITICAL
"""


@pytest.fixture
def replay(mangrove, state):
    (state / "rules.yaml").write_text(RULES.replace("fd.name=/etc/shadow", "fd.name startswith /etc/shadow"))

    def run(*options, events=None, **more):
        (state / "capture.scap").write_bytes(machine() + (events or today()))
        return mangrove("replay", "--no-default-rules", "-r", state / "rules.yaml", *options,
                        state / "capture.scap", **more)

    return run


class Receiver:
    """Takes datagrams or connections on a unix socket and keeps what came."""

    def __init__(self, path, kind):
        self.socket, self.received = socket.socket(socket.AF_UNIX, kind), b""
        self.socket.bind(str(path))
        if kind == socket.SOCK_STREAM:
            self.socket.listen()
        threading.Thread(target=self.read, args=(kind,), daemon=True).start()

    def read(self, kind):
        peer = self.socket if kind == socket.SOCK_DGRAM else self.socket.accept()[0]
        while data := peer.recv(65536):
            self.received += data

    def lines(self):
        return self.received.decode().splitlines()


class Webhook(ThreadingHTTPServer):
    """Answers with the statuses given, the last one for ever."""

    daemon_threads = True

    def __init__(self, *statuses, port=0):
        super().__init__(("127.0.0.1", port), Hook)
        self.statuses, self.requests = list(statuses or [200]), []
        self.url = f"http://127.0.0.1:{self.server_port}/"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.requests.append((self.headers["Content-Type"], body.decode()))
        self.send_response(server.statuses.pop(0) if len(server.statuses) > 1 else server.statuses[0])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_every_output_gets_the_same(replay, state):
    syslog, stream = state / "log", state / "unix"
    receivers = [Receiver(syslog, socket.SOCK_DGRAM), Receiver(stream, socket.SOCK_STREAM)]
    hook = Webhook()
    result = replay("--json", "-o", "stdout", "-o", f"file={state}/alerts", "-o", f"syslog={syslog}",
                    "-o", f"unix={stream}", "--output", f"http={hook.url}")
    assert result.returncode == 0, result.stderr
    line = result.stdout.strip()
    assert json.loads(line)["rule"] == "Secret read"
    assert (state / "alerts").read_text() == line + "\n"
    wait_for(lambda: all(receiver.lines() for receiver in receivers), "both sockets got it")
    assert receivers[1].lines() == [line]
    head = re.fullmatch(r"<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d mangrove\[\d+\]: (.*)", receivers[0].lines()[0])
    assert (int(head[1]), head[2]) == (1 << 3 | 4, line)  # user's facility, a warning
    assert hook.requests == [("application/json", line)]


def test_text_goes_as_text(replay):
    hook = Webhook()
    assert replay("-o", f"http={hook.url}").returncode == 0
    assert hook.requests[0][0] == "text/plain"
    assert re.match(r"\d\d:\d\d:\d\d\.\d{9}: Warning alice read /etc/shadow", hook.requests[0][1])


def test_file_is_added_to(replay, state):
    for count in (1, 2):
        assert replay("-o", f"file={state}/alerts").stdout == ""
        assert len((state / "alerts").read_text().splitlines()) == count


def test_replay_loses_nothing_to_a_busy_webhook(replay):
    hook = Webhook(503, 429, 200)
    assert replay("-o", f"http={hook.url}").returncode == 0
    assert len(hook.requests) == 3


def test_what_is_lost_is_told(replay, state):
    refuses = Webhook(400)
    result = replay("-o", f"http={refuses.url}")
    assert result.returncode == 1 and "it answers with status 400" in result.stderr
    assert len(refuses.requests) == 1, "it is not asked again"
    result = replay("-o", f"unix={state}/nobody")
    assert result.returncode == 1 and "0 alerts written, 1 dropped" in result.stderr


@pytest.mark.parametrize("output,complaint", [
    ("sylog", "'sylog' is no output; there are stdout, file=PATH"),
    ("stdout=x", "stdout takes nothing behind it"),
    ("file", "file needs a receiver: file=PATH"),
    ("unix=", "unix needs a receiver"),
    ("http=ftp://x/", "begins with http:// or https://"),
    ("file=/no/such/folder/x", "/no/such/folder/x: No such file"),
    ("unix=/" + "x" * 200, "a socket's path has at most 107 bytes"),
])
@pytest.mark.parametrize("command", ["watch", "replay"])
def test_wrong_outputs_are_told_at_once(mangrove, command, output, complaint):
    result = mangrove(command, "-o", output, *(["x.scap"] if command == "replay" else []))
    assert result.returncode == 2 and complaint in result.stderr


def test_one_alert_is_one_line(replay):
    """The name of a file writes no alert of its own."""
    name = b"/etc/shadow\n00:00:00.000000000: Emergency forged\0"
    result = replay(events=scap.event(OPENAT_2_X, 300, [
        scap.number(3), scap.number(-100), name, READ_ONLY, MODE, MODE, scap.number(0)]))
    assert len(result.stdout.splitlines()) == 1 and "Emergency forged" in result.stdout


def tail(path):
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - 2000))
        return file.read()


# ---- live: nobody stops the sensor ----

@pytest.fixture
def marked(watch, state):
    """Watches opens of this test's mark: sensor, open_marked = marked("-o", …)."""
    def start_watching(*options):
        mark = f"/no/such/{state.name}"
        (state / "rules.yaml").write_text(MARKED.format(mark=mark))
        sensor = watch("--no-default-rules", "-r", state / "rules.yaml", *options)

        def open_marked(*numbers):
            for number in numbers:
                try:
                    os.close(os.open(f"{mark}-{number}.", os.O_RDONLY))
                except FileNotFoundError:
                    pass

        return sensor, open_marked

    return start_watching


def test_receivers_that_are_away_get_it_when_they_are_back(marked, state):
    port = free_port()
    sensor, open_marked = marked("-o", f"unix={state}/later", "-o", f"http=http://127.0.0.1:{port}/",
                                 "-o", f"file={state}/now")
    open_marked(*range(20))
    wait_for(lambda: len((state / "now").read_text().splitlines()) == 20, "the file has them")
    sensor.wait_for_log("tried again each second")
    receiver, hook = Receiver(state / "later", socket.SOCK_STREAM), Webhook(port=port)
    wait_for(lambda: len(receiver.lines()) == 20, "all wait for the socket")
    wait_for(lambda: len(hook.requests) == 20, "all wait for the webhook")
    assert [re.search(r"-(\d+)\.", body)[1] for _, body in hook.requests] == [str(i) for i in range(20)]
    sensor.wait_for_log("is back")


@pytest.mark.parametrize("kind", ["unix", "file"])
def test_receivers_that_never_read_stop_nobody(marked, state, kind):
    """More than a queue and a pipe hold: what is too much is dropped and counted, and the rest goes on."""
    silent = socket.socket(socket.AF_UNIX)
    if kind == "unix":
        silent.bind(f"{state}/silent")
        silent.listen()
    else:
        os.mkfifo(state / "silent")
        reader = os.open(state / "silent", os.O_RDONLY | os.O_NONBLOCK)
    sensor, open_marked = marked("-o", f"{kind}={state}/silent", "-o", f"file={state}/now", "--log-level=debug")
    padded = "x" * 180
    open_marked(*(f"{number}-{padded}" for number in range(25000)))
    wait_for(lambda: open_marked("last") or b"-last." in tail(state / "now"), "the last is in the file", every=0.2)
    assert sensor.stop(10) == 0
    if kind == "file":
        os.close(reader)
    counts = {Path(path).name: (int(written), int(dropped)) for path, written, dropped in
              re.findall(r"output \w+=(\S+): (\d+) alerts written, (\d+) dropped", sensor.log)}
    assert counts["silent"][1] > 0
    assert sum(counts["silent"]) == sum(counts["now"])


def test_identical_alerts_are_counted(marked, state):
    sensor, open_marked = marked("--json", "--repeats", "1", "-o", f"file={state}/now")

    def alerts():
        return [json.loads(line) for line in (state / "now").read_text().splitlines()]

    def repeats(number):
        return [alert["output_fields"].get("mangrove.repeated", 0) for alert in alerts()
                if f"-{number}." in alert["output"]]

    open_marked(7, *[1] * 50, 8)
    wait_for(lambda: sum(repeats(1)) == 49, "the others are counted")
    assert repeats(1)[0] == 0 and len(repeats(1)) <= 4 and repeats(7) == repeats(8) == [0]
    assert alerts()[-1]["output"].endswith(f"(repeated {repeats(1)[-1]} times)")
    open_marked(9, 9)
    assert sensor.stop() == 0
    assert repeats(9) == [0, 1], "what is left is told at the end"
    assert re.search(r"alerts: 54, [\d.]+ a second; 50 of them repeated another", sensor.log)


def test_each_alert_is_told_where_repeats_are_off(marked, state):
    _, open_marked = marked("--repeats=0", "-o", f"file={state}/now")
    open_marked(*[1] * 50)
    wait_for(lambda: len((state / "now").read_text().splitlines()) == 50, "each is told")


def test_metrics(marked, state):
    port = free_port()
    sensor, open_marked = marked("--metrics", f"127.0.0.1:{port}", "-o", f"file={state}/now", "-o", f"unix={state}/none")
    idle = socket.create_connection(("127.0.0.1", port))  # says nothing, and is sent away
    open_marked(1, 1, 1, 2)

    def counts():
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
            return dict(line.rsplit(" ", 1) for line in page.read().decode().splitlines() if line[0] != "#")

    wait_for(lambda: counts().get('mangrove_alerts_total{rule="Marked",priority="Critical"}') == "4", "all are counted")
    assert counts()["mangrove_alerts_repeated_total"] == "2"
    assert counts()[f'mangrove_output_alerts_total{{output="file={state}/now",result="written"}}'] == "2"
    assert int(counts()['mangrove_sensor_events_total{class="file"}']) >= 4
    assert counts()['mangrove_sensor_events_dropped_total{class="rare"}'] == "0"
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"http://127.0.0.1:{port}/other", timeout=5)
    idle.close()
    assert sensor.stop() == 0
    wait_for(lambda: (state / "now").read_text().count("(repeated 2 times)") == 1, "the rest is told")


def test_port_of_metrics_that_is_taken_is_told(mangrove):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for address in (f"127.0.0.1:{taken.getsockname()[1]}", "nowhere"):
            result = mangrove("watch", "--metrics", address)
            assert result.returncode == 2 and "--metrics: " in result.stderr


def test_rotated_file_is_opened_anew(marked, state):
    sensor, open_marked = marked("-o", f"file={state}/alerts")
    open_marked(1)
    wait_for(lambda: (state / "alerts").read_text(), "the first")
    (state / "alerts").rename(state / "alerts.1")
    open_marked(2)
    wait_for(lambda: (state / "alerts").exists() and "-2." in (state / "alerts").read_text(), "the second")
    assert "-2." not in (state / "alerts.1").read_text()
