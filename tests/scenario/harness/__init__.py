# SPDX-License-Identifier: Apache-2.0
"""What scenarios stand on: the program's processes, certificates of any kind, origin servers, wires.

    process.py       starts a command, keeps its log, ends it with the test
    certificates.py  a test CA whose leaves may be as wrong as a test wishes
    origin.py        HTTP servers that tell what they were asked, and raw ones
    docker.py        a Docker daemon of the test's own, with an image made without network
    mesh.py          workloads and services behind one proxy
    wire.py          bytes to a port and back, with or without TLS
"""
