# SPDX-License-Identifier: Apache-2.0
"""`mangrove check resources`: what loads, what does not, and how it is told."""

import json

GOOD = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
"""

MISSPELT = """apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: allow, namespace: shop}
spec:
  rules:
  - from:
    - source:
        princpals: [cluster.local/ns/shop/sa/web]
"""

BROKEN = """apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public}
spec:
  servers:
  - port: {number: 80000, name: http, protocol: HTTP}
    hosts: ["*"]
"""


def test_good_files_are_counted(mangrove, resources):
    resources.write("a.yaml", GOOD)
    done = mangrove("check", "resources", resources.path)
    assert done.returncode == 0
    assert done.stdout == "2 resources: 1 PeerAuthentication, 1 Namespace\n"
    assert done.stderr == ""


def test_a_misspelt_field_warns_and_says_what_was_meant(mangrove, resources):
    resources.write("a.yaml", MISSPELT)
    done = mangrove("check", "resources", resources.path)
    assert done.returncode == 0
    assert done.stderr == (
        f"{resources.path}/a.yaml:8:9: warning: unknown field 'princpals' in source; "
        "did you mean 'principals'?\n"
        "            princpals: [cluster.local/ns/shop/sa/web]\n"
        "            ^\n"
    )
    assert done.stdout.endswith("1 AuthorizationPolicy; 1 warning\n")


def test_strictly_it_is_an_error(mangrove, resources):
    resources.write("a.yaml", MISSPELT)
    done = mangrove("check", "resources", "--strict", resources.path)
    assert done.returncode == 2
    assert ": error: unknown field 'princpals'" in done.stderr


def test_every_error_of_every_file_is_told(mangrove, resources):
    resources.write("a.yaml", BROKEN)
    (resources.path / "below").mkdir()
    (resources.path / "below" / "b.yaml").write_text("a: [\n")
    done = mangrove("check", "resources", resources.path)
    assert done.returncode == 2
    assert "a.yaml:6:20: error: 'number' must be from 1 to 65535, not 80000" in done.stderr
    assert "below/b.yaml:2:1: error: not valid YAML" in done.stderr
    assert done.stdout == ""


def test_policies_are_compiled_too(mangrove, resources):
    resources.write("a.yaml", """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: a}
        spec:
          rules:
          - from: [{source: {ipBlocks: [300.0.0.1]}}]
        """)
    done = mangrove("check", "resources", resources.path)
    assert done.returncode == 2
    assert "a.yaml:7:33: error: '300.0.0.1' in 'ipBlocks'" in done.stderr
    assert "  - from: [{source: {ipBlocks: [300.0.0.1]}}]\n" in done.stderr


def test_json_is_for_programs(mangrove, resources):
    resources.write("a.yaml", GOOD + "---\n" + MISSPELT)
    done = mangrove("check", "resources", "--json", resources.path)
    answer = json.loads(done.stdout)
    assert answer["loads"] is True
    assert answer["kinds"] == {"PeerAuthentication": 1, "AuthorizationPolicy": 1, "Namespace": 1}
    (finding,) = answer["findings"]
    assert finding["severity"] == "warning"
    assert finding["column"] == 9


def test_a_path_that_is_not_there(mangrove, tmp_path):
    done = mangrove("check", "resources", tmp_path / "none.yaml")
    assert done.returncode == 2
    assert "none.yaml: error: No such file or directory" in done.stderr


def test_usage(mangrove):
    assert mangrove("check", "resources").returncode == 2
    assert mangrove("check", "resources", "--colour", ".").returncode == 2


def test_ten_thousand_rules_load_at_once(mangrove, resources):
    rules = "".join(
        f"  - from: [{{source: {{principals: [cluster.local/ns/a/sa/s{i}]}}}}]\n"
        f"    to: [{{operation: {{methods: [GET], paths: [/api/{i}/*]}}}}]\n"
        for i in range(10000)
    )
    resources.write(
        "a.yaml",
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}\n"
        "spec:\n  rules:\n" + rules,
    )
    assert mangrove("check", "resources", resources.path, timeout=5).returncode == 0
