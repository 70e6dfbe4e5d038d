/* SPDX-License-Identifier: Apache-2.0 */
/* inquiry.h — what takes too long to find out on the loop: the digest of a file of many megabytes,
 * and what Docker says of a container.
 *
 * A question is answered from what is remembered, or with -EAGAIN: then a thread of its own looks,
 * and inquiries_fd becomes readable when it knows more; ask again then. What could not be found out
 * is remembered for some seconds, so that nobody can keep the thread busy with it. */
#pragma once

#include "identity/caller.h"

struct inquiries;

/* Docker is asked at this socket; NULL: /var/run/docker.sock. The path is borrowed. */
int inquiries_new(const char *docker_socket, struct inquiries **out, struct error *err);
void inquiries_free(struct inquiries *inquiries);

int inquiries_fd(const struct inquiries *inquiries);
void inquiries_note(struct inquiries *inquiries); /* of the descriptor: answers were seen */

#define DIGEST_DIGITS 64
/* The SHA-256 of the file that the caller executes, in small hexadecimal digits: of the file
 * itself, even where its name now means another. */
int inquire_digest(struct inquiries *inquiries, const struct caller *caller,
		   char out[DIGEST_DIGITS + 1], struct error *err);

/* Docker's words on a container, {"image": …, "id": "sha256:…", "labels": {…}}: a view that is good
 * until the next question. */
int inquire_container(struct inquiries *inquiries, struct text id, struct text *out,
		      struct error *err);
