# SPDX-License-Identifier: Apache-2.0
"""Spans for a collector of OpenTelemetry's, by OTLP/HTTP."""

import json
import re

import pytest
from harness.origin import HttpOrigin
from harness.process import wait_for
from harness.wire import get

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def tracing(port, sampling=100, path="/v1/traces", name="otel"):
    return f"""
        apiVersion: v1
        kind: ConfigMap
        metadata: {{name: istio, namespace: istio-system}}
        data:
          mesh: |
            enableTracing: true
            defaultProviders: {{tracing: [{name}]}}
            defaultConfig: {{tracing: {{sampling: {sampling}}}}}
            extensionProviders:
            - name: otel
              opentelemetry:
                service: 127.0.0.1
                port: {port}
                http: {{path: {path}, timeout: 2s, headers: [{{name: X-Token, value: secret}}]}}
        """


class Collector(HttpOrigin):
    def spans(self):
        found = []
        for request in list(self.requests):
            for part in json.loads(request["body"])["resourceSpans"]:
                service = {item["key"]: item["value"]["stringValue"] for item in part["resource"]["attributes"]}
                for span in part["scopeSpans"][0]["spans"]:
                    found.append((service["service.name"], span))
        return found


@pytest.fixture
def collector():
    server = Collector("collector")
    yield server
    server.stop()


@pytest.fixture
def api(mesh, origin):
    server = origin("api")
    mesh.serve("api", server.port)
    return server


def header(request, name):
    return request["headers"].get(name)


def attributes(span):
    return {item["key"]: next(iter(item["value"].values())) for item in span["attributes"]}


def test_a_request_through_two_proxies_is_one_trace(mesh, api, collector):
    out = mesh.speak_as("web")
    mesh.write("mesh.yaml", tracing(collector.port))
    mesh.start()
    get(out, "/hello?token=secret", headers={"Host": "api"})
    wait_for(lambda: len(collector.spans()) == 2, "two spans", seconds=10)
    spans = dict(collector.spans())
    client, server = spans["web.default"], spans["api.default"]
    assert client["traceId"] == server["traceId"] and re.fullmatch("[0-9a-f]{32}", client["traceId"])
    assert server["parentSpanId"] == client["spanId"] and "parentSpanId" not in client
    assert (client["kind"], server["kind"]) == (3, 2)
    assert header(api.requests[0], "traceparent") == f"00-{server['traceId']}-{server['spanId']}-01"
    told = attributes(server)
    assert told["http.response.status_code"] == "200" and server["status"] == {}
    assert told["url.path"] == "/hello", "a query may hold secrets"
    assert told["source.principal"] == mesh.id_of("web")
    assert int(server["endTimeUnixNano"]) >= int(server["startTimeUnixNano"]) > 1_700_000_000 * 10**9
    request = collector.requests[0]
    assert request["path"] == "/v1/traces" and header(request, "x-token") == "secret"
    assert header(request, "content-type") == "application/json"


def test_what_failed_is_an_error(mesh, api, collector):
    mesh.write("mesh.yaml", tracing(collector.port))
    mesh.start()
    mesh.get("api", "/status/500", plain=True)
    wait_for(collector.spans, "a span", seconds=10)
    (_, span), = collector.spans()
    assert attributes(span)["http.response.status_code"] == "500" and span["status"] == {"code": 2}


def test_who_began_a_trace_decides(mesh, api, collector):
    mesh.write("mesh.yaml", tracing(collector.port, sampling=0))
    mesh.start()
    for flags in ("00", "01"):
        mesh.get("api", plain=True, headers={"traceparent": f"00-{TRACE}-{PARENT}-{flags}"})
    mesh.get("api", plain=True)  # begins one of its own: none is sampled
    wait_for(collector.spans, "a span", seconds=10)
    (_, span), = collector.spans()
    assert (span["traceId"], span["parentSpanId"]) == (TRACE, PARENT)
    assert [header(request, "traceparent")[-2:] for request in api.requests] == ["00", "01", "00"]
    assert header(api.requests[0], "traceparent") == f"00-{TRACE}-{PARENT}-00"


def test_a_collector_that_is_gone_costs_spans_and_nothing_else(mesh, api, collector):
    mesh.write("mesh.yaml", tracing(1))
    mesh.start()
    assert mesh.get("api", plain=True)[0] == 200
    mesh.proxy.wait_for_log("spans are lost")
    wait_for(lambda: mesh.metrics().get("mangrove_spans_dropped_total") == 1, "it is counted")
    mesh.write("mesh.yaml", tracing(collector.port))
    mesh.wait_for_plan(2)
    assert mesh.get("api", plain=True)[0] == 200
    wait_for(collector.spans, "spans arrive again", seconds=10)


def test_an_unknown_provider_is_said(mesh, api, collector):
    mesh.write("mesh.yaml", tracing(collector.port, name="nobody"))
    mesh.start()
    mesh.proxy.wait_for_log("there is no extension provider 'nobody' with opentelemetry")
    assert mesh.get("api", plain=True)[0] == 200
