# SPDX-License-Identifier: Apache-2.0
"""api-gateway: what the outside may ask for. It hands on, and decides nothing."""

import mesh


def answer(request):
    if (request.method, request.path) == ("POST", "/api/v1/speak"):
        result = mesh.call("voice-terminal", "POST", "/api/v1/commands", request.body)
        mesh.audit(f"spoke: {result['heard']}")
        return 200, {**result, "trail": [mesh.hop(request), *result["trail"]]}
    if (request.method, request.path) == ("GET", "/api/v1/events"):
        return 200, mesh.call("audit-service", "GET", "/events")
    if (request.method, request.path) == ("GET", "/api/v1/database"):
        return 200, mesh.call("database-service", "GET", "/data/sessions")  # no policy allows it
    return mesh.NOT_FOUND


mesh.serve(answer)
