/* SPDX-License-Identifier: Apache-2.0 */
/* tls_resume.h — sessions that may be resumed: kept in the context's memory, never in a ticket.
 *
 * A ticket that holds the session itself has to be decoded, certificate and all, at each
 * resumption, and nobody can take it back. So a client gets a number only (stateful tickets). */
#pragma once

#include "net/tls.h"

void tls_resume_configure(SSL_CTX *context, bool allowed);
/* A listener's connection goes on with another context: the sessions of one are not the other's. */
void tls_resume_adopt(SSL *ssl, const SSL_CTX *chosen);
/* The peer was verified by this certificate: its session keeps what `resume` will ask for. */
void tls_resume_remember(SSL *ssl, X509 *leaf, const struct tls_resumption *resumption);
int tls_resume_check(SSL *ssl, struct link *link, const struct tls_resumption *resumption,
		     struct error *err);
