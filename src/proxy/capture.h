/* SPDX-License-Identifier: Apache-2.0 */
/* capture.h — the kernel takes a cgroup's TCP connections to the proxy (bpf/capture.bpf.c).
 *
 * The cgroup says whose connections they are: each capture is of one workload. A connection that
 * comes to the proxy's port without having been taken there is not the workload's. The programs
 * stay attached for as long as the capture lives.
 *
 * Wants root, or CAP_BPF and CAP_NET_ADMIN; Linux 5.14 and cgroup v2. */
#pragma once

#include "net/net.h"

struct capture;

/* `cgroup`: its directory. `proxy`: an IPv4 address that the cgroup's processes can reach; IPv6
 * connections are taken there, too. Refused where this process is in the cgroup itself. */
int capture_attach(const char *cgroup, const struct address *proxy, struct capture **out,
		   struct error *err);
void capture_free(struct capture *capture); /* NULL is fine */
DEFINE_AUTO(struct capture, capture_free)

/* Whose connections are taken where: as asked for (proxy.h), and in force. */
struct captured_workload {
	const char *workload; /* "NAMESPACE/NAME" */
	struct address proxy;
	struct capture *capture;
};

/* Where a connection of this peer was to go. False: it was not taken here. Once a connection; from
 * any thread. */
bool capture_take(const struct capture *capture, const struct address *peer, struct address *out);
