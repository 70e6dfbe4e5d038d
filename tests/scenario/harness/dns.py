# SPDX-License-Identifier: Apache-2.0
"""A DNS server on a free port of 127.0.0.1, over UDP: what its table says, or NXDOMAIN.

    dns = DnsServer({"db.test": ["127.0.0.1", "::1"]}, ttl=1)
    dns.names["db.test"] = ["127.0.0.2"]        dns.asked: how often each name was
    dns.is_silent = True                        no answers any more
"""

import collections
import ipaddress
import socket
import struct
import threading

A, AAAA = 1, 28


class DnsServer:
    def __init__(self, names=None, ttl=1):
        self.names, self.ttl, self.is_silent = dict(names or {}), ttl, False
        self.asked = collections.Counter()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self):
        self._socket.close()

    def _serve(self):
        while True:
            try:
                query, client = self._socket.recvfrom(4096)
            except OSError:
                return
            if not self.is_silent:
                self._socket.sendto(self._answer(query), client)

    def _answer(self, query):
        name, end = self._read_name(query)
        kind, = struct.unpack("!H", query[end:end + 2])
        self.asked[name] += 1
        known = self.names.get(name)
        addresses = [ipaddress.ip_address(text) for text in known or []]
        addresses = [ip for ip in addresses if ip.version == (4 if kind == A else 6)]
        if kind not in (A, AAAA):
            addresses = []
        flags = 0x8180 if known is not None else 0x8183
        answer = query[:2] + struct.pack("!HHHHH", flags, 1, len(addresses), 0, 0) + query[12:end + 4]
        for ip in addresses:
            answer += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, self.ttl, len(ip.packed)) + ip.packed
        return answer

    @staticmethod
    def _read_name(query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        return ".".join(labels).lower(), at + 1
