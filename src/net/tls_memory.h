/* SPDX-License-Identifier: Apache-2.0 */
/* tls_memory.h — how often OpenSSL takes memory, told per thread, as mem_thread_allocations tells
 * it of ourselves: the steady path of a connection should take none. */
#pragma once

#include <stdint.h>

/* Before anything else of OpenSSL is called in this process; later it changes nothing. */
void tls_count_allocations(void);

/* Calls by which OpenSSL took heap memory on this thread since then. */
uint64_t tls_thread_allocations(void);
