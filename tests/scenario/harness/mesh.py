# SPDX-License-Identifier: Apache-2.0
"""Workloads of one machine, behind one proxy, with identities from a test CA.

    mesh.serve("api", origin.port)        a service: mutual TLS at mesh.inbound("api"), plain behind
    way_out = mesh.speak_as("web")        a port on which plain HTTP leaves as "web"
    mesh.write("policy.yaml", text)
    proxy = mesh.start()

Each workload has a loopback address of its own and is its own service account.
"""

import json
import textwrap

from .process import free_port, wait_for
from .wire import client_tls, get, talk

ALPN = ["istio-http/1.1"]

SERVICE = """
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{app: {name}}}
  ports:
  - {{name: {kind}, port: 80, targetPort: {port}}}
---
"""

WORKLOAD = """
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  address: {address}
  labels: {{app: {name}}}
  serviceAccount: {name}
"""

WAY_OUT = """
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  workloadSelector: {{labels: {{app: {name}}}}}
  egress:
  - port: {{number: {port}, name: {kind}, protocol: {protocol}}}
    bind: 127.0.0.1
    captureMode: NONE
    hosts: [{hosts}]
"""

SERVICE_ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}, namespace: default}}
spec:
  hosts: [{host}]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports:
  - {{number: 80, name: http, protocol: HTTP}}
  endpoints:
{endpoints}
"""

VIRTUAL_SERVICE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: default}}
spec:
  hosts: [{host}]
  http:
{routes}
"""


class Mesh:
    def __init__(self, start, resources, ca, state):
        self._start, self.resources, self.ca, self.state = start, resources, ca, state
        self.admin = free_port()
        self.addresses, self.ports, self.leaves = {}, {}, {}
        self.proxy = None

    # --- what there is ---

    def _add(self, name, namespace, leaf):
        self.addresses[name] = f"127.0.20.{len(self.addresses) + 1}"
        self.leaves[name] = leaf or self.ca.leaf(self.id_of(name, namespace))
        return WORKLOAD.format(name=name, namespace=namespace, address=self.addresses[name])

    def serve(self, name, port, namespace="default", leaf=None, kind="http"):
        """kind: the name of the service's port, which says what is spoken there."""
        self.ports[name] = port
        workload = self._add(name, namespace, leaf)
        self.write(f"{name}.yaml", SERVICE.format(name=name, namespace=namespace, port=port, kind=kind) + workload)

    def speak_as(self, name, namespace="default", leaf=None, kind="http", hosts='"*/*"'):
        port = self.ports[name] = free_port()
        workload = self._add(name, namespace, leaf)
        self.write(f"{name}.yaml", workload + WAY_OUT.format(
            name=name, namespace=namespace, port=port, kind=kind, protocol=kind.upper(), hosts=hosts))
        return port

    def outside(self, host, *ports):
        """A service that is not in the mesh: plain HTTP to these ports, each an endpoint."""
        name = host.partition(".")[0]
        endpoints = "\n".join(f"  - {{address: 127.0.0.1, ports: {{http: {port}}}}}" for port in ports)
        self.write(f"{name}-entry.yaml", SERVICE_ENTRY.format(name=name, host=host, endpoints=endpoints))

    def route(self, host, routes):
        """The routes of the mesh to a host, as in a VirtualService's spec.http."""
        name = host.partition(".")[0]
        routes = textwrap.indent(textwrap.dedent(routes), "  ")
        self.write(f"{name}-routes.yaml", VIRTUAL_SERVICE.format(name=name, host=host, routes=routes))

    def write(self, name, text):
        return self.resources.write(name, text)

    @staticmethod
    def id_of(name, namespace="default"):
        return f"spiffe://cluster.local/ns/{namespace}/sa/{name}"

    # --- the proxy ---

    def start(self, *options, workers=1):
        identities = []
        for leaf in self.leaves.values():
            identities += ["--svid", f"{leaf.certificate},{leaf.key},{leaf.bundle}"]
        self.log_file = self.state / "access.log"
        self.proxy = self._start(
            "proxy", "--workers", workers, "--admin", f"127.0.0.1:{self.admin}", "--access-log",
            self.log_file, *identities, *options, self.resources.path)
        self.wait_until_ready()
        return self.proxy

    def start_node(self, *options, workers=1, sensor="off", **how):
        """The same under `mangrove up`, with identities of its own authority: proxy is the supervisor."""
        self.log_file = self.state / "access.log"
        self.proxy = self._start(
            "up", "--state", self.state / "node", "--workers", workers, "--admin", f"127.0.0.1:{self.admin}",
            "--access-log", self.log_file, "--sensor", sensor, *options, self.resources.path, **how)
        self.wait_until_ready()
        return self.proxy

    def wait_until_ready(self):
        def is_ready():
            assert self.proxy.is_running(), f"the proxy ended:\n{self.proxy.log}"
            try:
                return get(self.admin, "/ready")[0] == 200
            except OSError:
                return False

        wait_for(is_ready, f"the proxy is ready; its log:\n{self.proxy.log}")

    def wait_for_plan(self, number):
        self.proxy.wait_for_log(f"plan {number} in force")

    # --- asking ---

    def inbound(self, name):
        return self.addresses[name], self.ports[name]

    def get(self, name, path="/", leaf=None, plain=False, alpn=ALPN, **options):
        """A request to the inbound side of a workload, by default with mutual TLS."""
        tls = None if plain else client_tls(leaf, alpn=alpn)
        return get(self.ports[name], path, address=self.addresses[name], tls=tls, **options)

    def talk(self, name, data, leaf=None, plain=False, alpn=ALPN, seconds=3):
        tls = None if plain else client_tls(leaf, alpn=alpn)
        return talk(self.ports[name], data, address=self.addresses[name], tls=tls, seconds=seconds)

    # --- what it tells ---

    def log_lines(self):
        """The access log, read: every line must be a JSON object."""
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]

    def wait_for_line(self, **fields):
        """The last line of the access log that says this."""
        def find():
            return [line for line in self.log_lines()
                    if all(line.get(name) == value for name, value in fields.items())]

        return wait_for(find, f"a line of the access log with {fields}", seconds=5)[-1]

    def metrics(self):
        """Sums over labels: metrics()["mangrove_requests_total"]"""
        sums = {}
        for name, value in self.series():
            name = name.partition("{")[0]
            sums[name] = sums.get(name, 0) + value
        return sums

    def series(self):
        """Each line of the metrics: (name with labels, value)."""
        for line in get(self.admin, "/metrics")[2].decode().splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                yield name, float(value)

    def cluster_counts(self, cluster):
        """What was counted for a cluster: cluster_counts("outbound|80||web")["upstream_rq_retry"]"""
        wanted = f'{{cluster_name="{cluster}"}}'
        return {name.removesuffix(wanted).removeprefix("envoy_cluster_"): value
                for name, value in self.series() if name.endswith(wanted)}

    def resident_bytes(self):
        """Of the proxy. A sanitizer keeps what was freed, and its memory says nothing: always 0 then."""
        with open(f"/proc/{self.proxy.pid}/maps") as maps:
            if any("libasan" in line or "libtsan" in line for line in maps):
                return 0
        with open(f"/proc/{self.proxy.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024
