# SPDX-License-Identifier: Apache-2.0
"""The policy table (tests/table/policy/README.md) through `mangrove explain`: one process a group."""

import base64
import functools
import json
import os
import string
import subprocess
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "table" / "policy"
MANGROVE = os.environ.get("MANGROVE", str(ROOT / "build" / "src" / "cmd" / "mangrove"))


# --- tokens that rows name ------------------------------------------------------------------------

def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@functools.lru_cache(None)
def issuer():
    """An issuer of the session's own: ${jwks}, and the tokens that rows use."""
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_numbers()
    common = {"iss": "testing@secure.istio.io", "sub": "testing@secure.istio.io", "exp": 4685989700}

    def token(head='{"alg":"RS256","kid":"k"}', **claims):
        claims = {name: value for name, value in {**common, **claims}.items() if value is not None}
        signed = base64url(head.encode()) + "." + base64url(json.dumps(claims).encode())
        signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return signed + "." + base64url(signature)

    demo = token(foo="bar", iat=1532389700)
    return {
        "jwks": json.dumps({"keys": [{"kty": "RSA", "kid": "k", "n": number(public.n),
                                      "e": number(public.e)}]}),
        "demo": demo,
        "demo_forged": demo[:-8] + ("AAAAAAAA" if demo[-8:] != "AAAAAAAA" else "BAAAAAAA"),
        "groups": token(groups=["group1", "group2"], scope="scope1 scope2"),
        "rich": token(aud=["shop", "bank"], azp="front", permission="read write", admin=True,
                      org={"unit": {"name": "sales", "sites": ["east", "west"]}}, words="one two"),
        "one_audience": token(aud="shop"),
        "endless": token(exp=None),
        "timed": token(nbf=1700000000, exp=1800000000),
        "without_kid": token(head='{"alg":"RS256"}'),
        "other_kid": token(head='{"alg":"RS256","kid":"other"}'),
        "other_alg": token(head='{"alg":"PS256","kid":"k"}'),
        "unsigned": token(head='{"alg":"none"}').rpartition(".")[0] + ".",
        "secret": token(head='{"alg":"HS256","kid":"k"}'),
    }


def fill(value):
    if isinstance(value, str):
        return string.Template(value).safe_substitute(issuer())
    if isinstance(value, dict):
        return {key: fill(item) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item) for item in value]
    return value


# --- rows -----------------------------------------------------------------------------------------

def request_of(row, number_of_row):
    """A row as the batch contract has it."""
    namespace, workload = row["to"].split("/", 1)
    destination = {"namespace": namespace, "port": row.get("port"), "ip": row.get("to_ip")}
    if "=" in workload:
        destination["labels"] = dict(pair.split("=") for pair in workload.split(","))
    else:
        destination["workload"] = workload
    request = {key: row[key] for key in ("method", "path", "host", "headers", "sni", "token")
               if row.get(key) is not None}
    request["protocol"] = "tcp" if row.get("tcp") else "http"
    source = {"principal": row.get("from"), "ip": row.get("ip"), "remote_ip": row.get("remote_ip")}
    return {"id": number_of_row, "destination": destination, "source": source, "request": request,
            "time": row.get("at")}


def explain(resources, requests):
    """Answers in order. Both travel by files in memory: a group is one process."""
    with_files = [os.memfd_create("resources.yaml", 0), os.memfd_create("requests", 0)]
    for file, text in zip(with_files, (resources, requests)):
        os.write(file, text.encode())
    try:
        return subprocess.run(
            [MANGROVE, "explain", "-f", f"/proc/self/fd/{with_files[0]}", "--requests",
             f"/proc/self/fd/{with_files[1]}"],
            pass_fds=with_files, capture_output=True, text=True, timeout=60, check=False)
    finally:
        for file in with_files:
            os.close(file)


@functools.lru_cache(None)
def groups_of(name):
    return yaml.safe_load((TABLE / name).read_text())


@functools.lru_cache(None)
def answers(name, index):
    group = groups_of(name)[index]
    rows = [{**group.get("defaults", {}), **row} for row in group["rows"]]
    lines = [json.dumps(fill(request_of(row, i))) for i, row in enumerate(rows)]
    done = explain(fill(group["resources"]), "\n".join(lines) + "\n")
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def all_rows():
    for path in sorted(TABLE.glob("*.yaml")):
        if path.name == "refused.yaml":
            continue
        for index, group in enumerate(groups_of(path.name)):
            for i, row in enumerate(group["rows"]):
                yield pytest.param(path.name, index, i, row,
                                   id=f"{path.stem}: {group['about']}: {row['name']}")


@pytest.mark.parametrize("name, index, i, row", all_rows())
def test_row(name, index, i, row):
    answer = answers(name, index)[i]
    assert answer["id"] == i
    assert answer["decision"] == row["want"], answer
    for key in ("status", "stage", "policy", "rule", "reason"):
        if key in row:
            assert answer[key] == row[key], answer


def test_enough_rows():
    assert len(list(all_rows())) >= 400


@pytest.mark.parametrize("row", [pytest.param(row, id=row["name"])
                                 for row in groups_of("refused.yaml")])
def test_refused(row, tmp_path):
    """A policy that must not load: the position is that of the field at fault."""
    path = tmp_path / "refused.yaml"
    path.write_text(f"apiVersion: security.istio.io/v1\nkind: {row.get('kind', 'AuthorizationPolicy')}\n"
                    "metadata: {name: p, namespace: app}\nspec: " + row["spec"] + "\n")
    done = subprocess.run([MANGROVE, "explain", "-f", str(path), "--to", "app/web"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stdout
    assert row["says"] in done.stderr
    assert f"{path}:{row.get('at', '')}" in done.stderr
