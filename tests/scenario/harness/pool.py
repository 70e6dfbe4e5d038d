# SPDX-License-Identifier: Apache-2.0
"""A service with several endpoints outside the mesh, and a client that asks it through its sidecar.

    pool = Pool(mesh, origins, traffic="loadBalancer: {simple: ROUND_ROBIN}")
    pool.get("/path")           (status, headers, body)
    pool.picks(10)              how many answers came from which origin
"""

import collections
import textwrap

from .wire import get

ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: pool, namespace: default}}
spec:
  hosts: [pool.test]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{{number: 80, name: http, protocol: HTTP}}]
  endpoints:
{endpoints}
"""

RULE = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: pool, namespace: default}}
spec:
  host: pool.test
{spec}
"""


class Pool:
    def __init__(self, mesh, servers, traffic="", subsets="", **options):
        """servers: what has a port, or (what has a port, "weight: 3, labels: {version: v1}")."""
        self.mesh = mesh
        self.port = mesh.speak_as("web")
        self.endpoints(servers)
        self.rule(traffic, subsets)
        mesh.start(**options)

    def endpoints(self, servers):
        lines = []
        for server in servers:
            server, more = server if isinstance(server, tuple) else (server, "")
            lines.append(f"  - {{address: {getattr(server, 'address', '127.0.0.1')}, "
                         f"ports: {{http: {server.port}}}{', ' + more if more else ''}}}")
        self.mesh.write("pool.yaml", ENTRY.format(endpoints="\n".join(lines)))

    def rule(self, traffic, subsets=""):
        if not traffic and not subsets:
            return
        spec = f"trafficPolicy:\n{textwrap.indent(textwrap.dedent(traffic).strip(), '  ')}\n" if traffic else ""
        spec += f"subsets:\n{textwrap.dedent(subsets).strip()}\n" if subsets else ""
        self.mesh.write("rule.yaml", RULE.format(spec=textwrap.indent(spec, "  ")))

    def get(self, path="/", headers=None, **options):
        return get(self.port, path, headers={"Host": "pool.test", **(headers or {})}, **options)

    def picks(self, count, path="/", **options):
        """Which origin answered, or the status, and how often."""
        counts = collections.Counter()
        for _ in range(count):
            status, headers, _body = self.get(path, **options)
            counts[headers.get("x-origin", status) if status == 200 else status] += 1
        return dict(counts)
