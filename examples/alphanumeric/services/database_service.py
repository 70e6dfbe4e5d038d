# SPDX-License-Identifier: Apache-2.0
"""database-service: what is kept, for as long as it runs."""

import mesh

values = {}


def answer(request):
    key = request.path.removeprefix("/data/")
    if key == request.path:
        return mesh.NOT_FOUND
    if request.method == "PUT":
        if key not in values:
            mesh.audit(f"new: {key}")
        values[key] = request.body
    elif request.method == "DELETE":
        values.pop(key, None)
    return 200, {"value": values.get(key), "trail": [mesh.hop(request)]}


mesh.serve(answer)
