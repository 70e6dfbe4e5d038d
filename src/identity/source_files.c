/* SPDX-License-Identifier: Apache-2.0 */
/* source_files.c — identities from PEM files, read again when a directory they lie in changes.
 *
 * Writers replace certificate and key one after the other, so a change is looked at a moment later;
 * a pair that does not fit then is reported once and the last good one goes on. */
#include "identity/pem_identity.h"
#include "identity/source_base.h"

#include "net/net.h"

#include <errno.h>
#include <libgen.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#define SETTLE_NS  (100 * NS_PER_MS)
#define RECHECK_NS (60 * NS_PER_SEC) /* where inotify sees nothing: network file systems */

struct file_source {
	struct identity_source source;
	struct loop *loop;
	struct pem_identity *identities; /* owned */
	size_t count;
	struct watch watch; /* inotify */
	struct timer check;
};

static void watch_directory_of(const struct file_source *source, const char *path)
{
	AUTO(mem_free_text) char *copy = mem_strdup(path);

	/* IN_MOVED_TO also covers the "..data" link that Kubernetes swaps */
	inotify_add_watch(source->watch.fd, dirname(copy),
			  IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE);
}

/* Adding a watch that is there is harmless; a directory that was replaced gets a new one. */
static void watch_directories(const struct file_source *source)
{
	for (size_t i = 0; i < source->count; i++) {
		watch_directory_of(source, source->identities[i].certificate);
		watch_directory_of(source, source->identities[i].key);
		watch_directory_of(source, source->identities[i].bundle);
	}
}

static int collect_bundles(const struct file_source *source, struct bundles *bundles,
			   struct error *err)
{
	for (size_t i = 0; i < source->count; i++) {
		const struct pem_identity *identity = &source->identities[i];
		struct spiffe_id id;
		int result = 0;

		if (identity->svid == NULL)
			continue;
		result = spiffe_id_parse(text_of(identity->svid->id), &id, err);
		for (int n = 0; result == 0 && n < sk_X509_num(identity->authorities); n++)
			result = bundles_add(bundles, id.trust_domain,
					     sk_X509_value(identity->authorities, n), err);
		if (result < 0)
			return result;
	}
	return 0;
}

static int publish(struct file_source *source, struct error *err)
{
	AUTO(bundles_unref) struct bundles *bundles = bundles_new();
	AUTO(mem_free) void *memory = mem_alloc_array(source->count, sizeof(struct svid *));
	struct svid **svids = memory;
	size_t count = 0;
	const int result = collect_bundles(source, bundles, err);

	if (result < 0)
		return result;
	for (size_t i = 0; i < source->count; i++)
		if (source->identities[i].svid != NULL)
			svids[count++] = source->identities[i].svid;
	source_publish(&source->source,
		       identity_set_new(++source->source.generation, svids, count, bundles));
	return 0;
}

static void report(struct file_source *source, const struct pem_identity *identity,
		   const struct error *err)
{
	if (!source_note_problem(&source->source, err->text))
		return;
	log_problem(identity->svid != NULL ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR,
		    identity->svid != NULL ? "keeping the last good identity" : "no identity yet",
		    err);
}

/* Returns how many identities are there; *changed: some are others than before. */
static size_t load_all(struct file_source *source, bool *changed, struct error *err)
{
	size_t there = 0;

	*changed = false;
	for (size_t i = 0; i < source->count; i++) {
		struct pem_identity *identity = &source->identities[i];
		bool this_changed;

		if (pem_identity_load(identity, &this_changed, err) < 0)
			report(source, identity, err);
		*changed |= this_changed;
		there += identity->svid != NULL;
	}
	return there;
}

static void check_files(struct timer *timer)
{
	struct file_source *source = CONTAINER_OF(timer, struct file_source, check);
	struct error err = { 0 };
	bool changed;

	load_all(source, &changed, &err);
	if (changed && publish(source, &err) < 0)
		log_problem(LOG_LEVEL_ERROR, "identities from files", &err);
	watch_directories(source);
	timer_set(source->loop, &source->check, loop_now(source->loop) + RECHECK_NS);
}

static void on_directory_change(struct watch *watch, uint32_t events)
{
	struct file_source *source = CONTAINER_OF(watch, struct file_source, watch);
	char ignored[4096];

	(void)events;
	while (read(watch->fd, ignored, sizeof(ignored)) > 0)
		continue; /* that something changed is all we want to know */
	timer_set(source->loop, &source->check, loop_now(source->loop) + SETTLE_NS);
}

static void free_file_source(struct identity_source *base)
{
	struct file_source *source = CONTAINER_OF(base, struct file_source, source);

	timer_cancel(source->loop, &source->check);
	if (source->watch.fd >= 0)
		loop_unwatch(source->loop, &source->watch);
	file_close(&source->watch.fd);
	for (size_t i = 0; i < source->count; i++)
		pem_identity_done(&source->identities[i]);
	mem_free(source->identities);
	mem_free(source);
}

static int start_watching(struct file_source *source, struct error *err)
{
	const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	int result;

	if (fd < 0)
		return error_set(err, -errno, "cannot watch files: %s", strerror(errno));
	source->watch = (struct watch){ .fd = fd, .ready = on_directory_change };
	result = loop_watch(source->loop, &source->watch, EPOLLIN, err);
	if (result < 0) {
		file_close(&source->watch.fd);
		return result;
	}
	watch_directories(source);
	return 0;
}

static int start(struct file_source *source, struct error *err)
{
	bool changed;
	int result = start_watching(source, err); /* before reading: no change falls between */

	if (result < 0)
		return result;
	if (load_all(source, &changed, err) == 0)
		return err->code;
	result = publish(source, err);
	timer_set(source->loop, &source->check, loop_now(source->loop) + RECHECK_NS);
	return result;
}

int identity_source_from_files(struct loop *loop, const struct identity_files *files, size_t count,
			       identity_changed_fn changed, void *owner,
			       struct identity_source **out, struct error *err)
{
	struct file_source *source = MEM_NEW(struct file_source);
	AUTO(identity_source_free) struct identity_source *base = &source->source;
	struct error problem = { 0 };
	int result = 0;

	source->source.free = free_file_source;
	source->source.changed = changed;
	source->source.owner = owner;
	source->loop = loop;
	source->check.fire = check_files;
	source->watch.fd = -1;
	source->identities = mem_alloc_array(count, sizeof(struct pem_identity));
	for (; result == 0 && source->count < count; source->count++)
		result = pem_identity_init(&source->identities[source->count],
					   &files[source->count], &problem);
	if (result == 0)
		result = start(source, &problem);
	if (result < 0)
		return error_set(err, result, "%s", problem.text);
	*out = TAKE(base);
	return 0;
}
