/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/source_directory.h"

#include "resource/watch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define QUIET_NS   (50 * NS_PER_MS) /* after the last change */
#define PATIENT_NS NS_PER_SEC       /* after the first one, however long the burst goes on */

struct source_directory {
	char **paths; /* owned */
	size_t path_count;
	struct resource_options options;
	char *root_namespace, *trust_domain; /* owned; options borrows them */
	struct watch *watch;
	int epoll, timer;         /* one descriptor to poll for both */
	uint64_t first_change_ns; /* 0: nothing changed since the last load */
	bool is_quiet;            /* the timer rang */
};

static int start_polling(struct source_directory *source, struct error *err)
{
	struct epoll_event event = { .events = EPOLLIN };

	source->epoll = epoll_create1(EPOLL_CLOEXEC);
	source->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (source->epoll < 0 || source->timer < 0
	    || epoll_ctl(source->epoll, EPOLL_CTL_ADD, source->timer, &event) < 0
	    || epoll_ctl(source->epoll, EPOLL_CTL_ADD, watch_fd(source->watch), &event) < 0)
		return error_set(err, -errno, "cannot watch the resources: %s", strerror(errno));
	return 0;
}

int source_directory_open(const char *const *paths, size_t path_count,
			  const struct resource_options *options, struct source_directory **out,
			  struct error *err)
{
	AUTO(source_directory_close)
	struct source_directory *source = MEM_NEW(struct source_directory);

	source->epoll = source->timer = -1;
	if (options != NULL)
		source->options = *options;
	if (source->options.root_namespace != NULL)
		source->options.root_namespace = source->root_namespace =
			mem_strdup(source->options.root_namespace);
	if (source->options.trust_domain != NULL)
		source->options.trust_domain = source->trust_domain =
			mem_strdup(source->options.trust_domain);
	source->paths = mem_alloc_array(path_count, sizeof(*source->paths));
	for (size_t i = 0; i < path_count; i++)
		source->paths[source->path_count++] = mem_strdup(paths[i]);

	int result = watch_new(&source->watch, err);

	if (result == 0)
		result = start_polling(source, err);
	if (result == 0)
		*out = TAKE(source);
	return result;
}

void source_directory_close(struct source_directory *source)
{
	if (source == NULL)
		return;
	for (size_t i = 0; i < source->path_count; i++)
		mem_free(source->paths[i]);
	mem_free(source->paths);
	mem_free(source->root_namespace);
	mem_free(source->trust_domain);
	watch_free(source->watch);
	file_close(&source->timer);
	file_close(&source->epoll);
	mem_free(source);
}

int source_directory_fd(const struct source_directory *source)
{
	return source->epoll;
}

static void ring_at(struct source_directory *source, uint64_t time_ns)
{
	const struct itimerspec when = { .it_value = { .tv_sec = (time_t)(time_ns / NS_PER_SEC),
						       .tv_nsec = (long)(time_ns % NS_PER_SEC) } };

	timerfd_settime(source->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Something changed: wait until nothing more does, but not for ever. */
static void wait_for_quiet(struct source_directory *source)
{
	const uint64_t now = clock_monotonic_ns();

	if (source->first_change_ns == 0)
		source->first_change_ns = now;
	ring_at(source, MIN_OF(now + QUIET_NS, source->first_change_ns + PATIENT_NS));
}

bool source_directory_is_due(struct source_directory *source)
{
	uint64_t rings;

	if (read(source->timer, &rings, sizeof(rings)) == (ssize_t)sizeof(rings))
		source->is_quiet = source->first_change_ns != 0;
	if (watch_take_changes(source->watch) && !source->is_quiet)
		wait_for_quiet(source);
	return source->is_quiet;
}

int source_directory_reload(struct source_directory *source, struct diagnostics *diagnostics,
			    struct resource_set **out, struct error *err)
{
	AUTO(resource_set_unref) struct resource_set *set = NULL;

	source->is_quiet = false;
	source->first_change_ns = 0;
	source->options.generation++;
	/* first watched, then read: what changes after this line is seen */
	for (size_t i = 0; i < source->path_count; i++) {
		const int result = watch_add(source->watch, source->paths[i], err);

		if (result < 0)
			return result;
	}
	watch_take_changes(source->watch);

	const int result = resource_set_load((const char *const *)source->paths, source->path_count,
					     &source->options, diagnostics, &set, err);

	if (watch_take_changes(source->watch)) {
		wait_for_quiet(source);
		return error_set(err, -EAGAIN, "the files changed while they were read");
	}
	if (result == 0)
		*out = TAKE(set);
	return result;
}
