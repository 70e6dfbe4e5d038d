/* SPDX-License-Identifier: Apache-2.0 */
/* procfs_sockets.c — /proc/PID/net/tcp and its like: the ends of the sockets there are.
 *
 * Which end is the server's is told by who listens: a connection whose port here is listened on was
 * made from the other side. */
#include "sensor/procfs_private.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define TABLE_MAX (16 << 20) /* bytes of one table; what comes after is not known */

enum { STATE_ESTABLISHED = 1, STATE_LISTEN = 10 };

static const struct {
	const char *file;
	uint16_t family;
	uint8_t protocol;
} tables[] = {
	{ "net/tcp", AF_INET, IPPROTO_TCP },   { "net/udp", AF_INET, IPPROTO_UDP },
	{ "net/raw", AF_INET, IPPROTO_RAW },   { "net/tcp6", AF_INET6, IPPROTO_TCP },
	{ "net/udp6", AF_INET6, IPPROTO_UDP }, { "net/raw6", AF_INET6, IPPROTO_RAW },
};

/* The next word of a line whose words stand apart by blanks. */
static struct text next_word(struct text *line)
{
	while (line->len > 0 && char_is_space(line->ptr[0]))
		*line = text_from(*line, 1);
	return line->len > 0 ? text_split(line, ' ') : (struct text){ 0 };
}

static uint32_t hex(struct text digits)
{
	char number[12] = "";

	memcpy(number, digits.ptr, MIN_OF(digits.len, sizeof(number) - 1));
	return (uint32_t)strtoul(number, NULL, 16);
}

/* "0100007F:1F90": words of four bytes in the machine's order, the port in ours. */
static bool parse_end(struct text word, struct socket_end *out)
{
	const struct text address = text_split(&word, ':');
	uint32_t words[4];

	if (word.ptr == NULL || (address.len != 8 && address.len != 32))
		return false;
	for (size_t i = 0; i < address.len / 8; i++)
		words[i] = hex(text_until(text_from(address, i * 8), 8));
	out->ip = ip_from_bytes(words, address.len / 2);
	out->port = (uint16_t)hex(word);
	return true;
}

static bool is_any(const struct socket_end *end)
{
	static const unsigned char zeros[12];

	return end->port == 0
	       && (end->ip.family == IP_V4 ? memcmp(end->ip.bytes + 12, zeros, 4) == 0
					   : memcmp(end->ip.bytes, zeros, 12) == 0);
}

static void keep_socket(struct procfs *procfs, uint64_t inode, struct descriptor *socket)
{
	descriptor_unref(id_map_put(&procfs->sockets, (int64_t)inode, socket));
}

static struct descriptor *make_socket(size_t table, const struct socket_end *local,
				      const struct socket_end *remote, uint32_t state)
{
	const bool v4 = local->ip.family == IP_V4;
	const bool bound = is_any(remote);
	struct descriptor *socket =
		descriptor_new(bound ? (v4 ? DESCRIPTOR_IPV4_BOUND : DESCRIPTOR_IPV6_BOUND)
				     : (v4 ? DESCRIPTOR_IPV4 : DESCRIPTOR_IPV6));

	socket->family = tables[table].family;
	socket->protocol = tables[table].protocol;
	if (bound) {
		socket->server = *local;
	} else { /* whose end is the server's is settled when all are read */
		socket->client = *local;
		socket->server = *remote;
		socket->role = SOCKET_ROLE_CLIENT;
	}
	if (state == STATE_ESTABLISHED && !bound)
		socket->state = DESCRIPTOR_STATE_CONNECTED;
	return socket;
}

/* "sl local remote state queues timer retransmits uid timeout inode ..." */
static void add_inet_line(struct procfs *procfs, size_t table, struct text line,
			  struct id_map *listening)
{
	struct socket_end local, remote;
	struct text words[10];
	uint64_t inode;

	for (size_t i = 0; i < COUNT_OF(words); i++)
		words[i] = next_word(&line);
	if (!parse_end(words[1], &local) || !parse_end(words[2], &remote)
	    || !text_parse_number(words[9], UINT64_MAX, &inode) || inode == 0)
		return;
	if (hex(words[3]) == STATE_LISTEN)
		id_map_put(listening, local.port, procfs);
	keep_socket(procfs, inode, make_socket(table, &local, &remote, hex(words[3])));
}

/* "num refs protocol flags type state inode path" */
static void add_unix_line(struct procfs *procfs, struct text line)
{
	struct descriptor *socket;
	struct text words[7];
	uint64_t inode;

	for (size_t i = 0; i < COUNT_OF(words); i++)
		words[i] = next_word(&line);
	if (!text_parse_number(words[6], UINT64_MAX, &inode) || inode == 0)
		return;
	socket = descriptor_new(DESCRIPTOR_UNIX);
	socket->family = AF_UNIX;
	if (line.ptr != NULL && text_trim(line).len > 0)
		socket->name = shared_text_new(text_trim(line), PATH_TEXT_MAX);
	keep_socket(procfs, inode, socket);
}

/* Connections to a port that is listened on here were made from the other side. */
static void settle_roles(struct procfs *procfs, const struct id_map *listening)
{
	ID_MAP_FOR_EACH(&procfs->sockets, slot)
	{
		struct descriptor *socket = slot->value;
		struct socket_end local;

		if (socket->role != SOCKET_ROLE_CLIENT || socket->protocol != IPPROTO_TCP
		    || id_map_get(listening, socket->client.port) == NULL)
			continue;
		local = socket->client;
		socket->client = socket->server;
		socket->server = local;
		socket->role = SOCKET_ROLE_SERVER;
	}
}

static void read_namespace(struct procfs *procfs, int64_t pid)
{
	struct id_map listening = { 0 };
	struct text text;

	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		text = procfs_read(procfs, pid, tables[i].file, TABLE_MAX);
		while (text.ptr != NULL && text.len > 0)
			add_inet_line(procfs, i, text_split(&text, '\n'), &listening);
	}
	settle_roles(procfs, &listening);
	id_map_done(&listening);
	text = procfs_read(procfs, pid, "net/unix", TABLE_MAX);
	while (text.ptr != NULL && text.len > 0)
		add_unix_line(procfs, text_split(&text, '\n'));
}

struct descriptor *procfs_socket(struct procfs *procfs, int64_t pid, uint64_t inode)
{
	char link[PATH_TEXT_MAX];
	struct text name = procfs_link(procfs, pid, "ns/net", link);
	struct descriptor *socket;
	uint64_t namespace = 0;

	if (name.len > 6) /* "net:[4026531840]" */
		text_parse_number(text_until(text_from(name, 5), name.len - 6), INT64_MAX,
				  &namespace);
	if (id_map_put(&procfs->namespaces, (int64_t) namespace, procfs) == NULL)
		read_namespace(procfs, pid);
	socket = id_map_get(&procfs->sockets, (int64_t)inode);
	if (socket != NULL)
		socket->references++;
	return socket;
}

void procfs_forget_sockets(struct procfs *procfs)
{
	ID_MAP_FOR_EACH(&procfs->sockets, slot)
	descriptor_unref(slot->value);
	id_map_done(&procfs->sockets);
	id_map_done(&procfs->namespaces);
}
