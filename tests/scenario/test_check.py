# SPDX-License-Identifier: Apache-2.0
"""`mangrove check` as its users drive it: files in, a report and an exit status out."""
import json
import os
import shutil
import subprocess
import xml.dom.minidom
from pathlib import Path

import jsonschema
import pytest
from harness.process import ROOT

MANGROVE = os.path.abspath(os.environ.get("MANGROVE", "build/src/cmd/mangrove"))
POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    image: a:1\n"


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN apt-get install curl\n")
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "pod.yaml").write_text(POD)
    (tmp_path / "nginx.conf").write_text("http {\n}\n")
    (tmp_path / "notes.yaml").write_text("a: b\n")
    return tmp_path


def check(directory, *arguments, **environment):
    return subprocess.run([MANGROVE, "check", *arguments], cwd=directory, text=True, timeout=60,
                          capture_output=True, env={**os.environ, "HOME": str(directory), **environment})


def findings(result):
    return json.loads(result.stdout)["findings"]


def test_a_tree_is_examined_and_the_order_is_stable(tree):
    result = check(tree, "--format", "json", ".")
    assert result.returncode == 1
    found = findings(result)
    assert {f["file"] for f in found} == {"Dockerfile", "k8s/pod.yaml", "nginx.conf"}
    for finding in found:
        assert set(finding) >= {"id", "severity", "file", "line", "column", "message", "check", "fixable"}
        assert finding["line"] >= 1 and finding["column"] >= 1
    assert found == findings(check(tree, "--format", "json", "--threads", "1", str(tree)))
    assert found == sorted(found, key=lambda f: (f["file"], f["line"], f["column"], f["id"]))


def test_only_hadolint_has_its_ids_and_its_threshold(tree):
    result = check(tree, "--only", "hadolint", "--json", "Dockerfile")
    assert result.returncode == 1
    assert {f["id"] for f in findings(result)} == {"DL3006", "DL3008", "DL3014", "DL3015"}
    (tree / "Dockerfile").write_text("FROM debian:12\nLABEL Bad=x\n")
    assert check(tree, "--only", "hadolint", "Dockerfile").returncode == 0  # style passes
    assert check(tree, "--only", "hadolint", "--fail-on", "style", "Dockerfile").returncode == 1


def test_pod_security_judges_by_that_standard_alone(tree):
    pod = "k8s/pod.yaml"
    assert check(tree, "--pod-security", "baseline:v1.32", pod).returncode == 0
    assert check(tree, "--pod-security", "restricted:v1.32", pod).returncode == 1
    assert check(tree, "--pod-security", "restricted:v1.0", "--json", pod).returncode == 1
    assert check(tree, "--pod-security", "privileged", pod).returncode == 0
    wrong = check(tree, "--pod-security", "strict", pod)
    assert wrong.returncode == 2 and "baseline" in wrong.stderr


def test_reports_are_what_their_readers_expect(tree):
    sarif = json.loads(check(tree, "--format", "sarif", ".").stdout)
    assert sarif["version"] == "2.1.0"
    run = sarif["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["startLine"] >= 1 and region["startColumn"] >= 1
    xml.dom.minidom.parseString(check(tree, "--format", "junit", ".").stdout)
    assert check(tree, "--format", "markdown", ".").stdout.startswith("## mangrove check")
    (tree / "empty").mkdir()
    nothing = check(tree, "--format", "sarif", "empty")
    assert nothing.returncode == 0 and json.loads(nothing.stdout)["runs"][0]["results"] == []


SARIF_SCHEMA = Path(os.environ.get("MANGROVE_SARIF_SCHEMA", ROOT / ".state/sarif/sarif-2.1.0.json"))


@pytest.mark.skipif(not SARIF_SCHEMA.is_file(), reason="the published schema was not fetched: ./dev test does, with npm")
def test_sarif_is_as_its_published_schema_wants_it(tree):
    schema = jsonschema.Draft4Validator(json.loads(SARIF_SCHEMA.read_text()))
    (tree / "mesh.yaml").write_text("apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a}\n"
                                    "spec: {mtls: {mode: STRCT}}\n")
    (tree / "Dockerfile").write_text("FROM debian\n# mangrove ignore=DL3014 why\nRUN apt-get install curl # \xff\n")
    (tree / "of two words.yaml").write_text(POD)
    for options in ([], ["--show-ignored"], ["--only", "DL3006"], ["empty"]):
        (tree / "empty").mkdir(exist_ok=True)
        sarif = json.loads(check(tree, "--format", "sarif", *options, *([] if options == ["empty"] else ["."])).stdout)
        assert not [f"{list(error.path)}: {error.message}" for error in schema.iter_errors(sarif)]
    sarif["runs"][0]["results"] = [{"level": "dreadful"}]
    assert list(schema.iter_errors(sarif)), "the schema finds what is wrong"


def test_the_terminal_shows_the_line_without_colour_in_a_pipe(tree):
    shown = check(tree, "--only", "DL3006", "Dockerfile").stdout
    assert "Dockerfile:1:1: warning: " in shown and "    1 | FROM debian" in shown
    assert "\033" not in shown


def test_fix_mends_and_a_second_run_changes_nothing(tree):
    before = (tree / "Dockerfile").read_text()
    patch = check(tree, "--diff", ".").stdout
    assert "+RUN apt-get install" in patch and (tree / "Dockerfile").read_text() == before
    check(tree, "--fix", ".")
    mended = (tree / "Dockerfile").read_text()
    assert "-y" in mended and "--no-install-recommends" in mended
    assert "server_tokens off;" in (tree / "nginx.conf").read_text()
    assert check(tree, "--pod-security", "restricted", "k8s/pod.yaml").returncode == 0
    assert check(tree, "--diff", ".").stdout == ""


def test_what_the_baseline_knows_does_not_fail(tree):
    assert check(tree, "--write-baseline", "known", ".").returncode == 0
    assert check(tree, "--baseline", "known", ".").returncode == 0
    (tree / "Dockerfile").write_text("FROM debian\nRUN sudo x\n")
    result = check(tree, "--baseline", "known", "--json", ".")
    assert result.returncode == 1 and "DL3004" in {f["id"] for f in findings(result)}


def test_configuration_of_hadolint_is_honoured(tree):
    (tree / ".hadolint.yaml").write_text("ignored: [DL3006, DL3008]\noverride: {error: [DL3014]}\n")
    found = {f["id"]: f["severity"] for f in findings(check(tree, "--only", "hadolint", "--json", "Dockerfile"))}
    assert found == {"DL3014": "error", "DL3015": "info"}
    found = findings(check(tree, "--only", "hadolint", "--json", "Dockerfile", HADOLINT_IGNORE="DL3014"))
    assert [f["id"] for f in found] == ["DL3015"]
    (tree / ".hadolint.yaml").write_text("failure-threshold: dire\n")
    assert ".hadolint.yaml:1:" in check(tree, "Dockerfile").stderr


def test_severities_are_taken_as_a_list_too(tree):
    result = check(tree, "--only", "hadolint", "--severity", "HIGH,MEDIUM", "--json", "Dockerfile")
    assert {f["severity"] for f in findings(result)} == {"warning"}
    assert check(tree, "--severity", "HIGH,DIRE", "Dockerfile").returncode == 2


def test_a_file_of_any_name_is_told_by_what_it_says(tree):
    (tree / "case-1").write_text("# one\nRUN sudo x\n")
    assert "DL3004" in {f["id"] for f in findings(check(tree, "--only", "hadolint", "--json", "case-1"))}


def test_bad_input_is_said_and_ends_with_2(tree):
    (tree / "broken.yaml").write_text("apiVersion: v1\nkind: Pod\na: [\n")
    result = check(tree, "broken.yaml")
    assert result.returncode == 2 and "broken.yaml:" in result.stderr
    assert check(tree, "absent.yaml").returncode == 2
    assert check(tree).returncode == 2
    assert check(tree, "--only", "DL9999", ".").returncode == 2
    assert check(tree, "notes.yaml").returncode == 2


def test_every_check_explains_itself(tree):
    listed = [line.split()[0] for line in check(tree, "--list").stdout.splitlines() if line.startswith("  ")]
    assert len(listed) > 180
    explained = check(tree, "--explain", "DL3008")
    assert explained.returncode == 0 and "Fires:" in explained.stdout


def test_a_compose_file_is_examined_and_mended(tmp_path):
    (tmp_path / "docker-compose.yml").write_text(
        "version: '3'\nservices:\n  web:\n    image: web:1 # ours\n    privileged: true\n"
        "    volumes:\n    - /var/run/docker.sock:/var/run/docker.sock\n    environment:\n      DB_PASSWORD: hunter2\n")
    result = check(tmp_path, "--json", ".")
    found = {(f["id"], f["line"], f["column"]) for f in json.loads(result.stdout)["findings"]}
    assert result.returncode == 1
    assert {("CO020", 1, 1), ("CO001", 5, 17), ("CO002", 7, 7), ("CO010", 9, 20)} <= found
    check(tmp_path, "--fix", ".")
    mended = (tmp_path / "docker-compose.yml").read_text()
    assert mended.startswith("services:\n  web:\n    image: web:1 # ours\n    security_opt:")
    assert "privileged: false" in mended


SCRIPTS = ("FROM debian:12\nARG x\nRUN cd a && \\\n  echo $1 $x\n# hadolint ignore=SC2086\nRUN echo $2\n"
           'SHELL ["/bin/bash", "-c"]\nRUN [[ -f a ]]\nSHELL ["pwsh"]\nRUN echo $4\n')


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_reads_the_scripts_of_run(tmp_path):
    (tmp_path / "Dockerfile").write_text(SCRIPTS)
    (tmp_path / ".shellcheckrc").write_text("disable=all\n")
    found = findings(check(tmp_path, "--json", "--only", "shellcheck", "."))
    assert [(f["id"], f["line"], f["severity"]) for f in found] == [("SC2086", 3, "info")]
    assert found[0]["message"].endswith("(line 4)")
    assert findings(check(tmp_path, "--json", "--only", "shellcheck", "--shellcheck", "off", ".")) == []
    (tmp_path / ".hadolint.yaml").write_text("ignored: [SC2086]\n")
    assert findings(check(tmp_path, "--json", "--only", "shellcheck", ".")) == []


def test_a_shellcheck_that_cannot_be_asked_is_said(tmp_path):
    (tmp_path / "Dockerfile").write_text(SCRIPTS)
    (tmp_path / "broken").write_text("#!/bin/sh\necho nonsense\n")
    (tmp_path / "broken").chmod(0o755)
    for program in ("./broken", "./missing", "/bin/false"):
        result = check(tmp_path, "--json", "--shellcheck", program, "Dockerfile")
        assert result.returncode == 2 and result.stderr.strip(), program
        assert "DL3003" in {f["id"] for f in findings(result)}
