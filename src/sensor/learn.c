/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/learn.h"

#include "sensor/filter.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define ARGUMENTS 6

/* --- the thread -------------------------------------------------------------------------- */

static bool is_known(const struct thread *thread, const struct record *record)
{
	const struct credentials *has = &thread->credentials;

	return (thread->start == record->start_ns || thread->start == 0) && has->uid == record->uid
	       && has->gid == record->gid && has->loginuid == record->login_uid
	       && has->cap_effective == record->cap_effective
	       && has->cap_permitted == record->cap_permitted
	       && strncmp(thread->comm, record->comm, COMM_MAX) == 0 && !thread->process->is_guess;
}

static void learn_thread(struct sensor_state *state, const struct record *record, struct text cwd)
{
	const struct thread *thread = sensor_state_thread(state, record->tid);
	struct thread_record told = {
		.tid = record->tid,
		.pid = record->pid,
		.parent = record->parent_pid,
		.vtid = record->vtid,
		.vpid = record->vpid,
		.start = record->start_ns,
		.comm = { record->comm, strnlen(record->comm, sizeof(record->comm)) },
		.cwd = cwd,
		.uid = record->uid,
		.gid = record->gid,
		.loginuid = record->login_uid,
		.has_capabilities = true,
		.cap_inheritable = record->cap_inheritable,
		.cap_permitted = record->cap_permitted,
		.cap_effective = record->cap_effective,
	};

	/* One that is not known is looked up when the event is applied, which tells more. */
	if (thread == NULL || (is_known(thread, record) && cwd.ptr == NULL))
		return;
	if (thread->start != 0 && thread->start != record->start_ns)
		return; /* another thread's number: the event replaces it */
	sensor_state_add_thread(state, &told);
}

/* Who the parent is now: the kernel gives orphans to whom it sees fit, long before they exec. */
static void learn_parent(struct sensor_state *state, const struct record *record)
{
	const struct process *process = sensor_state_process(state, record->pid);
	struct thread_record told = THREAD_RECORD_EMPTY;

	if (process == NULL || process->is_guess
	    || (process->parent != NULL && process->parent->pid == record->parent_pid))
		return;
	told.tid = record->tid;
	told.pid = record->pid;
	told.parent = record->parent_pid;
	if (sensor_state_thread(state, record->tid) != NULL)
		sensor_state_add_thread(state, &told);
}

/* --- descriptors ------------------------------------------------------------------------- */

static const struct descriptor *known_descriptor(struct sensor_state *state, int64_t pid,
						 int64_t number)
{
	const struct process *process = sensor_state_process(state, pid);

	return process != NULL ? descriptor_table_get(process->descriptors, number) : NULL;
}

static enum descriptor_kind kind_of_file(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return DESCRIPTOR_DIRECTORY;
	case S_IFIFO:
		return DESCRIPTOR_PIPE;
	case S_IFREG:
	case S_IFBLK:
	case S_IFCHR:
	case S_IFLNK:
		return DESCRIPTOR_FILE;
	default:
		return DESCRIPTOR_UNKNOWN; /* anonymous: what makes them tells their kind */
	}
}

static void learn_file(struct sensor_state *state, int64_t pid, int64_t number,
		       const struct piece_file *file, struct text path)
{
	const struct descriptor *known = known_descriptor(state, pid, number);
	const enum descriptor_kind kind = kind_of_file(file->mode);
	struct descriptor *descriptor;

	if (kind == DESCRIPTOR_UNKNOWN
	    || (known != NULL && known->kind == kind && known->inode == file->inode))
		return;
	if (path.len > 0)
		path.len--; /* its NUL */
	descriptor = descriptor_new(kind);
	descriptor->inode = file->inode;
	if (kind != DESCRIPTOR_PIPE)
		shared_text_set(&descriptor->name, path, RECORD_TEXT_MAX);
	sensor_state_add_descriptor(state, pid, number, descriptor, false);
}

static enum descriptor_kind kind_of_socket(const struct piece_socket *socket)
{
	switch (socket->family) {
	case AF_UNIX:
		return DESCRIPTOR_UNIX;
	case AF_INET:
		return DESCRIPTOR_IPV4;
	case AF_INET6:
		return DESCRIPTOR_IPV6;
	case AF_NETLINK:
		return DESCRIPTOR_NETLINK;
	default:
		return DESCRIPTOR_SOCKET;
	}
}

static uint8_t protocol_of(const struct piece_socket *socket)
{
	return socket->type == SOCK_STREAM ? IPPROTO_TCP
	       : socket->type == SOCK_DGRAM
		       ? (socket->protocol == IPPROTO_ICMP ? IPPROTO_ICMP : IPPROTO_UDP)
		       : (uint8_t)socket->protocol;
}

static struct socket_end end_of(const struct piece_socket *socket, const uint8_t *address,
				uint16_t port)
{
	return (struct socket_end){
		ip_from_bytes(address, socket->family == AF_INET ? 4 : 16),
		port,
	};
}

/* What the call itself does to the socket its event tells. */
static bool call_tells_ends(unsigned call)
{
	return call == CALL_connect || call == CALL_bind || call == CALL_accept
	       || call == CALL_accept4;
}

static bool is_internet(const struct piece_socket *socket)
{
	return socket->family == AF_INET || socket->family == AF_INET6;
}

static bool are_ends(const struct socket_end *a, const struct socket_end *b)
{
	return a->port == b->port && ip_equal(a->ip, b->ip);
}

/* The number was another connection's: that one's end was seen by nobody. */
static bool is_other_connection(const struct descriptor *known, const struct piece_socket *socket)
{
	const struct socket_end local = end_of(socket, socket->local, socket->local_port);
	const struct socket_end remote = end_of(socket, socket->remote, socket->remote_port);

	if (!is_internet(socket) || socket->remote_port == 0 || protocol_of(socket) != IPPROTO_TCP)
		return false;
	return !(are_ends(&known->client, &local) && are_ends(&known->server, &remote))
	       && !(are_ends(&known->client, &remote) && are_ends(&known->server, &local));
}

static void learn_socket(struct sensor_state *state, const struct record *record, int64_t number,
			 const struct piece_socket *socket)
{
	const struct descriptor *known = known_descriptor(state, record->pid, number);
	struct descriptor *descriptor;

	if (known != NULL && known->family == socket->family && known->protocol != 0
	    && (call_tells_ends(record->call) || !is_other_connection(known, socket)))
		return;
	descriptor = descriptor_new(kind_of_socket(socket));
	descriptor->family = socket->family;
	descriptor->protocol = protocol_of(socket);
	if (is_internet(socket) && socket->remote_port != 0 && !call_tells_ends(record->call)) {
		descriptor->client = end_of(socket, socket->local, socket->local_port);
		descriptor->server = end_of(socket, socket->remote, socket->remote_port);
		descriptor->state = DESCRIPTOR_STATE_CONNECTED;
	} else if (is_internet(socket) && record->call == CALL_listen) {
		descriptor->kind =
			socket->family == AF_INET ? DESCRIPTOR_IPV4_BOUND : DESCRIPTOR_IPV6_BOUND;
		descriptor->server = end_of(socket, socket->local, socket->local_port);
	}
	sensor_state_add_descriptor(state, record->pid, number, descriptor, false);
}

static void learn_descriptor(struct sensor_state *state, struct decoder *decoder,
			     const struct record_facts *facts, unsigned arg)
{
	const struct record *record = facts->record;
	const int64_t number = (int32_t)record->args[arg];
	struct text bytes = record_piece(facts, PIECE_SOCKET, arg);
	struct piece_socket socket;
	struct piece_file file;

	if (bytes.len == sizeof(socket)) {
		memcpy(&socket, bytes.ptr, sizeof(socket));
		learn_socket(state, record, number, &socket);
		return;
	}
	bytes = record_piece(facts, PIECE_FILE, arg);
	if (bytes.len == sizeof(file)) {
		memcpy(&file, bytes.ptr, sizeof(file));
		learn_file(state, record->pid, number, &file,
			   record_path(decoder, facts, PIECE_FILE_PATH, arg));
	}
}

/* --- where relative paths start ---------------------------------------------------------- */

static struct text learn_base(struct sensor_state *state, struct decoder *decoder,
			      const struct record_facts *facts, unsigned arg)
{
	const struct record *record = facts->record;
	const bool at_descriptor = call_info(record->call)->captures[arg] == 'A';
	const int64_t directory = at_descriptor ? (int32_t)record->args[arg - 1] : AT_FDCWD;
	const struct piece_file file = { .mode = S_IFDIR };
	struct text base = record_path(decoder, facts, PIECE_BASE, arg);

	if (base.ptr == NULL || directory != AT_FDCWD) {
		if (base.ptr != NULL)
			learn_file(state, record->pid, directory, &file, base);
		return (struct text){ 0 };
	}
	base.len--;
	return base;
}

struct text sensor_opened_path(struct decoder *decoder, const struct record_facts *facts)
{
	const struct record *record = facts->record;

	if (record->kind != RECORD_CALL || record->result < 0 || !filter_knows_path(record->call))
		return (struct text){ 0 };
	return record_path(decoder, facts, PIECE_FILE_PATH, PIECE_RESULT);
}

void sensor_learn(struct sensor_state *state, struct decoder *decoder,
		  const struct record_facts *facts)
{
	const struct record *record = facts->record;
	struct text cwd = { 0 };

	if (record->kind == RECORD_CALL || record->kind == RECORD_EXEC)
		learn_parent(state, record);
	if (record->kind != RECORD_CALL)
		return;
	for (unsigned arg = 0; arg < ARGUMENTS && call_info(record->call)->captures[arg] != '\0';
	     arg++) {
		const char capture = call_info(record->call)->captures[arg];

		if (capture == 'D')
			learn_descriptor(state, decoder, facts, arg);
		else if (cwd.ptr == NULL && (capture == 'P' || (capture == 'A' && arg > 0)))
			cwd = learn_base(state, decoder, facts, arg);
	}
	/* chdir: the base is where the thread was, the event tells where it went. */
	learn_thread(state, record, cwd);
}
