/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/control.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define RETRY_NS                                                                                   \
	(5 * NS_PER_SEC) /* a plan that could not be put in force, a port that was busy, say */

/* ---- workers ---- */

static void *run_worker(void *arg)
{
	struct worker *worker = arg;

	loop_run(worker->loop);
	worker_close_all(worker);
	loop_run_deferred(worker->loop); /* what closing left to be freed */
	tls_release_memory();
	return NULL;
}

static unsigned worker_count(const struct control *control)
{
	const struct proxy_options *options = control->options;
	cpu_set_t cpus;

	if (control->inheritance.workers > 0) /* a socket each */
		return control->inheritance.workers;
	if (options->workers > 0)
		return options->workers;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&cpus);
}

static void start_workers(struct control *control)
{
	control->worker_count = worker_count(control);
	control->workers = mem_alloc_array(control->worker_count, sizeof(struct worker *));
	for (unsigned i = 0; i < control->worker_count; i++) {
		control->workers[i] = worker_new(i, control->log, control->traces);
		control->workers[i]->names =
			name_cache_new(control->workers[i]->loop, &control->names);
		if (pthread_create(&control->workers[i]->thread, NULL, run_worker,
				   control->workers[i])
		    != 0)
			abort(); /* no threads at start: nothing can run */
	}
}

static void stop_workers(struct control *control)
{
	for (size_t i = 0; i < control->worker_count; i++)
		loop_stop(control->workers[i]->loop);
	for (size_t i = 0; i < control->worker_count; i++) {
		pthread_join(control->workers[i]->thread, NULL);
		worker_free(control->workers[i]);
	}
	mem_free(control->workers);
}

/* ---- the end ---- */

struct drain_task {
	struct task task;
	struct control *control;
	struct worker *worker;
	bool politely;
};

static void on_worker_drained(struct task *task)
{
	struct drain_task *drain = CONTAINER_OF(task, struct drain_task, task);
	struct control *control = drain->control;

	mem_free(drain);
	if (++control->drained_workers == control->worker_count)
		loop_stop(control->loop);
}

static void post_drained(struct worker *worker)
{
	struct drain_task *drain = worker->idle_arg;

	worker->on_idle = NULL;
	drain->task.run = on_worker_drained;
	loop_post(drain->control->loop, &drain->task);
}

static void run_drain(struct task *task)
{
	struct drain_task *drain = CONTAINER_OF(task, struct drain_task, task);

	drain->worker->idle_arg = drain;
	drain->worker->on_idle = post_drained;
	worker_drain(drain->worker, drain->politely);
}

static void on_drain_limit(struct timer *timer)
{
	struct control *control = CONTAINER_OF(timer, struct control, drain_limit);

	log_warn("connections still open after the drain time are cut off");
	loop_stop(control->loop);
}

static void begin_drain(struct control *control, bool politely)
{
	control->is_stopping = true;
	log_info("stopping: no new connections, requests in progress are finished");
	timer_set(control->loop, &control->drain_limit,
		  loop_now(control->loop) + control->options->drain_ns);
	for (size_t i = 0; i < control->worker_count; i++) {
		struct drain_task *drain = MEM_NEW(struct drain_task);

		drain->control = control;
		drain->worker = control->workers[i];
		drain->politely = politely;
		drain->task.run = run_drain;
		loop_post(drain->worker->loop, &drain->task);
	}
}

static void begin_stop(struct control *control)
{
	if (control->is_stopping) /* asked twice: at once */
		loop_stop(control->loop);
	else
		begin_drain(control, false);
}

void control_stop_politely(struct control *control)
{
	if (!control->is_stopping)
		begin_drain(control, true);
}

/* ---- what changes ---- */

static void replan(struct control *control)
{
	struct error err = { 0 };

	if (control->is_stopping)
		return;
	if (control_replan(control, &err) == 0) {
		timer_cancel(control->loop, &control->retry);
		return;
	}
	log_problem(LOG_LEVEL_ERROR,
		    control->plan != NULL ? "not put in force, the last good plan stays"
					  : "not put in force",
		    &err);
	timer_set(control->loop, &control->retry, loop_now(control->loop) + RETRY_NS);
}

void control_changed(struct control *control)
{
	replan(control);
}

static void on_names(void *owner)
{
	replan(owner);
}

static void on_retry(struct timer *timer)
{
	replan(CONTAINER_OF(timer, struct control, retry));
}

static void on_identities(void *owner, struct identity_set *set)
{
	struct control *control = owner;

	identity_set_unref(control->identity_set);
	control->identity_set = identity_set_ref(set);
	replan(control);
}

static void report_resources(const struct diagnostics *diagnostics)
{
	char line[1024];

	for (size_t i = 0; i < diagnostics->count; i++) {
		error_format(&diagnostics->items[i]->error, line, sizeof(line));
		log_line(diagnostics->items[i]->severity == SEVERITY_ERROR ? LOG_LEVEL_ERROR
									   : LOG_LEVEL_WARN,
			 "%s", line);
	}
}

/* The file name of a position belongs to diagnostics or to the resource set, which end before the
 * error is read. */
static void keep_position(struct error *err)
{
	const struct source_pos at = err->at;

	if (at.file == NULL)
		return;
	err->at = (struct source_pos){ 0 };
	if (at.line == 0)
		error_prefix(err, "%s", at.file);
	else
		error_prefix(err, "%s:%u:%u", at.file, at.line, at.column);
}

static int load_resources(struct control *control, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics;
	AUTO(resource_set_unref) struct resource_set *set = NULL;

	diagnostics_init(&diagnostics);

	const int code = source_directory_reload(control->source, &diagnostics, &set, err);

	if (code == -EAGAIN)
		return code; /* still being written: it will be due again */
	report_resources(&diagnostics);
	if (code < 0) {
		keep_position(err);
		return code;
	}
	resource_set_unref(control->resources);
	control->resources = TAKE(set);
	return 0;
}

static void reload_resources(struct control *control)
{
	struct error err = { 0 };
	const int code = load_resources(control, &err);

	if (code == 0) {
		control_revoke(control);
		replan(control);
	}
	if (code == 0 || code == -EAGAIN)
		return;
	control->plans_refused++;
	log_problem(LOG_LEVEL_ERROR, "resources not loaded, the last good ones stay", &err);
}

static void on_resources_changed(struct watch *watch, uint32_t events)
{
	struct control *control = CONTAINER_OF(watch, struct control, resources_changed);

	(void)events;
	if (source_directory_is_due(control->source))
		reload_resources(control);
}

static void on_signal(struct watch *watch, uint32_t events)
{
	struct control *control = CONTAINER_OF(watch, struct control, signals);
	struct signalfd_siginfo info;

	(void)events;
	while (read(watch->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			access_log_reopen(control->log, NULL);
			reload_resources(control);
		} else {
			begin_stop(control);
		}
	}
}

/* ---- start ---- */

static int watch_signals(struct control *control, struct error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL); /* before threads: they inherit it */
	signal(SIGPIPE, SIG_IGN);
	control->signals = (struct watch){ .fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC),
					   .ready = on_signal };
	if (control->signals.fd < 0)
		return error_set(err, -errno, "signalfd: %s", strerror(errno));
	return loop_watch(control->loop, &control->signals, EPOLLIN, err);
}

static int open_resources(struct control *control, struct error *err)
{
	const struct resource_options options = { .strict = control->options->strict,
						  .trust_domain = control->options->trust_domain };
	int code = source_directory_open(control->options->paths, control->options->path_count,
					 &options, &control->source, err);

	if (code == 0)
		code = load_resources(control, err);
	if (code < 0)
		return code;
	control->resources_changed = (struct watch){ .fd = source_directory_fd(control->source),
						     .ready = on_resources_changed };
	return loop_watch(control->loop, &control->resources_changed, EPOLLIN, err);
}

static int open_identities(struct control *control, struct error *err)
{
	const struct proxy_options *options = control->options;
	struct identity_files *files;
	int code;

	if (options->file_count == 0)
		return identity_source_from_workload_api(control->loop, options->workload_api,
							 on_identities, control,
							 &control->identities, err);
	files = mem_alloc_array(options->file_count, sizeof(*files));
	for (size_t i = 0; i < options->file_count; i++)
		files[i] = (struct identity_files){ .certificate = options->files[i].certificate,
						    .key = options->files[i].key,
						    .bundle = options->files[i].bundle,
						    .directory = options->files[i].directory };
	code = identity_source_from_files(control->loop, files, options->file_count, on_identities,
					  control, &control->identities, err);
	mem_free(files);
	return code;
}

/* Before there is a listener: connections are refused until it is there, and none slips by. */
static int open_captures(struct control *control, struct error *err)
{
	const struct proxy_options *options = control->options;
	int code = 0;

	control->captured = mem_alloc_array(options->capture_count, sizeof(*control->captured));
	for (size_t i = 0; code == 0 && i < options->capture_count; i++) {
		const struct proxy_capture *wanted = &options->captures[i];

		control->captured[i].workload = wanted->workload;
		control->captured[i].proxy = wanted->proxy;
		code = capture_attach(wanted->cgroup, &wanted->proxy, &control->captured[i].capture,
				      err);
		if (code == 0)
			log_info("connections of %s are captured as those of %s", wanted->cgroup,
				 wanted->workload);
	}
	if (code < 0)
		error_prefix(err, "--capture");
	return code;
}

static void close_captures(struct control *control)
{
	for (size_t i = 0; control->captured != NULL && i < control->options->capture_count; i++)
		capture_free(control->captured[i].capture);
	mem_free(control->captured);
}

const char *control_access_log(const struct control *control)
{
	const char *path = control->options->access_log;
	const struct mesh_config *mesh = resource_set_mesh_config(control->resources);

	if (path == NULL)
		path = mesh->access_log_file.len > 0 ? mesh->access_log_file.ptr : "-";
	return strcmp(path, "none") == 0 ? NULL : path;
}

void control_now_ready(struct control *control)
{
	const struct proxy_options *options = control->options;
	struct error err = { 0 };

	inheritance_finish(&control->inheritance);
	if (options->handover != NULL && control->handover == NULL
	    && handover_offer(control, options->handover, &control->handover, &err) < 0)
		log_problem(LOG_LEVEL_ERROR, "this proxy cannot be taken over", &err);
}

static int take_over(struct control *control, struct error *err)
{
	const struct proxy_options *options = control->options;

	if (!options->take_over)
		return options->handover != NULL ? handover_check_free(options->handover, err) : 0;

	const int code = handover_take(options->handover, &control->inheritance, err);

	if (code == 0)
		log_info("taking over %zu sockets for %u workers", control->inheritance.count,
			 control->inheritance.workers);
	return code;
}

static int start(struct control *control, struct error *err)
{
	int code = watch_signals(control, err);

	if (code == 0)
		code = take_over(control, err);

	if (code == 0)
		code = resolver_new(control->loop, control->options->dns, on_names, control,
				    &control->resolver, err);
	control->names = (struct name_service){ control->loop, control->resolver };
	if (code == 0)
		code = open_resources(control, err);
	if (code == 0)
		code = open_captures(control, err);
	if (code == 0)
		code = access_log_open(control_access_log(control), &control->log, err);
	if (code < 0)
		return code;
	control->traces = trace_export_new();
	start_workers(control);
	control_revoke(control);
	control_watch_files(control);
	code = open_identities(control, err);
	if (code == 0 && control->options->admin.len > 0)
		code = admin_listen(control, &control->options->admin, &control->admin, err);
	/* a source of files has called back already; one over a socket has nothing yet */
	if (code == 0 && control->plan == NULL)
		code = control_replan(control, err);
	return code;
}

static void finish(struct control *control)
{
	handover_free(control->handover);
	inheritance_drop(&control->inheritance);
	listening_done(&control->listening);
	admin_free(control->admin);
	resolver_free(control->resolver); /* tells the workers who still wait for a name */
	key_fetch_stop(control->keys);
	stop_workers(control);
	key_fetch_free(control->keys);
	close_captures(control);
	access_log_close(control->log);
	trace_export_free(control->traces);
	identity_source_free(control->identities);
	identity_set_unref(control->identity_set);
	plan_unref(control->plan);
	resource_set_unref(control->resources);
	source_directory_close(control->source);
	if (control->signals.fd > 0)
		close(control->signals.fd);
	loop_free(control->loop);
}

int proxy_run(const struct proxy_options *options, struct error *err)
{
	tls_keep_memory();

	struct control control = {
		.options = options,
		.loop = loop_new(),
		.retry.fire = on_retry,
		.drain_limit.fire = on_drain_limit,
	};
	const int code = start(&control, err);

	if (code == 0)
		loop_run(control.loop);
	else
		keep_position(err);
	finish(&control);
	return code;
}
