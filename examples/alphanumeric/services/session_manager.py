# SPDX-License-Identifier: Apache-2.0
"""session-manager: who is speaking, and how often they did. Keeps nothing itself."""

import mesh


def answer(request):
    speaker = request.path.removeprefix("/session/")
    key = f"/data/session-{speaker}"
    if speaker in ("", request.path):
        return mesh.NOT_FOUND
    if request.method == "DELETE":
        return 200, mesh.call("database-service", "DELETE", key)
    stored = mesh.call("database-service", "GET", key)
    session = stored["value"] or {"speaker": speaker, "commands": 0}
    if request.method == "POST":
        session["commands"] += 1
        stored = mesh.call("database-service", "PUT", key, session)
    return 200, {**session, "trail": [mesh.hop(request), *stored["trail"]]}


mesh.serve(answer)
