# SPDX-License-Identifier: Apache-2.0
"""`mangrove check` across files: policies in one, what they govern in another."""

import json

import pytest

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress, Egress]
"""
AUTHORIZATION = """\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: a, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  action: DENY
  rules:
  - to:
    - operation: {methods: [get]}
"""


def deployment(name, namespace="shop", head=""):
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name} {head}
  namespace: {namespace}
spec:
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - {{name: a, image: "a:1"}}
"""


@pytest.fixture
def tree(tmp_path, mangrove):
    """tree({"a.yaml": text, …}, "--only", "network"): (id, file, line) of every finding."""

    def examine(files, *options):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        result = mangrove("check", "--json", *options, ".", cwd=tmp_path)
        return [(f["id"], f["file"], f["line"]) for f in json.loads(result.stdout)["findings"]]

    return examine


def test_a_policy_governs_the_pods_of_other_files(tree):
    files = {"policy.yaml": POLICY, "web.yaml": deployment("web"), "db.yaml": deployment("db"),
             "other.yaml": deployment("x", "other")}
    assert tree(files, "--only", "NP005") == [("NP005", "db.yaml", 4)]


def test_what_is_ignored_stays_ignored(tree):
    files = {"policy.yaml": POLICY, "db.yaml": deployment("db", head="# mangrove ignore=NP005 it is the gateway")}
    assert tree(files, "--only", "NP005") == []


def test_without_a_namespace_a_directory_is_one(tree):
    bare = POLICY.replace(", namespace: shop", "")
    pod = deployment("db").replace("  namespace: shop\n", "")
    assert tree({"a/policy.yaml": bare, "a/db.yaml": pod, "b/db.yaml": pod}, "--only", "NP005") == [
        ("NP005", "a/db.yaml", 4)]


def test_mesh_resources_are_linted(tree):
    files = {"policy.yaml": AUTHORIZATION, "web.yaml": deployment("web"),
             "mtls.yaml": "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a}\n"
                          "spec:\n  mtls:\n    mode: STRCT\n"}
    found = tree(files, "--only", "mesh")
    assert ("IS001", "mtls.yaml", 6) in found
    assert ("IS003", "policy.yaml", 9) in found


def test_rule_files_are_one_set(tree):
    macros = "- macro: opens\n  condition: evt.type = open\n"
    rule = "- rule: a\n  desc: a\n  condition: opens and fd.name = {0}\n  output: a\n  priority: INFO\n"
    assert tree({"a_macros.yaml": macros, "b_rules.yaml": rule.format("x")}, "--only", "falco") == []
    broken = rule.replace("fd.name", "fd.nosuch").format("x")
    assert tree({"b_rules.yaml": broken}, "--only", "falco") == [("FR001", "b_rules.yaml", 3)]


PSP = """\
apiVersion: policy/v1beta1
kind: PodSecurityPolicy
metadata: {name: %s}
spec:
  privileged: %s
  volumes: [configMap, secret]
  runAsUser: {rule: RunAsAny}
"""
USE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: use}
rules:
- {apiGroups: [policy], resources: [podsecuritypolicies], verbs: [use], resourceNames: [%s]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: use, namespace: shop}
roleRef: {kind: ClusterRole, name: use}
subjects: [{kind: Group, name: "system:serviceaccounts:shop"}]
"""


def test_legacy_policies_are_judged_against_their_pods(tree):
    privileged = deployment("db").replace('image: "a:1"', 'image: "a:1", securityContext: {privileged: true}')
    files = {"psp.yaml": PSP % ("strict", "false") + "---\n" + PSP % ("open", "true"),
             "web.yaml": deployment("web"), "db.yaml": privileged}
    assert tree(files, "--only", "K8S028,K8S029") == [("K8S029", "db.yaml", 4), ("K8S029", "web.yaml", 4)]
    # a role says who may use which: strict alone, and only in shop
    files |= {"use.yaml": USE % "strict", "other.yaml": deployment("x", "other")}
    assert tree(files, "--only", "K8S028,K8S029") == [
        ("K8S028", "db.yaml", 4), ("K8S028", "other.yaml", 4), ("K8S029", "web.yaml", 4)]


def test_the_way_to_pod_security_is_named(tmp_path, mangrove):
    (tmp_path / "a.yaml").write_text(PSP % ("p", "false") + "---\n" + deployment("web"))
    found = json.loads(mangrove("check", "--json", "--only", "K8S029", ".", cwd=tmp_path).stdout)["findings"]
    assert "label namespace shop pod-security.kubernetes.io/enforce: baseline; for restricted mend PS014" in found[0]["message"]
