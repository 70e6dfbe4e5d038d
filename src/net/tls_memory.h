/* SPDX-License-Identifier: Apache-2.0 */
/* tls_memory.h — where OpenSSL's memory comes from: pieces that a thread keeps and uses again.
 *
 * OpenSSL takes two small pieces for each record, and a connection's buffers whenever it is busy
 * again after it was idle (SSL_MODE_RELEASE_BUFFERS). With this a steady connection takes nothing
 * from the heap; how often a thread had to is counted, as mem_thread_allocations counts our own.
 * OpenSSL wipes secrets itself before it gives memory back. */
#pragma once

#include <stdint.h>

/* Before anything else of OpenSSL is called in this process; later it changes nothing. */
void tls_keep_memory(void);

/* At a thread's end: what it kept goes back to the heap. */
void tls_release_memory(void);

/* Calls by which OpenSSL took heap memory on this thread since then. */
uint64_t tls_thread_allocations(void);
