/* SPDX-License-Identifier: Apache-2.0 */
/* fields_thread.c — thread.* and user.*: what each thread has for itself. */
#include "fields/fields_private.h"

void field_thread_number(struct fields *fields, const struct field_use *use,
			 struct field_value *out)
{
	const struct thread *thread = fields->view->thread;

	if (thread == NULL)
		return;
	switch (field_rows[use->id].what) {
	case THREAD_TID:
		return answer_number(out, thread->tid);
	case THREAD_VTID:
		return answer_number(out, thread->vtid);
	case THREAD_FAULTS_MAJOR:
		return answer_number(out, (int64_t)thread->page_faults_major);
	default:
		return answer_number(out, (int64_t)thread->page_faults_minor);
	}
}

void field_thread_is_main(struct fields *fields, const struct field_use *use,
			  struct field_value *out)
{
	const struct thread *thread = fields->view->thread;

	(void)use;
	if (thread != NULL)
		answer_bool(out, thread->tid == thread->process->pid);
}

/* "cpu=/a memory=/b" */
void field_thread_cgroups(struct fields *fields, const struct field_use *use,
			  struct field_value *out)
{
	const struct process *process = process_at_hand(fields);

	(void)use;
	if (process != NULL && process->cgroups != NULL)
		answer_text(out, texts_joined(&fields->arena, (struct text){ 0 },
					      shared_text_view(process->cgroups)));
}

void field_thread_cgroup(struct fields *fields, const struct field_use *use,
			 struct field_value *out)
{
	const struct process *process = process_at_hand(fields);
	struct text rest =
		process != NULL ? shared_text_view(process->cgroups) : (struct text){ 0 };

	while (rest.len > 0) {
		const size_t end = strnlen(rest.ptr, rest.len);
		struct text path = text_until(rest, end);

		if (text_equal(text_split(&path, '='), use->key))
			return answer_text(out, path);
		rest = text_from(rest, MIN_OF(end + 1, rest.len));
	}
}

/* --- capabilities ------------------------------------------------------------------------ */

static const char *const capability_names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

#define NAMES_BYTES_MAX (COUNT_OF(capability_names) * 24)

void field_thread_capabilities(struct fields *fields, const struct field_use *use,
			       struct field_value *out)
{
	const struct thread *thread = fields->view->thread;
	const uint8_t what = field_rows[use->id].what;
	uint64_t set;
	char *names;
	size_t len = 0;

	if (thread == NULL)
		return;
	set = what == CAPABILITIES_PERMITTED     ? thread->credentials.cap_permitted
	      : what == CAPABILITIES_INHERITABLE ? thread->credentials.cap_inheritable
						 : thread->credentials.cap_effective;
	names = arena_alloc_bytes(&fields->arena, NAMES_BYTES_MAX);
	for (size_t i = 0; i < COUNT_OF(capability_names); i++) {
		const struct text name = text_of(capability_names[i]);

		if (!(set >> i & 1))
			continue;
		if (len > 0)
			names[len++] = ' ';
		memcpy(names + len, name.ptr, name.len);
		len += name.len;
	}
	answer_text(out, (struct text){ names, len });
}

/* --- users ------------------------------------------------------------------------------- */

static const struct user *find_user(struct fields *fields, const struct thread *thread,
				    uint32_t uid)
{
	return fields->users != NULL ? users_find(fields->users, thread->process, uid,
						  fields->view->event->time_ns)
				     : NULL;
}

/* Kept: another user may be looked up for the same event. */
static struct text keep(struct fields *fields, struct text text)
{
	return (struct text){ arena_strndup(&fields->arena, text.ptr, text.len), text.len };
}

static void answer_user_text(struct fields *fields, unsigned what, const struct user *user,
			     struct field_value *out)
{
	if (user == NULL) /* whoever it is has a name in Falco */
		return answer_text(out, TEXT("<NA>"));
	answer_text(out, keep(fields, what == USER_HOME    ? user->home
				      : what == USER_SHELL ? user->shell
							   : user->name));
}

void field_user(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct thread *thread = fields->view->thread;
	const uint8_t what = field_rows[use->id].what;
	const struct credentials *credentials;

	if (thread == NULL)
		return;
	credentials = &thread->credentials;
	switch (what) {
	case USER_ID:
		if (credentials->uid != NO_ID)
			answer_number(out, credentials->uid);
		return;
	case USER_LOGIN_ID: /* -1: nobody logged in */
		return answer_number(out, (int32_t)credentials->loginuid);
	case USER_LOGIN_NAME:
		return answer_user_text(fields, what,
					find_user(fields, thread, credentials->loginuid), out);
	default:
		return answer_user_text(fields, what, find_user(fields, thread, credentials->uid),
					out);
	}
}

void field_group_id(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct thread *thread = fields->view->thread;

	(void)use;
	if (thread != NULL && thread->credentials.gid != NO_ID)
		answer_number(out, thread->credentials.gid);
}

void field_group_name(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct thread *thread = fields->view->thread;
	const struct group *group;

	(void)use;
	if (thread == NULL)
		return;
	group = fields->users != NULL
			? users_find_group(fields->users, thread->process, thread->credentials.gid,
					   fields->view->event->time_ns)
			: NULL;
	answer_text(out, group != NULL ? keep(fields, group->name) : TEXT("<NA>"));
}
