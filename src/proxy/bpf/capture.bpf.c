/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* capture.bpf.c — TCP connections of a cgroup go to the proxy, who can ask where they were to go.
 *
 *	connect()  take4, take6   another destination; the one meant is kept by socket
 *	SYN        on_connecting  the local port is known now: kept by the client's end
 *	CLOSE      on_state       nobody may find there what is no longer so
 *
 * What cannot be kept is refused (EPERM): it would arrive without anyone knowing where to.
 * Loopback is left alone: in a container it is another machine's than the proxy's. */
#include "proxy/capture_record.h"

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define STREAM          1
#define PROTO_TCP       6
#define STATE_FIN_WAIT2 5 /* enum of the kernel, with TCP_ in front */
#define STATE_CLOSE     7

#define MAPPED bpf_htonl(0xffff) /* ::ffff:a.b.c.d, third word */

enum { REFUSE = 0, GO = 1 };

/* Set before the programs are loaded. */
const volatile __u32 proxy_ip;   /* network order */
const volatile __u32 proxy_port; /* network order */

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CAPTURE_ROWS);
	__type(key, __u64); /* socket cookie */
	__type(value, struct capture_origin);
} connecting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CAPTURE_ROWS);
	__type(key, struct capture_client);
	__type(value, struct capture_origin);
} captured SEC(".maps");

static __always_inline int keep(struct bpf_sock_addr *ctx, const __u32 ip[4])
{
	struct capture_origin origin = {
		.cookie = bpf_get_socket_cookie(ctx),
		.port = bpf_ntohs((__u16)ctx->user_port),
	};

	__builtin_memcpy(origin.ip, ip, sizeof(origin.ip));
	return bpf_map_update_elem(&connecting, &origin.cookie, &origin, BPF_ANY);
}

/* 127.0.0.0/8, and 0.0.0.0, which means it. */
static __always_inline int is_loopback4(__u32 ip)
{
	return ip == 0 || (ip & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
}

static __always_inline int is_loopback6(const __u32 ip[4])
{
	if (ip[0] != 0 || ip[1] != 0)
		return 0;
	if (ip[2] == MAPPED)
		return is_loopback4(ip[3]);
	return ip[2] == 0 && (ip[3] == 0 || ip[3] == bpf_htonl(1)); /* ::, ::1 */
}

static __always_inline int is_tcp(const struct bpf_sock_addr *ctx)
{
	return ctx->type == STREAM && ctx->protocol == PROTO_TCP;
}

SEC("cgroup/connect4")
int take4(struct bpf_sock_addr *ctx)
{
	const __u32 ip[4] = { 0, 0, MAPPED, ctx->user_ip4 };

	if (!is_tcp(ctx) || is_loopback4(ip[3]))
		return GO;
	if (keep(ctx, ip) != 0)
		return REFUSE;
	ctx->user_ip4 = proxy_ip;
	ctx->user_port = proxy_port;
	return GO;
}

/* To the proxy by its mapped address; a socket that is for IPv6 alone cannot go there and fails. */
SEC("cgroup/connect6")
int take6(struct bpf_sock_addr *ctx)
{
	const __u32 ip[4] = { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2],
			      ctx->user_ip6[3] };

	if (!is_tcp(ctx) || is_loopback6(ip))
		return GO;
	if (keep(ctx, ip) != 0)
		return REFUSE;
	ctx->user_ip6[0] = 0;
	ctx->user_ip6[1] = 0;
	ctx->user_ip6[2] = MAPPED;
	ctx->user_ip6[3] = proxy_ip;
	ctx->user_port = proxy_port;
	return GO;
}

static __always_inline void on_connecting(struct bpf_sock_ops *ctx,
					  const struct capture_client *client)
{
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct capture_origin *meant = bpf_map_lookup_elem(&connecting, &cookie);
	struct capture_origin origin;

	if (!meant)
		return;
	origin = *meant;
	bpf_map_delete_elem(&connecting, &cookie);
	bpf_map_update_elem(&captured, client, &origin, BPF_ANY);
	bpf_sock_ops_cb_flags_set(ctx, BPF_SOCK_OPS_STATE_CB_FLAG);
}

/* From FIN_WAIT2 a client ends in peace while the proxy may still have to accept it. */
static __always_inline void on_state(struct bpf_sock_ops *ctx, const struct capture_client *client)
{
	struct capture_origin *origin;

	if (ctx->args[1] != STATE_CLOSE || ctx->args[0] == STATE_FIN_WAIT2)
		return;
	origin = bpf_map_lookup_elem(&captured, client);
	if (origin && origin->cookie == bpf_get_socket_cookie(ctx))
		bpf_map_delete_elem(&captured, client);
}

SEC("sockops")
int on_socket(struct bpf_sock_ops *ctx)
{
	const struct capture_client client = { .ip = ctx->local_ip4, .port = ctx->local_port };

	if (ctx->op == BPF_SOCK_OPS_TCP_CONNECT_CB)
		on_connecting(ctx, &client);
	else if (ctx->op == BPF_SOCK_OPS_STATE_CB)
		on_state(ctx, &client);
	return GO;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
