# SPDX-License-Identifier: Apache-2.0
"""Proxies side by side on one machine.

    topology.py  where proxies stand between client and backend
    material.py  certificates, tokens, static files, rules: the same for every peer
    bed.py       one topology with one peer, up and running
    metrics.py   what can be measured on a bed
    report.py    the table
    machine.py   ports, processes, CPU time, memory
"""
