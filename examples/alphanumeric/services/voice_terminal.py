# SPDX-License-Identifier: Apache-2.0
"""voice-terminal: turns spoken text into commands. Each belongs to a session."""

import mesh

COMMANDS = {
    "hello": lambda session: "Hello! Ask for help, or count.",
    "help": lambda session: "I understand: " + ", ".join(COMMANDS),
    "count": lambda session: f"We have spoken {session['commands']} times.",
    "goodbye": lambda session: "Goodbye.",
}


def answer(request):
    if (request.method, request.path) != ("POST", "/api/v1/commands"):
        return mesh.NOT_FOUND
    heard = str(request.body.get("text", "")).strip().lower()[:80]
    speaker = str(request.body.get("speaker", "visitor"))[:40]
    session = mesh.call("session-manager", "POST", f"/session/{speaker}")
    command = COMMANDS.get(heard, lambda session: "I did not understand; say help.")
    mesh.audit(f"heard: {heard}")
    return 200, {
        "heard": heard,
        "said": command(session),
        "trail": [mesh.hop(request), *session["trail"]],
    }


mesh.serve(answer)
