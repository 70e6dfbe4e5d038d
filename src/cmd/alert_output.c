/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/alert_output.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define QUEUE_BYTES   ((size_t)4 << 20)
#define RETRY_NS      NS_PER_SEC
#define TELL_NS       (10 * NS_PER_SEC) /* at most so often that alerts are dropped */
#define GRACE_NS      (2 * NS_PER_SEC)  /* at the end, to empty the queue */
#define PATIENCE_NS   (5 * NS_PER_SEC)  /* of a replay with a receiver that is away */
#define POLL_SLICE_MS 100

/* Before each line in the queue. */
struct queued {
	size_t len;
	enum rule_priority priority;
};

struct alert_output {
	struct sink sink;
	char *name;
	bool waits, is_started;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake, room; /* CLOCK_MONOTONIC */
	struct buffer queue;       /* by the lock, as what follows */
	bool is_ending;
	struct alert_output_counts counts;
	_Atomic uint64_t give_up_ns; /* CLOCK_MONOTONIC; 0: no end in sight */
	/* the thread's own */
	uint64_t away_since_ns, told_ns, told_dropped, refusal_told_ns;
};

static const struct sink_ops *const kinds[] = { &stdout_sink, &file_sink, &syslog_sink, &unix_sink,
						&http_sink };

struct alert_output_counts alert_output_counts(struct alert_output *output)
{
	struct alert_output_counts counts;

	pthread_mutex_lock(&output->lock);
	counts = output->counts;
	pthread_mutex_unlock(&output->lock);
	return counts;
}

const char *alert_output_name(const struct alert_output *output)
{
	return output->name;
}

bool alert_output_gives_up(const struct alert_output *output)
{
	const uint64_t when = atomic_load(&output->give_up_ns);

	return when != 0 && clock_monotonic_ns() >= when;
}

static void tell_drops(struct alert_output *output)
{
	const uint64_t now = clock_monotonic_ns();
	const uint64_t dropped = alert_output_counts(output).dropped;

	if (dropped == output->told_dropped || now < output->told_ns + TELL_NS)
		return;
	log_warn("output %s is too slow: %llu alerts dropped so far", output->name,
		 (unsigned long long)dropped);
	output->told_dropped = dropped;
	output->told_ns = now;
}

bool alert_output_wait(struct alert_output *output, int fd, short events)
{
	struct pollfd ready = { .fd = fd, .events = events };

	while (!alert_output_gives_up(output)) {
		if (poll(&ready, 1, POLL_SLICE_MS) > 0)
			return true;
		tell_drops(output);
	}
	return false;
}

/* ---- the thread ---- */

static void count(struct alert_output *output, uint64_t *counter)
{
	pthread_mutex_lock(&output->lock);
	(*counter)++;
	pthread_mutex_unlock(&output->lock);
}

/* Cut short when the end is near. */
static void pause_before_retry(struct alert_output *output)
{
	const uint64_t end = clock_monotonic_ns() + RETRY_NS;
	const struct timespec time = { .tv_sec = (time_t)(end / NS_PER_SEC),
				       .tv_nsec = (long)(end % NS_PER_SEC) };

	tell_drops(output);
	pthread_mutex_lock(&output->lock);
	while (!output->is_ending && clock_monotonic_ns() < end)
		pthread_cond_timedwait(&output->wake, &output->lock, &time);
	pthread_mutex_unlock(&output->lock);
	if (output->is_ending)
		poll(NULL, 0, POLL_SLICE_MS);
}

static void note_absence(struct alert_output *output, const struct error *err)
{
	if (output->away_since_ns != 0)
		return;
	output->away_since_ns = clock_monotonic_ns();
	log_warn("output %s: %s; tried again each second, alerts wait", output->name, err->text);
}

static bool is_worth_waiting(const struct alert_output *output)
{
	return !alert_output_gives_up(output)
	       && (!output->waits || clock_monotonic_ns() < output->away_since_ns + PATIENCE_NS);
}

static void note_presence(struct alert_output *output)
{
	if (output->away_since_ns != 0)
		log_info("output %s is back", output->name);
	output->away_since_ns = 0;
}

static void tell_refusal(struct alert_output *output, const struct error *err)
{
	const uint64_t now = clock_monotonic_ns();

	if (output->refusal_told_ns != 0 && now < output->refusal_told_ns + TELL_NS)
		return;
	log_warn("output %s: %s; %llu alerts are lost so far", output->name, err->text,
		 (unsigned long long)alert_output_counts(output).refused);
	output->refusal_told_ns = now;
}

static void write_alert(struct alert_output *output, const struct alert *alert)
{
	struct error err = { 0 };
	int result = output->sink.ops->write(&output->sink, alert, &err);

	while (result == -EAGAIN) {
		note_absence(output, &err);
		if (!is_worth_waiting(output))
			break;
		pause_before_retry(output);
		result = output->sink.ops->write(&output->sink, alert, &err);
	}
	if (result != -EAGAIN)
		note_presence(output);
	if (result == 0) {
		count(output, &output->counts.written);
	} else if (result == -EAGAIN) {
		count(output, &output->counts.dropped);
	} else {
		count(output, &output->counts.refused);
		tell_refusal(output, &err);
	}
}

static void write_all(struct alert_output *output, struct text records)
{
	while (records.len > 0) {
		struct queued head;
		struct alert alert;

		memcpy(&head, records.ptr, sizeof(head));
		records = text_from(records, sizeof(head));
		alert.priority = head.priority;
		alert.line = text_until(records, head.len);
		records = text_from(records, head.len);
		if (alert_output_gives_up(output))
			count(output, &output->counts.dropped);
		else
			write_alert(output, &alert);
		tell_drops(output);
	}
}

static void *run(void *context)
{
	struct alert_output *output = context;
	AUTO_BUFFER struct buffer mine = { 0 };

	pthread_mutex_lock(&output->lock);
	while (output->queue.len > 0 || !output->is_ending) {
		const struct buffer filled = output->queue;

		if (filled.len == 0) {
			pthread_cond_wait(&output->wake, &output->lock);
			continue;
		}
		output->queue = mine;
		mine = filled;
		pthread_cond_signal(&output->room);
		pthread_mutex_unlock(&output->lock);
		write_all(output, buffer_text(&mine));
		buffer_clear(&mine);
		pthread_mutex_lock(&output->lock);
	}
	pthread_mutex_unlock(&output->lock);
	return NULL;
}

/* ---- who pushes ---- */

void alert_output_push(struct alert_output *output, const struct alert *alert)
{
	const struct queued head = { .len = alert->line.len, .priority = alert->priority };
	const size_t size = sizeof(head) + head.len;

	pthread_mutex_lock(&output->lock);
	output->counts.pushed++;
	while (output->waits && output->queue.len > 0 && output->queue.len + size > QUEUE_BYTES)
		pthread_cond_wait(&output->room, &output->lock);
	if (output->queue.len + size > QUEUE_BYTES) {
		output->counts.dropped++;
	} else {
		if (output->queue.len == 0)
			pthread_cond_signal(&output->wake);
		buffer_add(&output->queue, &head, sizeof(head));
		buffer_add(&output->queue, alert->line.ptr, alert->line.len);
	}
	pthread_mutex_unlock(&output->lock);
}

/* ---- its life ---- */

static const struct sink_ops *find_kind(struct text name, struct error *err)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (text_is(name, kinds[i]->kind))
			return kinds[i];
	error_set(err, -EINVAL,
		  "'%.*s' is no output; there are stdout, file=PATH, syslog[=SOCKET], unix=PATH "
		  "and http=URL",
		  TEXT_ARGS(name));
	return NULL;
}

static int read_target(const char *text, struct sink *sink, struct error *err)
{
	struct text target = text_of(text);

	sink->ops = find_kind(text_split(&target, '='), err);
	if (sink->ops == NULL)
		return -EINVAL;
	sink->target = target.ptr != NULL ? target.ptr : sink->ops->usual;
	if (target.ptr != NULL && sink->ops->target == NULL)
		return error_set(err, -EINVAL, "output %s takes nothing behind it",
				 sink->ops->kind);
	if (sink->ops->target != NULL && (sink->target == NULL || sink->target[0] == '\0'))
		return error_set(err, -EINVAL, "output %s needs a receiver: %s=%s", sink->ops->kind,
				 sink->ops->kind, sink->ops->target);
	return 0;
}

static void init_waiting(struct alert_output *output)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&output->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&output->wake, &monotonic);
	pthread_cond_init(&output->room, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static void free_output(struct alert_output *output)
{
	if (output->sink.ops != NULL)
		output->sink.ops->close(&output->sink);
	pthread_cond_destroy(&output->room);
	pthread_cond_destroy(&output->wake);
	pthread_mutex_destroy(&output->lock);
	buffer_done(&output->queue);
	mem_free(output->name);
	mem_free(output);
}

struct alert_output *alert_output_open(const char *text, const struct alert_output_options *options,
				       struct error *err)
{
	struct alert_output *output = MEM_NEW(struct alert_output);

	init_waiting(output);
	output->name = mem_strdup(text);
	output->waits = options->waits;
	output->sink = (struct sink){ .output = output, .json = options->json, .fd = -1 };
	if (read_target(output->name, &output->sink, err) == 0
	    && (output->sink.ops->open == NULL || output->sink.ops->open(&output->sink, err) == 0))
		return output;
	free_output(output);
	return NULL;
}

/* Signals are for who waits for them; a pipe without a reader is the thread's own affair. */
int alert_output_start(struct alert_output *output, struct error *err)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	sigdelset(&all, SIGPIPE);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&output->thread, NULL, run, output);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	output->is_started = code == 0;
	return code == 0 ? 0
			 : error_set(err, -code, "output %s has no thread: %s", output->name,
				     strerror(code));
}

static void tell_end(const struct alert_output *output)
{
	const struct alert_output_counts *counts = &output->counts;

	log_line(counts->dropped + counts->refused > 0 ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG,
		 "output %s: %llu alerts written, %llu dropped, %llu refused", output->name,
		 (unsigned long long)counts->written, (unsigned long long)counts->dropped,
		 (unsigned long long)counts->refused);
}

bool alert_output_close(struct alert_output *output)
{
	bool is_complete;

	if (output == NULL)
		return true;
	if (output->is_started) {
		pthread_mutex_lock(&output->lock);
		output->is_ending = true;
		if (!output->waits)
			atomic_store(&output->give_up_ns, clock_monotonic_ns() + GRACE_NS);
		pthread_cond_signal(&output->wake);
		pthread_mutex_unlock(&output->lock);
		pthread_join(output->thread, NULL);
		tell_end(output);
	}
	is_complete = output->counts.written == output->counts.pushed;
	free_output(output);
	return is_complete;
}
