# SPDX-License-Identifier: Apache-2.0
"""The edge: servers of a Gateway with their certificates, and every way a VirtualService sends a request."""

import base64
import collections
import ssl
import subprocess
import textwrap

import pytest
from harness.process import free_port, wait_for
from harness.wire import client_tls, get, talk

GATEWAY = """
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: gateway, namespace: istio-system}}
spec:
  address: 127.0.20.200
  labels: {{istio: ingressgateway}}
  serviceAccount: gateway
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: edge, namespace: default}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
{servers}
"""

HTTP = """
  - port: {{number: {port}, name: http, protocol: HTTP}}
    bind: 127.0.0.1
    hosts: ["*"]
"""

VIRTUAL_SERVICE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: default}}
spec:
  hosts: {hosts}
  gateways: [edge]
  http:
{routes}
"""


@pytest.fixture
def edge(mesh, origin):
    """A gateway in front of the services one and two; edge(routes) runs it, edge.get(path) asks it."""

    class Edge:
        port = free_port()
        origins = {name: origin(name) for name in ("one", "two")}

        def __call__(self, routes, hosts='["*"]', servers=HTTP, **values):
            for name, server in self.origins.items():
                mesh.serve(name, server.port)
            mesh.leaves["gateway"] = mesh.ca.leaf(mesh.id_of("gateway", "istio-system"))
            mesh.write("gateway.yaml", GATEWAY.format(servers=servers.format(port=self.port, **values)))
            self.route(routes, hosts)
            mesh.start()
            return self

        def route(self, routes, hosts='["*"]', name="routes"):
            routes = textwrap.indent(textwrap.dedent(routes), "  ")
            mesh.write(f"{name}.yaml", VIRTUAL_SERVICE.format(name=name, hosts=hosts, routes=routes))

        def get(self, path="/", **options):
            return get(self.port, path, **options)

        def answer(self, path="/", **options):
            """Which origin answered, or the status."""
            status, _, told = self.get(path, **options)
            return told["origin"] if status == 200 and isinstance(told, dict) else status

        def told(self, path="/", **options):
            return self.get(path, **options)[2]

    return Edge()


TO = "route: [{{destination: {{host: {0}, port: {{number: 80}}}}}}]"
ONE, TWO = TO.format("one"), TO.format("two")


# --- matches ---


@pytest.mark.parametrize("match, yes, no", [
    ("uri: {exact: /a}", ["/a", "/a?b=c", "/b/../a", "/%61"], ["/", "/a/", "/ab", "/A", "//a"]),
    ("uri: {prefix: /a}", ["/a", "/ab", "/a/b?c"], ["/", "/b/a", "/A"]),
    ("uri: {regex: '/a[0-9]+(/.*)?'}", ["/a1", "/a22/b"], ["/a", "/xa1", "/a1b"]),
    ("{uri: {exact: /A}, ignoreUriCase: true}", ["/a", "/A"], ["/b"]),
    ("uri: {prefix: /a}, method: {exact: GET}", ["/a"], ["/b"]),
], ids=["exact", "prefix", "regex", "ignoreUriCase", "and"])
def test_the_path(edge, match, yes, no):
    match = match if match.startswith("{") else f"{{{match}}}"
    edge(f"- match: [{match}]\n  {ONE}\n- {TWO}\n")
    assert {path: edge.answer(path) for path in yes} == dict.fromkeys(yes, "one")
    assert {path: edge.answer(path) for path in no} == dict.fromkeys(no, "two")


REQUESTS = {
    "plain": {},
    "x": {"headers": {"X-Version": "v2"}},
    "x long": {"headers": {"X-Version": "v2-beta"}},
    "x empty": {"headers": {"X-Version": ""}},
    "post": {"method": "POST"},
    "host": {"headers": {"Host": "API.example"}},
    "host with port": {"headers": {"Host": "api.example:8080"}},
    "query": {"path": "/?user=jason"},
    "query other": {"path": "/?a=b&user=jasmin"},
    "query empty": {"path": "/?user"},
}


@pytest.mark.parametrize("match, takes", [
    ("headers: {x-version: {exact: v2}}", ["x"]),
    ("headers: {x-version: {prefix: v2}}", ["x", "x long"]),
    ("headers: {x-version: {regex: 'v[0-9]'}}", ["x"]),
    ("headers: {x-version: {}}", ["x", "x long", "x empty"]),
    ("withoutHeaders: {x-version: {exact: v2}}",
     ["plain", "x long", "x empty", "post", "host", "host with port", "query", "query other", "query empty"]),
    ("withoutHeaders: {x-version: {}}",
     ["plain", "post", "host", "host with port", "query", "query other", "query empty"]),
    ("method: {exact: POST}", ["post"]),
    ("method: {regex: 'P.*'}", ["post"]),
    ("authority: {exact: api.example}", ["host"]),
    ("authority: {prefix: api.}", ["host", "host with port"]),
    ("queryParams: {user: {exact: jason}}", ["query"]),
    ("queryParams: {user: {prefix: jas}}", ["query", "query other"]),
    ("queryParams: {user: {regex: 'jas.{2}'}}", ["query"]),
    ("queryParams: {user: {exact: ''}}", ["query empty"]),
    ("queryParams: {user: {}}", ["query", "query other", "query empty"]),
])
def test_what_else_can_be_matched(edge, match, takes):
    edge(f"- match: [{{{match}}}]\n  {ONE}\n- {TWO}\n")
    taken = [name for name, request in REQUESTS.items() if edge.answer(**request) == "one"]
    assert taken == takes


def test_matches_are_alternatives_and_rules_have_an_order(edge):
    edge(f"""
        - match: [{{uri: {{exact: /a}}, headers: {{x: {{exact: "1"}}}}}}, {{uri: {{exact: /b}}}}]
          {ONE}
        - match: [{{uri: {{prefix: /}}}}]
          {TWO}
        - match: [{{uri: {{exact: /c}}}}]
          {ONE}
        """)
    assert [edge.answer(path) for path in ("/a", "/b", "/c")] == ["two", "one", "two"]
    assert edge.answer("/a", headers={"X": "1"}) == "one"


def test_hosts_are_found_by_the_nearest_name(edge):
    edge(f"- {ONE}", hosts='["*.example"]')
    edge.route(f"- {TWO}", hosts='["api.example", "*.deep.example"]', name="second")
    hosts = {"api.example": "two", "API.EXAMPLE:8080": "two", "x.example": "one", "a.deep.example": "two",
             "deep.example": "one", "example": 404, "other": 404, "x.example.org": 404}
    wait_for(lambda: edge.answer(headers={"Host": "api.example"}) == "two", "the second file is in force")
    assert {host: edge.answer(headers={"Host": host}) for host in hosts} == hosts


def test_what_is_unknown_is_404_without_a_body(edge, mesh):
    edge(f"- match: [{{uri: {{exact: /a}}}}]\n  {ONE}\n", hosts="[known.example]")
    for host, path in (("other.example", "/a"), ("known.example", "/b")):
        status, _, body = edge.get(path, headers={"Host": host})
        assert (status, body) == (404, b"")
    assert mesh.wait_for_line(path="/b")["response_flags"] == "NR"


# --- where it goes ---


def test_weights(edge):
    edge("""
        - route:
          - {destination: {host: one}, weight: 80}
          - {destination: {host: two}, weight: 20}
        """)
    counts = collections.Counter(edge.answer() for _ in range(500))
    assert set(counts) == {"one", "two"}
    assert 60 <= counts["two"] <= 145  # 100 expected; beyond this once in 100,000 runs


def test_a_weight_of_zero_gets_nothing(edge):
    edge("""
        - route:
          - {destination: {host: one}, weight: 100}
          - {destination: {host: two}, weight: 0}
        """)
    assert {edge.answer() for _ in range(50)} == {"one"}


def test_an_unknown_destination_is_503(edge, mesh):
    edge("- route: [{destination: {host: nowhere}}]")
    assert edge.get()[0] == 503
    assert mesh.wait_for_line(status=503)["response_flags"] == "NC"


@pytest.mark.parametrize("match, rewrite, path, want", [
    ("uri: {prefix: /a/}", "uri: /", "/a/b?c=d", "/b?c=d"),
    ("uri: {prefix: /a}", "uri: /x", "/a/b", "/x/b"),
    ("uri: {exact: /a}", "uri: /x", "/a?c=d", "/x?c=d"),
    ("uri: {regex: '/a.*'}", "uri: /x", "/abc?c=d", "/x?c=d"),
    ("method: {exact: GET}", "uri: /x/", "/a/b?c", "/x/a/b?c"),
    ("uri: {prefix: /a}", "uriRegexRewrite: {match: '^/a/([^/]+)/(.*)$', rewrite: '/\\2/\\1'}", "/a/b/c?d", "/c/b?d"),
], ids=["prefix", "prefix without slash", "exact", "regex", "no path in the match", "uriRegexRewrite"])
def test_the_path_is_rewritten(edge, match, rewrite, path, want):
    edge(f"- match: [{{{match}}}]\n  rewrite: {{{rewrite}}}\n  {ONE}\n")
    assert edge.told(path)["path"] == want


def test_the_authority_is_rewritten(edge):
    edge(f"- rewrite: {{authority: inner.example}}\n  {ONE}\n")
    assert edge.told()["headers"]["host"] == "inner.example"


@pytest.mark.parametrize("redirect, code, location", [
    ("uri: /b", 301, "http://web.example/b?c=d"),
    ("authority: other.example", 301, "http://other.example/a?c=d"),
    ("{scheme: https, redirectCode: 308}", 308, "https://web.example/a?c=d"),
    ("{uri: /b, authority: other.example, scheme: https, port: 8443, redirectCode: 302}", 302,
     "https://other.example:8443/b?c=d"),
    ("{scheme: https, port: 443}", 301, "https://web.example/a?c=d"),
])
def test_redirects(edge, redirect, code, location):
    redirect = redirect if redirect.startswith("{") else f"{{{redirect}}}"
    edge(f"- redirect: {redirect}\n")
    status, headers, body = edge.get("/a?c=d", headers={"Host": "web.example"})
    assert (status, headers["location"], body) == (code, location, b"")


def test_direct_responses(edge):
    edge("""
        - match: [{uri: {exact: /teapot}}]
          directResponse: {status: 418, body: {string: "short and stout"}}
          headers: {response: {set: {x-pot: tea}}}
        - directResponse: {status: 204}
        """)
    status, headers, body = edge.get("/teapot")
    assert (status, headers["x-pot"], body) == (418, "tea", b"short and stout")
    assert edge.get("/")[0] == 204
    status, headers, body = edge.get("/teapot", method="HEAD")
    assert (status, headers["content-length"], body) == (418, "15", b"")


def test_header_operations(edge):
    edge("""
        - headers:
            request: {set: {x-set: route, x-both: route}, add: {x-add: "2"}, remove: [x-gone]}
            response: {set: {x-origin: hidden}, add: {x-new: "1"}, remove: [content-type]}
          route:
          - destination: {host: one}
            headers: {request: {set: {x-both: destination, x-near: destination}}}
        """)
    sent = {"X-Set": "client", "X-Add": "1", "X-Gone": "1"}
    status, headers, body = edge.get(headers=sent)
    assert status == 200
    assert (headers["x-origin"], headers["x-new"], headers["content-type"]) == ("hidden", "1", None)
    got = edge.origins["one"].requests[0]["headers"]
    assert (got["x-set"], got["x-both"], got["x-near"]) == ("route", "destination", "destination")
    assert got["x-add"].replace(" ", "") == "1,2"
    assert "x-gone" not in got
    assert body


def test_a_timeout_is_504(edge, mesh):
    edge(f"- timeout: 0.2s\n  {ONE}\n")
    status, _, body = edge.get("/slow/5")
    assert (status, body) == (504, b"upstream request timeout")
    line = mesh.wait_for_line(status=504, listener="gateway")
    assert (line["response_flags"], line["details"]) == ("UT", "response_timeout")
    assert edge.answer("/slow/0.05") == "one"


# --- what the edge lets in ---


def test_nobody_outside_says_who_he_is(edge):
    edge(f"- {ONE}\n")
    lies = {"X-Forwarded-Client-Cert": "URI=spiffe://cluster.local/ns/default/sa/admin",
            "X-Forwarded-For": "10.1.2.3", "X-Forwarded-Proto": "https", "X-Envoy-Peer-Metadata-Id": "x",
            "X-Request-Id": "mine", "X-Forwarded-Host": "evil", "X-Envoy-Upstream-Rq-Timeout-Ms": "1"}
    headers = edge.told(headers=lies)["headers"]
    assert "admin" not in headers["x-forwarded-client-cert"]
    assert "sa/gateway" in headers["x-forwarded-client-cert"]
    assert headers["x-forwarded-for"] == "10.1.2.3,127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-request-id"] != "mine"
    assert not {"x-envoy-peer-metadata-id", "x-forwarded-host", "x-envoy-upstream-rq-timeout-ms"} & set(headers)


def test_policies_of_the_gateway_see_no_lies(edge, mesh):
    """What is taken away from the next hop is not believed here either."""
    mesh.write("policy.yaml", """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: edge, namespace: istio-system}
        spec:
          selector: {matchLabels: {istio: ingressgateway}}
          rules: [{when: [{key: "request.headers[x-forwarded-client-cert]", values: ["*admin"]}]}]
        """)
    edge(f"- {ONE}\n")
    assert edge.answer(headers={"X-Forwarded-Client-Cert": "URI=spiffe://cluster.local/ns/default/sa/admin"}) == 403


# --- TLS ---

SECRET = """
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: {{name: {name}, namespace: istio-system}}
data: {{tls.crt: {certificate}, tls.key: {key}{more}}}
"""


def write_secret(mesh, name, leaf, ca=None):
    def encoded(path):
        return base64.b64encode(path.read_bytes()).decode()

    mesh.write(f"secret-{name}.yaml", SECRET.format(
        name=name, certificate=encoded(leaf.certificate), key=encoded(leaf.key),
        more=f", ca.crt: {encoded(ca)}" if ca else ""))


HTTPS = """
  - port: {{number: {port}, name: https-a, protocol: HTTPS}}
    bind: 127.0.0.1
    hosts: [a.example]
    tls: {{mode: SIMPLE, credentialName: a}}
  - port: {{number: {port}, name: https-b, protocol: HTTPS}}
    bind: 127.0.0.1
    hosts: ["*.b.example"]
    tls: {{mode: SIMPLE, serverCertificate: {certificate}, privateKey: {key}}}
"""


def shown_to(port, name):
    """The names of the certificate that a client asking for `name` is shown, or None."""
    result = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", name],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)
    if "BEGIN CERTIFICATE" not in result.stdout:
        return None
    return subprocess.run(["openssl", "x509", "-noout", "-ext", "subjectAltName"], input=result.stdout,
                          capture_output=True, text=True).stdout.partition("DNS:")[2].strip()


def test_certificates_are_chosen_by_name(edge, mesh, foreign_ca):
    b = foreign_ca.leaf(dns=["*.b.example"], common_name="b")
    write_secret(mesh, "a", foreign_ca.leaf(dns=["a.example"], common_name="a"))
    edge(f"- {ONE}\n", servers=HTTPS, certificate=b.certificate, key=b.key)
    assert shown_to(edge.port, "a.example") == "a.example"
    assert shown_to(edge.port, "A.Example") == "a.example"
    assert shown_to(edge.port, "x.b.example") == "*.b.example"
    assert shown_to(edge.port, "c.example") is None
    tls = client_tls(ca=foreign_ca.bundle)
    request = b"GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
    assert b" 200 " in talk(edge.port, request % b"a.example", tls=tls, server_name="a.example")
    assert b" 404 " in talk(edge.port, request % b"x.b.example", tls=tls, server_name="a.example")
    headers = edge.origins["one"].requests[0]["headers"]
    assert headers["x-forwarded-proto"] == "https"


def test_a_secret_renewed_is_shown_at_once(edge, mesh, foreign_ca):
    write_secret(mesh, "a", foreign_ca.leaf(dns=["a.example"], common_name="a"))
    edge(f"- {ONE}\n", servers=HTTPS.partition("  - port: {{number: {port}, name: https-b")[0])
    write_secret(mesh, "a", foreign_ca.leaf(dns=["a.example", "new.example"], common_name="a"))
    wait_for(lambda: "new.example" in shown_to(edge.port, "a.example"), "the new certificate is shown")


def test_clients_of_a_mutual_server_need_a_certificate(edge, mesh, ca, foreign_ca):
    write_secret(mesh, "a", foreign_ca.leaf(dns=["a.example"], common_name="a"), ca=foreign_ca.bundle)
    edge(f"- {ONE}\n", servers=HTTPS.replace("SIMPLE", "MUTUAL").partition(
        "  - port: {{number: {port}, name: https-b")[0])
    request = b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
    right, wrong = foreign_ca.leaf(dns=["me"], common_name="me"), ca.leaf(dns=["me"], common_name="me")
    assert b" 200 " in talk(edge.port, request, tls=client_tls(right), server_name="a.example")
    assert talk(edge.port, request, tls=client_tls(wrong), server_name="a.example") == b""
    assert talk(edge.port, request, tls=client_tls(), server_name="a.example") == b""


def test_plain_text_is_sent_to_https(edge, mesh):
    edge(f"- {ONE}\n", servers=HTTP + "    tls: {{httpsRedirect: true}}\n")
    status, headers, _ = edge.get("/a?b=c", headers={"Host": "web.example:80"})
    assert (status, headers["location"]) == (301, "https://web.example/a?b=c")
    assert not edge.origins["one"].requests


def test_servers_of_one_port_redirect_each_for_itself(edge, mesh):
    """Hosts that one server sends to HTTPS do not take the other server's along, in either order."""
    server = HTTP.replace('["*"]', '["{host}"]')
    both = server.replace("{host}", "plain.example") + server.replace("{host}", "./*.safe.example").replace(
        "name: http", "name: http-b") + "    tls: {{httpsRedirect: true}}\n"
    edge(f"- {ONE}\n", servers=both + server.replace("{host}", "last.example").replace("name: http", "name: http-c"))
    for host, status in (("plain.example", 200), ("a.safe.example", 301), ("last.example", 200), ("other.example", 404)):
        assert edge.get("/", headers={"Host": host})[0] == status


def test_a_missing_secret_is_named(edge, mesh, mangrove):
    with pytest.raises(AssertionError, match="there is no Secret 'a' in namespace 'istio-system'"):
        edge(f"- {ONE}\n", servers=HTTPS.partition("  - port: {{number: {port}, name: https-b")[0])


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_plain_http_to_an_https_port_is_refused(edge, mesh, foreign_ca):
    write_secret(mesh, "a", foreign_ca.leaf(dns=["a.example"], common_name="a"))
    edge(f"- {ONE}\n", servers=HTTPS.partition("  - port: {{number: {port}, name: https-b")[0])
    assert not talk(edge.port, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").startswith(b"HTTP")
    old = client_tls()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    assert talk(edge.port, b"GET / HTTP/1.1\r\n\r\n", tls=old, server_name="a.example") == b""


# --- Istio's own example ---


def test_bookinfo_runs_with_the_files_as_published(mesh, origin, shared):
    """Gateway, VirtualServices and DestinationRules of bookinfo; only where the programs run is ours."""
    folder = shared / "data/istio/bookinfo"
    port = free_port()
    text = (folder / "bookinfo-gateway.yaml").read_text()
    mesh.write("gateway.yaml", text.replace("number: 8080", f"number: {port}"))
    mesh.write("rules.yaml", (folder / "destination-rule-all.yaml").read_text())
    mesh.write("reviews.yaml", (folder / "virtual-service-reviews-test-v2.yaml").read_text())
    mesh.leaves["gateway"] = mesh.ca.leaf(mesh.id_of("gateway", "istio-system"))
    entries = [GATEWAY.partition("---")[0].format()]
    for name, versions in (("productpage", ["v1"]), ("reviews", ["v1", "v2", "v3"])):
        mesh.leaves[name] = mesh.ca.leaf(mesh.id_of(f"bookinfo-{name}"))
        entries.append(f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: default}}
spec: {{ports: [{{port: 9080, name: http, targetPort: http}}], selector: {{app: {name}}}}}
""")
        for number, version in enumerate(versions, 1):
            server = origin(f"{name}-{version}")
            entries.append(f"""
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: {name}-{version}, namespace: default}}
spec:
  address: 127.0.21.{len(entries)}
  ports: {{http: {server.port}}}
  labels: {{app: {name}, version: {version}}}
  serviceAccount: bookinfo-{name}
""")
            assert number
    out = mesh.speak_as("productpage-caller")
    mesh.write("workloads.yaml", "---".join(entries))
    mesh.start()
    assert get(port, "/productpage")[2]["origin"] == "productpage-v1"
    assert get(port, "/api/v1/products/0")[2]["origin"] == "productpage-v1"
    assert get(port, "/admin")[0] == 404
    host = {"Host": "reviews:9080"}
    assert {get(out, headers=host)[2]["origin"] for _ in range(10)} == {"reviews-v1"}
    jason = {**host, "end-user": "jason"}
    assert {get(out, headers=jason)[2]["origin"] for _ in range(10)} == {"reviews-v2"}
    mesh.write("reviews.yaml", (folder / "virtual-service-reviews-50-v3.yaml").read_text())
    mesh.wait_for_plan(2)
    assert {get(out, headers=host)[2]["origin"] for _ in range(40)} == {"reviews-v1", "reviews-v3"}
