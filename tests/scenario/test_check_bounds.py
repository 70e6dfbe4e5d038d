# SPDX-License-Identifier: Apache-2.0
"""Hostile files: an answer comes, in bounded time and memory, and the files beside them are examined."""

import json
import resource
import subprocess

import pytest
from harness.process import BINARY

MEMORY = 1 << 30  # address space of the whole command
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [{name: a, image: a}]\n"
BOMB = "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)])


def repeated(unit, size):
    return unit * (size // len(unit))


HOSTILE = {
    "alias bomb": ("bomb.yaml", POD + "---\n" + POD.replace("kind: Pod", "kind: Pod\n" + BOMB)),
    "alias bomb in a compose file": ("compose.yaml", BOMB + "\nservices: {a: {image: b, volumes: *a11}}\n"),
    "alias bomb in rules": ("rules.yaml", "- rule: a\n  condition: b\n  x: &a [1]\n  y:\n    " + BOMB.replace("\n", "\n    ") + "\n"),
    "deep lists": ("deep.yaml", "apiVersion: v1\nkind: Pod\nspec: " + "[" * 200_000),
    "deep mappings": ("deep.json", '{"apiVersion": "v1", "kind": "Pod", "spec": ' + '{"a":' * 200_000),
    "deep blocks": ("nginx.conf", "http {\n" + "a {" * 200_000),
    "deep substitutions": ("Dockerfile", "FROM a\nRUN " + "$(" * 100_000),
    "one long line": ("Dockerfile", "FROM a\nRUN " + repeated("echo a && ", 12_000_000)),
    "a line of words": ("Dockerfile", "FROM a\nENV " + repeated("a=b ", 12_000_000)),
    "many instructions": ("Dockerfile", "FROM a\n" + repeated("RUN a\n", 3_000_000)),
    "continued for ever": ("Dockerfile", "FROM a\nRUN a " + repeated("\\\n", 8_000_000)),
    "heredocs without an end": ("Dockerfile", "FROM a\n" + repeated("RUN <<E\n", 400_000)),
    "many directives": ("nginx.conf", "http {\n" + repeated("a b;", 8_000_000)),
    "many objects": ("many.yaml", repeated(POD + "---\n", 1_000_000)),
    "many rules": ("rules.yaml", repeated("- rule: a\n  condition: evt.type=open\n  append: true\n", 2_000_000)),
    "many ignores": ("Dockerfile", "FROM a\n" + repeated("# mangrove ignore=DL3006\n", 4_000_000) + "RUN cd a\n"),
    "many stages ignored": ("Dockerfile", "FROM a\n" + repeated("# hadolint stage ignore=DL3006\n", 4_000_000) + "RUN cd a\n"),
    "not text": ("Dockerfile", "FROM a\nRUN " + "\x00\x01\u0100" * 10_000),
}


def examine(folder):
    def confine():
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))

    return subprocess.run([BINARY, "check", "--json", "--shellcheck", "off", "."], cwd=folder, capture_output=True,
                          timeout=50, preexec_fn=confine)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_answered(tmp_path, name):
    file, text = HOSTILE[name]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / file).write_text(text)
    (tmp_path / "b.yaml").write_text(POD)
    result = examine(tmp_path)
    assert result.returncode in (1, 2), result.stderr[-2000:]
    assert "b.yaml" in {f["file"] for f in json.loads(result.stdout)["findings"]}
    assert result.returncode == 1 or result.stderr, "what was not examined is said"


def test_a_gigabyte_is_not_read(tmp_path):
    with open(tmp_path / "Dockerfile", "wb") as file:
        file.truncate(1 << 30)
    result = examine(tmp_path)
    assert result.returncode == 2 and b"Dockerfile" in result.stderr


def test_includes_that_go_round_end(tmp_path):
    (tmp_path / "nginx.conf").write_text("http {\n    include a.conf;\n    include *.conf;\n}\n")
    (tmp_path / "a.conf").write_text("include b.conf;\n")
    (tmp_path / "b.conf").write_text("include a.conf;\nserver_tokens on;\n")
    result = examine(tmp_path)
    assert result.returncode == 1 and b"NG020" in result.stdout
