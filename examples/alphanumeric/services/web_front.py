# SPDX-License-Identifier: Apache-2.0
"""web-front: the page, its style and its script. Nothing else can be fetched."""

from pathlib import Path

import mesh

WEB = Path(__file__).resolve().parent.parent / "web"
PAGES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/style.css": ("style.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}


def answer(request):
    if request.path not in PAGES:
        return mesh.NOT_FOUND
    name, content_type = PAGES[request.path]
    return 200, (WEB / name).read_bytes(), content_type


mesh.serve(answer)
