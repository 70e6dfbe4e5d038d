# SPDX-License-Identifier: Apache-2.0
"""audit-service: what happened, and who says so: not the name in the event, the verified caller."""

import time
from collections import deque

import mesh

events = deque(maxlen=200)


def answer(request):
    if request.path != "/events":
        return mesh.NOT_FOUND
    if request.method == "POST":
        now = time.strftime("%H:%M:%S")
        events.append({"time": now, "event": request.body["event"], "by": request.caller})
        return 200, {"events": len(events)}
    return 200, {"events": list(events)}


mesh.serve(answer)
