/* SPDX-License-Identifier: Apache-2.0 */
/* fields_process.c — proc.* and thread.*: a process and those it comes from. */
#include "fields/fields_private.h"

#include <stddef.h>

/* --- whose ------------------------------------------------------------------------------- */

/* The eldest in an unbroken line of those that are in the same session or group: its leader, or the
 * nearest that is known. */
static const struct process *eldest(const struct process *process, size_t member)
{
	const int64_t id = *(const int64_t *)((const char *)process + member);

	while (process->parent != NULL && id > 0
	       && *(const int64_t *)((const char *)process->parent + member) == id)
		process = process->parent;
	return process;
}

static const struct process *related(const struct fields *fields, const struct field_use *use)
{
	const struct process *process = process_at_hand(fields);

	if (process == NULL)
		return NULL;
	switch (field_rows[use->id].of) {
	case OF_PARENT:
		return process->parent;
	case OF_ANCESTOR:
		return process_ancestor(process, use->index >= 0 ? (unsigned)use->index : 1);
	case OF_SESSION:
		return eldest(process, offsetof(struct process, sid));
	case OF_GROUP:
		return eldest(process, offsetof(struct process, pgid));
	case OF_VIRTUAL_GROUP:
		return eldest(process, offsetof(struct process, vpgid));
	default:
		return process;
	}
}

static bool asks_all_ancestors(const struct field_use *use)
{
	return field_rows[use->id].of == OF_ANCESTOR && use->index < 0;
}

#define ANCESTORS_MAX 64 /* asked about at once; whose line is longer has hidden nothing nearer */

/* --- texts ------------------------------------------------------------------------------- */

/* A thread has a name of its own; whoever asks about another process means the one that leads. */
static struct text name_of(const struct fields *fields, const struct process *process)
{
	const struct thread *thread = fields->view->thread;
	const char *comm =
		thread != NULL && thread->process == process ? thread->comm : process->comm;

	return comm[0] != '\0' || !process->is_guess ? text_of(comm) : TEXT("<NA>");
}

static struct text text_about(struct fields *fields, const struct process *process, unsigned what)
{
	const struct text args = shared_text_view(process->args);

	switch (what) {
	case PROCESS_EXE:
		return shared_text_view(process->exe);
	case PROCESS_EXE_PATH:
		return shared_text_view(process->executable.path);
	case PROCESS_NAME:
		return name_of(fields, process);
	case PROCESS_ARGS:
		return args.len > 0 ? texts_joined(&fields->arena, (struct text){ 0 }, args)
				    : TEXT("");
	case PROCESS_COMMAND:
		return args.len > 0 ? texts_joined(&fields->arena, name_of(fields, process), args)
				    : name_of(fields, process);
	case PROCESS_EXE_LINE:
		return texts_joined(&fields->arena, shared_text_view(process->exe), args);
	default:
		return shared_text_view(process->cwd);
	}
}

/* Falco ends a working directory with a slash. */
static struct text with_slash(struct fields *fields, struct text path)
{
	if (path.ptr == NULL || text_ends_with(path, TEXT("/")))
		return path;
	return text_of(arena_printf(&fields->arena, "%.*s/", TEXT_ARGS(path)));
}

static void answer_ancestors(struct fields *fields, const struct field_use *use,
			     struct field_value *out)
{
	union field_item *items = ARENA_ARRAY(&fields->arena, ANCESTORS_MAX, union field_item);
	const struct process *process = related(fields, use);
	uint32_t count = 0;

	for (; process != NULL && count < ANCESTORS_MAX; process = process->parent) {
		items[count].text = text_about(fields, process, field_rows[use->id].what);
		count += items[count].text.ptr != NULL;
	}
	*out = field_value_many(FIELD_VALUE_TEXT, items, count);
}

void field_process_text(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const uint8_t what = field_rows[use->id].what;
	const struct process *process = related(fields, use);
	struct text text;

	if (asks_all_ancestors(use))
		return answer_ancestors(fields, use, out);
	if (process == NULL)
		return;
	text = text_about(fields, process, what);
	answer_text(out, what == PROCESS_CWD ? with_slash(fields, text) : text);
}

/* The text number i of those that each end with a NUL; absent where there are fewer. */
static struct text text_number(struct text texts, unsigned i)
{
	while (texts.len > 0) {
		const size_t end = strnlen(texts.ptr, texts.len);

		if (i-- == 0)
			return text_until(texts, end);
		texts = text_from(texts, MIN_OF(end + 1, texts.len));
	}
	return (struct text){ 0 };
}

void field_process_args(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct process *process = process_at_hand(fields);

	if (process == NULL)
		return;
	if (use->index < 0)
		return answer_text(out, text_about(fields, process, PROCESS_ARGS));
	answer_text(out, text_number(shared_text_view(process->args), (unsigned)use->index));
}

/* --- the environment --------------------------------------------------------------------- */

static struct text variable(struct text env, struct text name)
{
	while (env.len > 0) {
		const size_t end = strnlen(env.ptr, env.len);
		const struct text entry = text_until(env, end);

		if (entry.len > name.len && entry.ptr[name.len] == '='
		    && text_starts_with(entry, name))
			return text_from(entry, name.len + 1);
		env = text_from(env, MIN_OF(end + 1, env.len));
	}
	return (struct text){ 0 };
}

static struct text env_about(struct fields *fields, const struct process *process,
			     const struct field_use *use)
{
	const struct text env = shared_text_view(process->env);

	if (use->key.ptr != NULL)
		return variable(env, use->key);
	return env.ptr != NULL ? texts_joined(&fields->arena, (struct text){ 0 }, env) : env;
}

/* proc.env, proc.env[NAME], proc.aenv[2], proc.aenv[NAME] of any ancestor. */
void field_process_env(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct process *process = related(fields, use);
	union field_item *items;
	uint32_t count = 0;

	if (!asks_all_ancestors(use)) {
		if (process != NULL)
			answer_text(out, env_about(fields, process, use));
		return;
	}
	items = ARENA_ARRAY(&fields->arena, ANCESTORS_MAX, union field_item);
	for (; process != NULL && count < ANCESTORS_MAX; process = process->parent) {
		items[count].text = env_about(fields, process, use);
		count += items[count].text.ptr != NULL;
	}
	*out = field_value_many(FIELD_VALUE_TEXT, items, count);
}

/* --- numbers ----------------------------------------------------------------------------- */

/* The eldest shell among a process and its ancestors. */
static int64_t login_shell(const struct process *process)
{
	static const char *const shells[] = { "ash", "bash", "csh",  "dash",
					      "ksh", "sh",   "tcsh", "zsh" };
	int64_t found = 0;

	for (; process != NULL; process = process->parent)
		for (size_t i = 0; i < COUNT_OF(shells); i++)
			if (strcmp(process->comm, shells[i]) == 0)
				found = process->pid;
	return found;
}

static int64_t argument_numbers(const struct process *process, bool lengths)
{
	struct text args = shared_text_view(process->args);
	int64_t count = 0, length = 0;

	while (args.len > 0) {
		const size_t end = strnlen(args.ptr, args.len);

		count++;
		length += (int64_t)end;
		args = text_from(args, MIN_OF(end + 1, args.len));
	}
	return lengths ? length : count;
}

/* From one time to a later one, both known; -1 otherwise. */
static int64_t passed(uint64_t from_ns, uint64_t to_ns)
{
	return from_ns != 0 && to_ns >= from_ns ? (int64_t)(to_ns - from_ns) : -1;
}

static int64_t usage_percent(const struct process *process)
{
	return process->descriptor_limit > 0 ? (int64_t)descriptor_table_count(process->descriptors)
						       * 100 / process->descriptor_limit
					     : 0;
}

/* Negative: not known. */
static int64_t number_about(const struct fields *fields, const struct process *process,
			    unsigned what)
{
	const struct executable *executable = &process->executable;

	switch (what) {
	case PROCESS_PID:
		return process->pid;
	case PROCESS_VPID:
		return process->vpid;
	case PROCESS_SID:
		return process->sid;
	case PROCESS_PGID:
		return process->pgid;
	case PROCESS_VPGID:
		return process->vpgid;
	case PROCESS_TTY:
		return process->tty;
	case PROCESS_STARTED:
		return process->clone_time_ns > 0 ? (int64_t)process->clone_time_ns : -1;
	case PROCESS_DURATION:
		return passed(process->clone_time_ns, fields->view->event->time_ns);
	case PROCESS_ARG_COUNT:
	case PROCESS_ARG_LENGTH:
		return argument_numbers(process, what == PROCESS_ARG_LENGTH);
	case PROCESS_THREADS:
		return (int64_t)process->thread_count;
	case PROCESS_CHILDREN:
		return (int64_t)process->child_count;
	case PROCESS_OPEN_COUNT:
		return (int64_t)descriptor_table_count(process->descriptors);
	case PROCESS_OPEN_LIMIT:
		return process->descriptor_limit;
	case PROCESS_OPEN_USAGE:
		return usage_percent(process);
	case PROCESS_VM_SIZE:
		return process->vm_size_kb;
	case PROCESS_VM_RSS:
		return process->vm_rss_kb;
	case PROCESS_VM_SWAP:
		return process->vm_swap_kb;
	case PROCESS_INODE:
		return (int64_t)executable->inode;
	case PROCESS_INODE_CTIME:
		return (int64_t)executable->ctime_ns;
	case PROCESS_INODE_MTIME:
		return (int64_t)executable->mtime_ns;
	case PROCESS_CTIME_TO_START:
		return passed(executable->ctime_ns, process->clone_time_ns);
	case PROCESS_CTIME_TO_NAMESPACE:
		return passed(executable->ctime_ns, process->pidns_init_start_ns);
	case PROCESS_NAMESPACE_START:
		return (int64_t)process->pidns_init_start_ns;
	default:
		return login_shell(process);
	}
}

static void answer_ancestor_numbers(struct fields *fields, const struct field_use *use,
				    struct field_value *out)
{
	union field_item *items = ARENA_ARRAY(&fields->arena, ANCESTORS_MAX, union field_item);
	const struct process *process = related(fields, use);
	uint32_t count = 0;

	for (; process != NULL && count < ANCESTORS_MAX; process = process->parent)
		items[count++].number = number_about(fields, process, field_rows[use->id].what);
	*out = field_value_many(FIELD_VALUE_NUMBER, items, count);
}

void field_process_number(struct fields *fields, const struct field_use *use,
			  struct field_value *out)
{
	const struct process *process = related(fields, use);
	int64_t number;

	if (asks_all_ancestors(use))
		return answer_ancestor_numbers(fields, use, out);
	if (process == NULL)
		return;
	number = number_about(fields, process, field_rows[use->id].what);
	if (number >= 0)
		answer_number(out, number);
}

void field_process_bool(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const struct process *process = related(fields, use);

	if (process == NULL)
		return;
	switch (field_rows[use->id].what) {
	case PROCESS_EXE_WRITABLE:
		return answer_bool(out, process->executable.flags & EXECUTABLE_WRITABLE);
	case PROCESS_EXE_UPPER:
		return answer_bool(out, (process->executable.flags & EXECUTABLE_UPPER_LAYER) != 0);
	case PROCESS_EXE_LOWER:
		return answer_bool(out, (process->executable.flags & EXECUTABLE_LOWER_LAYER) != 0);
	case PROCESS_EXE_MEMFD:
		return answer_bool(out, (process->executable.flags & EXECUTABLE_FROM_MEMFD) != 0);
	case PROCESS_LEADS_SESSION:
		return answer_bool(out, process->sid == process->pid);
	case PROCESS_LEADS_GROUP:
		return answer_bool(out, process->pgid == process->pid);
	default:
		return answer_bool(out, process->vpgid == process->vpid);
	}
}

/* --- standard input, output and error ---------------------------------------------------- */

void field_standard(struct fields *fields, const struct field_use *use, struct field_value *out)
{
	const bool asks_in = use->id == FIELD_PROC_STDIN_TYPE || use->id == FIELD_PROC_STDIN_NAME;
	const bool asks_out =
		use->id == FIELD_PROC_STDOUT_TYPE || use->id == FIELD_PROC_STDOUT_NAME;
	const struct process *process = process_at_hand(fields);
	const struct descriptor *descriptor;
	char name[SOCKET_TEXT_MAX];

	if (process == NULL)
		return;
	descriptor = descriptor_table_get(process->descriptors, asks_in ? 0 : asks_out ? 1 : 2);
	if (descriptor == NULL)
		return;
	if (field_rows[use->id].what == STANDARD_TYPE)
		answer_text(out, text_of(descriptor_kind_name(descriptor->kind)));
	else
		answer_text(out,
			    text_of(arena_printf(&fields->arena, "%.*s",
						 TEXT_ARGS(descriptor_name(descriptor, name)))));
}
