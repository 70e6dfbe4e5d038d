# SPDX-License-Identifier: Apache-2.0
"""AuthorizationPolicy at a running sidecar: who may do what, and where a refusal says its reason."""

import pytest
from harness.wire import client_tls, get

DENIED = b"RBAC: access denied"

POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  {selector}
  action: {action}
  rules:
{rules}
---
"""


def policy(rules, action="ALLOW", name="rules", namespace="default", app="api"):
    selector = f"selector: {{matchLabels: {{app: {app}}}}}" if app else ""
    lines = "".join(f"  - {rule}\n" for rule in rules)
    return POLICY.format(name=name, namespace=namespace, action=action, selector=selector, rules=lines)


@pytest.fixture
def api(mesh, origin, ca):
    """api(policies…) runs the proxy; api.status(who="web", …) asks as a workload of some namespace."""

    class Api:
        server = origin("api")

        def __call__(self, *policies):
            mesh.serve("api", self.server.port)
            mesh.write("policy.yaml", "".join(policies).replace("PORT", str(self.server.port)))
            mesh.start()
            return self

        def status(self, path="/", who="default/web", **options):
            if who is None:
                return mesh.get("api", path, plain=True, **options)[0]
            namespace, account = who.split("/")
            return mesh.get("api", path, leaf=ca.leaf(mesh.id_of(account, namespace)), **options)[0]

    return Api()


def test_without_policies_everybody_may(api):
    assert [api().status(), api.status(who=None)] == [200, 200]


def test_an_empty_policy_lets_nobody_in(api):
    api("apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"
        "metadata: {name: nothing, namespace: default}\nspec: {}\n")
    assert [api.status(), api.status(who=None)] == [403, 403]


@pytest.mark.parametrize("rule, allowed, denied", [
    ('from: [{source: {principals: ["cluster.local/ns/default/sa/web"]}}]',
     [{}], [{"who": "default/other"}, {"who": "other/web"}, {"who": None}]),
    ('from: [{source: {principals: ["cluster.local/ns/default/*"]}}]',
     [{}, {"who": "default/other"}], [{"who": "defaultx/web"}, {"who": None}]),
    ('from: [{source: {principals: ["*"]}}]', [{}, {"who": "other/x"}], [{"who": None}]),
    ('from: [{source: {notPrincipals: ["*"]}}]', [{"who": None}], [{}]),
    ('from: [{source: {namespaces: [default]}}]', [{}, {"who": "default/other"}], [{"who": "other/web"}, {"who": None}]),
    ('from: [{source: {notNamespaces: [default]}}]', [{"who": "other/web"}], [{}]),
    ('from: [{source: {ipBlocks: ["127.0.0.0/8"]}}]', [{}, {"who": None}], []),
    ('from: [{source: {ipBlocks: ["10.0.0.0/8", "127.0.0.2"]}}]', [], [{}, {"who": None}]),
    ('from: [{source: {notIpBlocks: ["127.0.0.1"]}}]', [], [{}]),
    ('to: [{operation: {methods: [GET, HEAD]}}]', [{}, {"method": "HEAD"}], [{"method": "POST"}, {"method": "get"}]),
    ('to: [{operation: {notMethods: [POST]}}]', [{}], [{"method": "POST"}]),
    ('to: [{operation: {paths: ["/a"]}}]',
     [{"path": "/a"}, {"path": "/a?b"}, {"path": "/x/../a"}, {"path": "/%61"}],
     [{"path": "/a/"}, {"path": "/A"}, {"path": "/"}, {"path": "/x/a"}]),
    ('to: [{operation: {paths: ["/a/*"]}}]', [{"path": "/a/b"}, {"path": "/a/b/c"}], [{"path": "/a"}, {"path": "/b/a/c"}]),
    ('to: [{operation: {paths: ["*.css"]}}]', [{"path": "/a/b.css"}], [{"path": "/a.css/b"}]),
    ('to: [{operation: {paths: ["/{*}/b"]}}]', [{"path": "/a/b"}], [{"path": "/b"}, {"path": "/a/a/b"}]),
    ('to: [{operation: {hosts: ["api.example"]}}]',
     [{"headers": {"Host": "API.Example"}}], [{"headers": {"Host": "api.example:80"}}, {}]),
    ('to: [{operation: {hosts: ["*.example"]}}]', [{"headers": {"Host": "a.example"}}], [{"headers": {"Host": "example"}}]),
    ('to: [{operation: {ports: ["PORT"]}}]', [{}], []),
    ('to: [{operation: {notPorts: ["PORT"]}}]', [], [{}]),
    ('{from: [{source: {namespaces: [default]}}], to: [{operation: {methods: [GET], paths: ["/a*"]}}]}',
     [{"path": "/a"}], [{"path": "/a", "method": "POST"}, {"path": "/b"}, {"path": "/a", "who": "other/x"}]),
    ('when: [{key: "request.headers[x-a]", values: ["1", "b*"]}]',
     [{"headers": {"X-A": "1"}}, {"headers": {"x-a": "bc"}}], [{"headers": {"X-A": "2"}}, {}]),
])
def test_a_rule_means(api, rule, allowed, denied):
    rule = rule if rule.startswith("{") else f"{{{rule}}}"
    api(policy([rule]))
    assert [api.status(**request) for request in allowed] == [200] * len(allowed)
    assert [api.status(**request) for request in denied] == [403] * len(denied)
    assert len(api.server.requests) == len(allowed)


def test_a_denial_comes_before_any_permission(api):
    api(policy(["{}"]), policy(['to: [{operation: {paths: ["/admin*"]}}]'], "DENY", "no-admin"))
    assert [api.status("/"), api.status("/admin"), api.status("/admin/x")] == [200, 403, 403]


@pytest.mark.parametrize("path", [
    "/admin", "/x/../admin", "/./admin", "/%61dmin", "/x/%2e%2e/admin", "/admin?x", "\\admin", "/x\\..\\admin",
    "/admin/", "/admin;x", "/admin/%2e%2e/admin",
])
def test_a_forbidden_path_is_not_reached_by_another_spelling(api, path):
    api(policy(["{}"]), policy(['to: [{operation: {paths: ["/admin*"]}}]'], "DENY", "no-admin"))
    status = api.status(path)
    assert status in (400, 403)
    assert not api.server.requests


def test_scopes(api):
    """Of the root namespace, of another one, of another workload."""
    api(policy(['to: [{operation: {paths: ["/root"]}}]'], "DENY", "root", "istio-system", None),
        policy(["{}"], "DENY", "elsewhere", "other", None),
        policy(["{}"], "DENY", "another", "default", "another"))
    assert [api.status("/root"), api.status("/")] == [403, 200]


def test_a_denial_says_why_in_the_log_alone(api, mesh, ca):
    api("# a comment\n" + policy(["{}"]) + policy(
        ['{to: [{operation: {methods: [PUT]}}]}', '{to: [{operation: {paths: ["/admin*"]}}]}'], "DENY", "no-admin"))
    status, headers, body = mesh.get("api", "/admin?secret", leaf=ca.leaf(mesh.id_of("web")))
    assert (status, body, headers["content-length"]) == (403, DENIED, "19")
    assert "no-admin" not in str(headers)
    line = mesh.wait_for_line(status=403)
    assert line["reason"] == "AUTHORIZATION_DENIED"
    text = (mesh.resources.path / "policy.yaml").read_text().splitlines()
    assert (line["decision"], line["policy"], line["rule"]) == ("deny", "default/no-admin", 1)
    assert line["policy_file"].endswith("policy.yaml")
    assert "/admin*" in text[line["policy_line"] - 1]
    assert line["details"] == "rbac_access_denied_matched_policy[ns[default]-policy[no-admin]-rule[1]]"
    assert (line["response_flags"], line["path"]) == ("RBAC", "/admin?secret")
    assert line["source_principal"] == mesh.id_of("web")


def test_nothing_matched_says_so(api, mesh):
    api(policy(['to: [{operation: {methods: [PUT]}}]']))
    assert api.status("/x") == 403
    line = mesh.wait_for_line(status=403)
    assert line["details"] == "rbac_access_denied_matched_policy[none]"
    assert (line["policy"], line["rule"]) == ("default/rules", None)
    assert line["policy_file"].endswith("policy.yaml") and line["policy_line"] > 0


def test_what_a_client_claims_of_itself_is_no_principal(api, ca, mesh):
    api(policy(['from: [{source: {principals: ["cluster.local/ns/default/sa/admin"]}}]']))
    lie = {"X-Forwarded-Client-Cert": "URI=spiffe://cluster.local/ns/default/sa/admin"}
    assert api.status(headers=lie) == 403
    assert api.status(who=None, headers=lie) == 403


def test_a_denied_body_does_not_reach_the_origin(api, mesh):
    api(policy(['to: [{operation: {methods: [GET]}}]']))
    for body in (b"x" * 10, b"x" * 3000000):
        try:
            assert api.status(method="POST", body=body) == 403
        except ConnectionError:
            assert len(body) > 100000  # it was still sending when we hung up
    assert api.status() == 200
    assert len(api.server.requests) == 1


def test_every_request_of_a_connection_is_judged(api, mesh):
    api(policy(['to: [{operation: {paths: ["/open"]}}]']))
    request = b"GET /%s HTTP/1.1\r\nHost: api\r\n\r\n"
    last = b"GET /open HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n"
    answer = mesh.talk("api", request % b"open" + request % b"shut" + request % b"open" + last, plain=True)
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"403", b"200", b"200"]


def test_a_gateway_judges_by_the_address_it_sees(mesh, origin, ca):
    """remoteIpBlocks behind a gateway: the address the gateway wrote last."""
    server = origin("api")
    mesh.serve("api", server.port)
    mesh.write("policy.yaml", policy(['from: [{source: {remoteIpBlocks: ["10.0.0.0/8"]}}]']))
    mesh.start()
    address, port = mesh.inbound("api")
    tls = client_tls(ca.leaf(mesh.id_of("gateway", "istio-system")), alpn=["istio"])
    for forwarded, status in (("1.2.3.4,10.1.1.1", 200), ("10.1.1.1,1.2.3.4", 403), ("", 403)):
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        assert get(port, address=address, tls=tls, headers=headers)[0] == status, forwarded
