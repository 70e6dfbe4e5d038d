/* SPDX-License-Identifier: Apache-2.0 */
/* recording_state.c — blocks that tell how the machine was when the capture began: what ran, what
 * was open, who its users are. */
#include "sensor/recording_private.h"

#include <sys/socket.h>

/* Later versions add to the end of an entry, and say how long it is. */
enum content {
	CONTENT_MACHINE,
	CONTENT_PROCESSES,
	CONTENT_DESCRIPTORS,
	CONTENT_INTERFACES,
	CONTENT_USERS
};

static const struct kind {
	uint32_t kind;
	enum content content;
	uint8_t version;
	bool has_length;
} kinds[] = {
	{ 0x201, CONTENT_MACHINE, 1, false },
	{ 0x8002ABC1, CONTENT_MACHINE, 1, false },
	{ 0x202, CONTENT_PROCESSES, 1, false },
	{ 0x8002ABC2, CONTENT_PROCESSES, 1, false },
	{ 0x207, CONTENT_PROCESSES, 2, false },
	{ 0x8002ABC7, CONTENT_PROCESSES, 2, false },
	{ 0x209, CONTENT_PROCESSES, 3, false },
	{ 0x8002ABC9, CONTENT_PROCESSES, 3, false },
	{ 0x210, CONTENT_PROCESSES, 4, false },
	{ 0x211, CONTENT_PROCESSES, 5, false },
	{ 0x212, CONTENT_PROCESSES, 6, false },
	{ 0x213, CONTENT_PROCESSES, 7, false },
	{ 0x214, CONTENT_PROCESSES, 8, false },
	{ 0x215, CONTENT_PROCESSES, 9, true },
	{ 0x203, CONTENT_DESCRIPTORS, 1, false },
	{ 0x8002ABC3, CONTENT_DESCRIPTORS, 1, false },
	{ 0x218, CONTENT_DESCRIPTORS, 2, true },
	{ 0x205, CONTENT_INTERFACES, 1, false },
	{ 0x8002ABC5, CONTENT_INTERFACES, 1, false },
	{ 0x219, CONTENT_INTERFACES, 2, true },
	{ 0x206, CONTENT_USERS, 1, false },
	{ 0x8002ABC6, CONTENT_USERS, 1, false },
	{ 0x220, CONTENT_USERS, 2, true },
};

static const struct kind *find_kind(uint32_t kind)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].kind == kind)
			return &kinds[i];
	return NULL;
}

bool block_is_state(uint32_t kind)
{
	return find_kind(kind) != NULL;
}

/* --- processes --------------------------------------------------------------------------- */

/* What follows the part that all versions have. Which fields stand there is told by how much is
 * left: versions before 0.10 of the libs lack the first two, and end sooner. */
#define LEFT_BEFORE_0_10 29

static void read_newer(struct cursor *entry, struct thread_record *record)
{
	if (entry->rest.len > LEFT_BEFORE_0_10) {
		record->pidns_init_start_ns = cursor_number(entry, 8);
		record->has_tty = true;
		record->tty = (uint32_t)cursor_number(entry, 4);
	}
	if (entry->rest.len >= 4)
		record->loginuid = (uint32_t)cursor_number(entry, 4);
	if (entry->rest.len >= 1 && cursor_number(entry, 1) != 0)
		record->executable_flags |= EXECUTABLE_WRITABLE;
	if (entry->rest.len >= 24) {
		record->has_capabilities = true;
		record->cap_inheritable = cursor_number(entry, 8);
		record->cap_permitted = cursor_number(entry, 8);
		record->cap_effective = cursor_number(entry, 8);
	}
	if (entry->rest.len >= 25) {
		record->has_executable = true;
		record->executable_flags |=
			cursor_number(entry, 1) != 0 ? EXECUTABLE_UPPER_LAYER : 0;
		record->inode = cursor_number(entry, 8);
		record->ctime_ns = cursor_number(entry, 8);
		record->mtime_ns = cursor_number(entry, 8);
	}
	if (entry->rest.len >= 1 && cursor_number(entry, 1) != 0)
		record->executable_flags |= EXECUTABLE_FROM_MEMFD;
	if (entry->rest.len >= 1 && cursor_number(entry, 1) != 0)
		record->executable_flags |= EXECUTABLE_LOWER_LAYER;
}

static void read_numbers(struct cursor *entry, unsigned version, struct thread_record *record)
{
	record->descriptor_limit = (int64_t)cursor_number(entry, 8);
	cursor_number(entry, 4); /* flags of its clone */
	record->uid = (uint32_t)cursor_number(entry, 4);
	record->gid = (uint32_t)cursor_number(entry, 4);
	if (version < 2)
		return;
	record->vm_size_kb = (uint32_t)cursor_number(entry, 4);
	record->vm_rss_kb = (uint32_t)cursor_number(entry, 4);
	record->vm_swap_kb = (uint32_t)cursor_number(entry, 4);
	cursor_bytes(entry, 16); /* page faults */
}

static void read_process(struct cursor *entry, const struct kind *kind,
			 struct thread_record *record)
{
	const unsigned version = kind->version;

	record->tid = (int64_t)cursor_number(entry, 8);
	record->pid = (int64_t)cursor_number(entry, 8);
	record->parent = (int64_t)cursor_number(entry, 8);
	record->sid = version >= 6 ? (int64_t)cursor_number(entry, 8) : 0;
	record->vpgid = version >= 8 ? (int64_t)cursor_number(entry, 8) : 0;
	record->comm = cursor_text(entry);
	record->exe = cursor_text(entry);
	if (version >= 7)
		record->exe_path = cursor_text(entry);
	record->args = cursor_text(entry);
	record->cwd = cursor_text(entry);
	read_numbers(entry, version, record);
	if (version >= 3)
		record->env = cursor_text(entry);
	if (version >= 4) {
		record->vtid = (int64_t)cursor_number(entry, 8);
		record->vpid = (int64_t)cursor_number(entry, 8);
		record->cgroups = cursor_text(entry);
	}
	if (version >= 5)
		cursor_text(entry); /* its root directory */
	if (kind->has_length)
		read_newer(entry, record);
}

/* A parent may stand behind its children: so they are joined in a second round. */
static bool load_processes(struct text body, const struct kind *kind, struct sensor_state *state)
{
	for (unsigned round = 0; round < 2; round++) {
		struct cursor list = { .rest = body }, entry;

		while (cursor_entry(&list, kind->has_length, &entry)) {
			struct thread_record record = THREAD_RECORD_EMPTY;

			read_process(&entry, kind, &record);
			if (entry.short_of)
				return false;
			if (!kind->has_length)
				list = entry;
			if (record.tid > 0 && record.pid > 0)
				sensor_state_add_thread(state, &record);
		}
		if (list.short_of)
			return false;
	}
	return true;
}

/* --- descriptors ------------------------------------------------------------------------- */

/* Falco's kinds, in the order of their numbers. */
static const uint8_t descriptor_kinds[] = {
	DESCRIPTOR_UNKNOWN, DESCRIPTOR_FILE,       DESCRIPTOR_DIRECTORY,  DESCRIPTOR_IPV4,
	DESCRIPTOR_IPV6,    DESCRIPTOR_IPV4_BOUND, DESCRIPTOR_IPV6_BOUND, DESCRIPTOR_PIPE,
	DESCRIPTOR_UNIX,    DESCRIPTOR_EVENT,      DESCRIPTOR_SOCKET,     DESCRIPTOR_SIGNAL,
	DESCRIPTOR_EPOLL,   DESCRIPTOR_INOTIFY,    DESCRIPTOR_TIMER,      DESCRIPTOR_NETLINK,
	DESCRIPTOR_FILE,    DESCRIPTOR_BPF,        DESCRIPTOR_USERFAULT,  DESCRIPTOR_IO_URING,
	DESCRIPTOR_MEMFD,   DESCRIPTOR_PIDFD,
};

#define KIND_FILE_WITH_FLAGS 16
#define NAME_LIMIT           4096

/* The protocols of sockets, in Falco's numbering. */
static uint8_t protocol_of(uint64_t number)
{
	static const uint8_t protocols[] = { 0,          0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP,
					     IPPROTO_RAW };

	return number < COUNT_OF(protocols) ? protocols[number] : 0;
}

static void read_bound(struct cursor *entry, size_t width, struct descriptor *socket)
{
	const struct text ip = cursor_bytes(entry, width);

	socket->server.port = (uint16_t)cursor_number(entry, 2);
	socket->protocol = protocol_of(cursor_number(entry, 1));
	if (ip.ptr != NULL)
		socket->server.ip = ip_from_bytes(ip.ptr, width);
}

static void read_connected(struct cursor *entry, size_t width, struct descriptor *socket)
{
	const struct text source = cursor_bytes(entry, width);
	const struct text destination = cursor_bytes(entry, width);

	socket->client.port = (uint16_t)cursor_number(entry, 2);
	socket->server.port = (uint16_t)cursor_number(entry, 2);
	socket->protocol = protocol_of(cursor_number(entry, 1));
	socket->role = SOCKET_ROLE_CLIENT;
	socket->state = DESCRIPTOR_STATE_CONNECTED;
	if (destination.ptr == NULL)
		return;
	socket->client.ip = ip_from_bytes(source.ptr, width);
	socket->server.ip = ip_from_bytes(destination.ptr, width);
}

static void read_named(struct cursor *entry, struct descriptor *descriptor)
{
	const struct text name = cursor_text(entry);

	if (name.ptr != NULL)
		descriptor->name = shared_text_new(name, NAME_LIMIT);
}

static void read_details(struct cursor *entry, uint64_t kind, struct descriptor *descriptor)
{
	switch (descriptor->kind) {
	case DESCRIPTOR_IPV4:
		return read_connected(entry, 4, descriptor);
	case DESCRIPTOR_IPV6:
		return read_connected(entry, 16, descriptor);
	case DESCRIPTOR_IPV4_BOUND:
		return read_bound(entry, 4, descriptor);
	case DESCRIPTOR_IPV6_BOUND:
		return read_bound(entry, 16, descriptor);
	case DESCRIPTOR_UNIX:
		descriptor->source_id = cursor_number(entry, 8);
		descriptor->destination_id = cursor_number(entry, 8);
		return read_named(entry, descriptor);
	case DESCRIPTOR_PIDFD:
		cursor_bytes(entry, 12); /* whose, and flags */
		return;
	default:
		if (kind == KIND_FILE_WITH_FLAGS)
			descriptor->flags = (uint32_t)cursor_number(entry, 4);
		read_named(entry, descriptor);
	}
}

static uint16_t family_of(unsigned kind)
{
	switch (kind) {
	case DESCRIPTOR_IPV4:
	case DESCRIPTOR_IPV4_BOUND:
		return AF_INET;
	case DESCRIPTOR_IPV6:
	case DESCRIPTOR_IPV6_BOUND:
		return AF_INET6;
	default:
		return kind == DESCRIPTOR_UNIX ? AF_UNIX : 0;
	}
}

/* NULL where the entry is broken. */
static struct descriptor *read_descriptor(struct cursor *entry, int64_t *number)
{
	struct descriptor *descriptor = descriptor_new(DESCRIPTOR_UNKNOWN);
	uint64_t kind;

	*number = (int64_t)cursor_number(entry, 8);
	descriptor->inode = cursor_number(entry, 8);
	kind = cursor_number(entry, 1);
	if (kind < COUNT_OF(descriptor_kinds))
		descriptor->kind = descriptor_kinds[kind];
	descriptor->family = family_of(descriptor->kind);
	read_details(entry, kind, descriptor);
	if (!entry->short_of)
		return descriptor;
	descriptor_unref(descriptor);
	return NULL;
}

static bool load_descriptors(struct text body, const struct kind *kind, struct sensor_state *state)
{
	struct cursor list = { .rest = body }, entry;
	const struct thread *thread = sensor_state_thread(state, (int64_t)cursor_number(&list, 8));

	while (cursor_entry(&list, kind->has_length, &entry)) {
		int64_t number;
		struct descriptor *descriptor = read_descriptor(&entry, &number);

		if (descriptor == NULL)
			return false;
		if (!kind->has_length)
			list = entry;
		if (thread != NULL)
			sensor_state_add_descriptor(state, thread->process->pid, number, descriptor,
						    false);
		else
			descriptor_unref(descriptor);
	}
	return !list.short_of;
}

/* --- users ------------------------------------------------------------------------------- */

static void read_user(struct cursor *entry, struct users *users)
{
	const uint64_t is_group = cursor_number(entry, 1);
	const uint32_t id = (uint32_t)cursor_number(entry, 4);
	struct group group = { .gid = id };
	struct user user = { .uid = id };

	if (is_group) {
		group.name = cursor_text(entry);
		if (!entry->short_of)
			users_add_group(users, &group);
		return;
	}
	user.gid = (uint32_t)cursor_number(entry, 4);
	user.name = cursor_text(entry);
	user.home = cursor_text(entry);
	user.shell = cursor_text(entry);
	if (!entry->short_of)
		users_add_user(users, &user);
}

static bool load_users(struct text body, const struct kind *kind, struct users *users)
{
	struct cursor list = { .rest = body }, entry;

	while (cursor_entry(&list, kind->has_length, &entry)) {
		read_user(&entry, users);
		if (entry.short_of)
			return false;
		if (!kind->has_length)
			list = entry;
	}
	return !list.short_of;
}

/* --- all of them ------------------------------------------------------------------------- */

#define HOSTNAME_OFFSET 20

static void load_machine(struct recording *recording, struct text body)
{
	struct cursor cursor = { .rest = body };
	struct text hostname;

	cursor_bytes(&cursor, HOSTNAME_OFFSET);
	hostname = cursor_bytes(&cursor, sizeof(recording->hostname));
	if (hostname.ptr == NULL)
		return;
	memcpy(recording->hostname, hostname.ptr, sizeof(recording->hostname));
	recording->hostname[sizeof(recording->hostname) - 1] = '\0';
}

int block_load(struct recording *recording, const struct block *block, struct sensor_state *state,
	       struct users *users, struct error *err)
{
	const struct kind *kind = find_kind(block->kind);
	bool fine = true;

	switch (kind->content) {
	case CONTENT_MACHINE:
		load_machine(recording, block->body);
		break;
	case CONTENT_PROCESSES:
		fine = load_processes(block->body, kind, state);
		break;
	case CONTENT_DESCRIPTORS:
		fine = load_descriptors(block->body, kind, state);
		break;
	case CONTENT_USERS:
		fine = users == NULL || load_users(block->body, kind, users);
		break;
	case CONTENT_INTERFACES: /* tells which addresses are the machine's own: nobody asks */
		break;
	}
	return fine ? 0
		    : block_broken(recording, block, err, "has an entry that goes beyond its end");
}
