# SPDX-License-Identifier: Apache-2.0
"""What we ship ourselves: it passes our own checks, and the image's content runs."""

import io
import json
import subprocess
import tarfile

from harness.process import BINARY, ROOT


def test_our_own_files_pass_our_checks(mangrove):
    result = mangrove("check", "--json", "deploy", "rules", cwd=ROOT)
    found = [(f["file"], f["line"], f["id"], f["message"]) for f in json.loads(result.stdout)["findings"]]
    assert (result.returncode, found) == (0, []), result.stderr


def test_the_admission_manifest_passes(mangrove, tmp_path):
    written = mangrove("init", "admission", "mangrove", "--namespace", "mangrove-system",
                       "--output", tmp_path / "admission.yaml")
    assert written.returncode == 0, written.stderr
    assert mangrove("check", tmp_path).returncode == 0


def test_what_the_image_holds_runs(docker, tmp_path):
    """The last stage of the Dockerfile, which starts from nothing, made by hand: there is no network here."""
    subprocess.run([ROOT / "deploy/image-root", BINARY, tmp_path / "image"], check=True, timeout=30)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(tmp_path / "image", arcname=".")
    docker.load("mangrove", archive.getvalue(), "USER 10001:10001", 'ENTRYPOINT ["/usr/bin/mangrove"]')
    hardened = ["--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    assert docker.command("run", *hardened, "mangrove", "version").startswith("mangrove ")
    shown = docker.command("run", *hardened, "mangrove", "init", "deployment", "web")
    assert "kind: Deployment" in shown
