# SPDX-License-Identifier: Apache-2.0
"""What the access log says when MeshConfig asks for a form of its own."""

import json

import pytest
from harness.process import wait_for

MESH = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
"""


def mesh_config(*lines):
    return MESH + "".join(f"    {line}\n" for line in lines)


@pytest.fixture
def api(mesh, origin):
    mesh.serve("api", origin("api").port)
    return mesh


def last_line(path):
    wait_for(lambda: path.exists() and path.read_text(), "a line of the access log", seconds=5)
    return path.read_text().splitlines()[-1]


def test_text_with_operators(api):
    api.write("mesh.yaml", mesh_config(
        "accessLogFormat: '%REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %RESP(CONTENT-TYPE)% %DOWNSTREAM_PEER_URI_SAN%'"))
    api.start()
    client = api.ca.leaf(api.id_of("web"))
    api.get("api", "/hello?a=b", leaf=client)
    assert last_line(api.log_file) == f"GET /hello?a=b 200 application/json {api.id_of('web')}"


def test_json_with_operators(api):
    api.write("mesh.yaml", mesh_config(
        "accessLogEncoding: JSON",
        """accessLogFormat: '{"code":"%RESPONSE_CODE%","to":"%UPSTREAM_CLUSTER%","none":"%REQ(X-NONE)%"}'"""))
    api.start()
    api.get("api", plain=True)
    line = json.loads(last_line(api.log_file))
    assert line["code"] == 200 and line["none"] is None
    assert line["to"].startswith("inbound|")


def test_istio_default_text(api):
    api.write("mesh.yaml", mesh_config("accessLogEncoding: TEXT"))
    api.start()
    api.get("api", "/x", plain=True)
    assert '"GET /x HTTP/1.1" 200 - via_upstream - "-" 0 ' in last_line(api.log_file)


def test_a_refused_connection_has_its_line_too(api):
    api.write("mesh.yaml", mesh_config("accessLogFormat: '%RESPONSE_CODE% %CONNECTION_TERMINATION_DETAILS%'"))
    api.start()
    with pytest.raises(OSError):
        api.get("api")  # TLS without a certificate
    assert last_line(api.log_file).startswith("0 ")


def test_the_file_that_the_mesh_names(api, start):
    moved = api.state / "moved.log"
    api.write("mesh.yaml", mesh_config(f"accessLogFile: {api.state}/first.log"))
    leaf = api.leaves["api"]
    api.proxy = start("proxy", "--workers", 1, "--admin", f"127.0.0.1:{api.admin}", "--svid",
                      f"{leaf.certificate},{leaf.key},{leaf.bundle}", api.resources.path)
    api.wait_until_ready()
    api.get("api", "/one", plain=True)
    assert json.loads(last_line(api.state / "first.log"))["path"] == "/one"
    api.write("mesh.yaml", mesh_config(f"accessLogFile: {moved}"))
    api.wait_for_plan(2)
    wait_for(moved.exists, "the new file", seconds=5)
    api.get("api", "/two", plain=True)
    assert json.loads(last_line(moved))["path"] == "/two"


def test_a_bad_format_leaves_the_last_good_plan(api):
    api.write("mesh.yaml", mesh_config("accessLogFormat: '%PROTOCOL%'"))
    api.start()
    api.write("mesh.yaml", mesh_config("accessLogFormat: '%PROTOCOLS%'"))
    api.proxy.wait_for_log("there is no operator %PROTOCOLS%; did you mean %PROTOCOL%?")
    assert api.get("api", plain=True)[0] == 200
