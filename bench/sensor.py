#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What watching costs, in alternation with not watching: './dev bench sensor [RULES…]'.

Rows: nothing attached; the rules given (or our own), which care about none of the files; a rule that
asks for every open of the file, so that each is delivered, judged and found harmless."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EVERY_OPEN = """
- rule: every open
  desc: asks for all and finds none
  condition: evt.type in (open, openat) and fd.name contains some-file and proc.name = nobody
  output: never
  priority: NOTICE
"""


class Sensor:
    def __init__(self, binary, arguments, folder):
        self.log = Path(folder, "log")
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen([binary, "watch", *arguments], stdout=subprocess.DEVNULL, stderr=log)
        while "watching" not in self.log.read_text():
            if self.child.poll() is not None:
                sys.exit(self.log.read_text())
            time.sleep(0.05)
        self.cpu_before = self.cpu()

    def cpu(self):
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """CPU seconds since it was ready, resident MB, events delivered."""
        time.sleep(0.2)
        used = self.cpu() - self.cpu_before
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        resident = int(status.split("VmRSS:")[1].split()[0]) / 1024
        self.child.terminate()
        self.child.wait()
        words = self.log.read_text().replace('"', " ").split()
        delivered = sum(int(words[i - 1]) for i, word in enumerate(words) if word == "delivered,")
        dropped = sum(int(words[i - 1]) for i, word in enumerate(words) if word == "dropped")
        return used, resident, delivered, dropped


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rules", nargs="*")
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--mangrove", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=100000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        every, file = Path(folder, "every.yaml"), Path(folder, "some-file")
        every.write_text(EVERY_OPEN)
        file.touch()
        rules = [word for path in options.rules for word in ("-r", path)]
        rows = {"nothing": None, "rules that do not care": rules,
                "a rule that asks for all": ["--no-default-rules", "-r", str(every)]}
        measured = {name: [] for name in rows}
        for _ in range(options.rounds):
            for name, arguments in rows.items():
                sensor = Sensor(options.mangrove, arguments, folder) if arguments is not None else None
                load = subprocess.run([options.tools / "sensor_load", file, str(options.count), "300"],
                                      capture_output=True, text=True, check=True)
                own = sensor.stop() if sensor else (0, 0, 0, 0)
                measured[name].append((*map(float, load.stdout.split()), *own))
    base = [statistics.median(row[i] for row in measured["nothing"]) for i in range(3)]
    print(f"{'added, CPU ns':26} {'open+close':>11} {'getppid':>8} {'exec':>8} {'us/event':>9} {'MB':>5} {'dropped':>8}")
    for name, values in measured.items():
        pair, call, start = (statistics.median(row[i] for row in values) - base[i] for i in range(3))
        own = statistics.median(row[3] / row[5] * 1e6 if row[5] > options.count else 0 for row in values)
        print(f"{name:26} {pair:11.0f} {call:8.0f} {start:8.0f} {own:9.2f} {max(row[4] for row in values):5.0f} "
              f"{sum(row[6] for row in values):8.0f}")
    print(f"without: {base[0]:.0f} ns a pair, {base[1]:.0f} ns a getppid, {base[2]:.0f} ns an exec")


if __name__ == "__main__":
    main()
