/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/descriptor.h"

static const struct {
	const char *name;
	char letter;
} kinds[DESCRIPTOR_KIND_COUNT] = {
	[DESCRIPTOR_UNKNOWN] = { "unknown", 'o' },
	[DESCRIPTOR_FILE] = { "file", 'f' },
	[DESCRIPTOR_DIRECTORY] = { "directory", 'd' },
	[DESCRIPTOR_IPV4] = { "ipv4", '4' },
	[DESCRIPTOR_IPV4_BOUND] = { "ipv4", '2' },
	[DESCRIPTOR_IPV6] = { "ipv6", '6' },
	[DESCRIPTOR_IPV6_BOUND] = { "ipv6", '3' },
	[DESCRIPTOR_UNIX] = { "unix", 'u' },
	[DESCRIPTOR_NETLINK] = { "netlink", 'n' },
	[DESCRIPTOR_SOCKET] = { "unsupported", 'X' },
	[DESCRIPTOR_PIPE] = { "pipe", 'p' },
	[DESCRIPTOR_EVENT] = { "event", 'e' },
	[DESCRIPTOR_SIGNAL] = { "signalfd", 's' },
	[DESCRIPTOR_EPOLL] = { "eventpoll", 'l' },
	[DESCRIPTOR_INOTIFY] = { "inotify", 'i' },
	[DESCRIPTOR_TIMER] = { "timerfd", 't' },
	[DESCRIPTOR_BPF] = { "bpf", 'b' },
	[DESCRIPTOR_USERFAULT] = { "userfaultfd", 'u' },
	[DESCRIPTOR_IO_URING] = { "io_uring", 'r' },
	[DESCRIPTOR_MEMFD] = { "memfd", 'm' },
	[DESCRIPTOR_PIDFD] = { "pidfd", 'P' },
};

struct descriptor *descriptor_new(enum descriptor_kind kind)
{
	struct descriptor *descriptor = MEM_NEW(struct descriptor);

	descriptor->references = 1;
	descriptor->kind = (uint8_t)kind;
	return descriptor;
}

void descriptor_unref(struct descriptor *descriptor)
{
	if (descriptor == NULL || --descriptor->references > 0)
		return;
	shared_text_unref(descriptor->name);
	shared_text_unref(descriptor->raw_name);
	mem_free(descriptor);
}

const char *descriptor_kind_name(unsigned kind)
{
	return kinds[kind < DESCRIPTOR_KIND_COUNT ? kind : DESCRIPTOR_UNKNOWN].name;
}

char descriptor_kind_char(unsigned kind)
{
	return kinds[kind < DESCRIPTOR_KIND_COUNT ? kind : DESCRIPTOR_UNKNOWN].letter;
}

bool descriptor_is_socket(const struct descriptor *descriptor)
{
	return descriptor->kind >= DESCRIPTOR_IPV4 && descriptor->kind <= DESCRIPTOR_IPV6_BOUND;
}

struct text descriptor_name(const struct descriptor *descriptor, char out[SOCKET_TEXT_MAX])
{
	switch (descriptor->kind) {
	case DESCRIPTOR_IPV4_BOUND:
	case DESCRIPTOR_IPV6_BOUND:
		return socket_end_text(out, &descriptor->server);
	case DESCRIPTOR_IPV4:
	case DESCRIPTOR_IPV6:
		if (descriptor->client.ip.family == IP_NONE
		    && descriptor->server.ip.family == IP_NONE)
			return TEXT(""); /* neither bound nor connected */
		return socket_tuple_text(out, &descriptor->client, &descriptor->server);
	default:
		return descriptor->name != NULL ? shared_text_view(descriptor->name) : TEXT("");
	}
}
