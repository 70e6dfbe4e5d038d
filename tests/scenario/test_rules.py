# SPDX-License-Identifier: Apache-2.0
"""mangrove rules: what its user types and reads."""

import json

RULE = """
- list: shells
  items: [sh, bash]
- macro: spawned
  condition: (evt.type in (execve, execveat))
- rule: Shell started
  desc: a shell
  condition: spawned and proc.name in (shells)
  output: shell %proc.name by %user.name
  priority: WARNING
  tags: [shell]
"""


def write(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def test_parse_prints_canonical_text(mangrove):
    result = mangrove("rules", "parse", "a and b or not proc.name in(sh,'my shell')")
    assert result.returncode == 0
    assert result.stdout == '((a and b) or not proc.name in (sh, "my shell"))\n'


def test_parse_names_the_place(mangrove):
    result = mangrove("rules", "parse", "proc.name like sh")
    assert result.returncode == 2
    assert result.stderr.startswith("condition:1:11: expected an operator before 'like'")


def test_validate_has_falcos_shape(mangrove, state):
    good = write(state, "good.yaml", RULE)
    bad = write(state, "bad.yaml", "- macro: m\n  condition: nosuch\n")
    result = mangrove("rules", "validate", "--json", good, bad)
    assert result.returncode == 2
    first, second = json.loads(result.stdout)["falco_load_results"]
    assert (first["name"], first["successful"], first["errors"]) == (str(good), True, [])
    error = second["errors"][0]
    assert (second["successful"], error["code"]) == (False, "LOAD_ERR_VALIDATE")
    assert error["context"]["locations"][-1]["position"] == {"name": str(bad), "line": 2, "column": 14}
    assert "^" in error["context"]["snippet"]


def test_validate_tells_of_a_file_that_is_not_there(mangrove, state):
    result = mangrove("rules", "validate", "--json", state / "none.yaml")
    assert result.returncode == 2
    assert json.loads(result.stdout)["falco_load_results"][0]["errors"][0]["code"] == "LOAD_ERR_FILE_READ"


def test_describe_tells_what_a_rule_became(mangrove, state):
    rules = write(state, "rules.yaml", RULE)
    result = mangrove("rules", "describe", "--json", "-r", rules, "Shell started")
    rule = json.loads(result.stdout)
    assert rule["condition_compiled"] == "(evt.type in (execve, execveat) and proc.name in (sh, bash))"
    assert rule["events"] == ["execve", "execveat"]
    assert rule["condition_fields"] == ["evt.type", "proc.name"]
    assert rule["condition_operators"] == ["in"]
    assert rule["output_fields"] == ["proc.name", "user.name"]


def test_describe_of_a_rule_that_is_not_there(mangrove, state):
    result = mangrove("rules", "describe", "-r", write(state, "rules.yaml", RULE), "Shell")
    assert result.returncode == 2
    assert "there is no rule 'Shell'" in result.stderr


def test_eval_prints_a_line_a_match(mangrove, state):
    rules = write(state, "rules.yaml", RULE)
    events = [
        {"evt.type": "execve", "proc.name": "ls", "user.name": "ann"},
        {"evt.type": "execve", "proc.name": "bash", "user.name": "ann"},
        {"evt.type": "open", "proc.name": "bash"},
        {"evt.type": "execveat", "proc.name": "sh"},
    ]
    lines = write(state, "events.jsonl", "".join(json.dumps(event) + "\n" for event in events))
    result = mangrove("rules", "eval", "-r", rules, "--events", lines)
    assert result.returncode == 0
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"rule": "Shell started", "priority": "Warning", "output": "shell bash by ann", "index": 1},
        {"rule": "Shell started", "priority": "Warning", "output": "shell sh by <NA>", "index": 3},
    ]


def test_eval_names_a_line_that_is_no_event(mangrove, state):
    rules = write(state, "rules.yaml", RULE)
    lines = write(state, "events.jsonl", '{"evt.type": "open"}\nnot json\n')
    result = mangrove("rules", "eval", "-r", rules, "--events", lines)
    assert result.returncode == 2
    assert f"{lines}:2: not JSON" in result.stderr


def test_list_knows_fields_events_and_rules(mangrove, state):
    fields = json.loads(mangrove("rules", "list", "--json").stdout)
    assert {"name": "fd.ip", "type": "address", "argument": "", "filter_only": True, "deprecated": False} in fields
    assert "openat2" in json.loads(mangrove("rules", "list", "events", "--json").stdout)
    rules = write(state, "rules.yaml", RULE)
    assert json.loads(mangrove("rules", "list", "--json", "-r", rules).stdout) == [
        {"rule": "Shell started", "priority": "Warning", "enabled": True}
    ]
