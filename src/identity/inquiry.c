/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/inquiry_private.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define REMEMBERED_MAX 4096
#define WAITING_MAX    64 /* each may hold a descriptor */
#define FAILED_NS      (3 * NS_PER_SEC)

struct inquiry {
	struct list place; /* in `waiting`, until the thread takes it */
	char *key;         /* the map's; owned */
	bool is_answered;  /* under the lock; from then on it does not change */
	int result;        /* 0, or -Exxx with err */
	struct error err;
	struct buffer answer;
	uint64_t forget_ns; /* monotonic; 0: it holds for good */
	int fd;             /* of the executable; -1: a container is asked about */
	struct stat status; /* of fd */
	char id[DIGEST_DIGITS + 1];
};

struct inquiries {
	const char *docker_socket;
	struct map remembered; /* struct inquiry, owned; the loop's alone */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct list waiting; /* under the lock, as what follows */
	size_t waiting_count;
	bool is_stopping;
	int answered_fd;
};

/* ---- the thread ---- */

static void find_out(const struct inquiries *inquiries, struct inquiry *inquiry)
{
	if (inquiry->fd >= 0)
		inquiry->result = executable_digest(inquiry->fd, &inquiry->status, &inquiry->answer,
						    &inquiry->err);
	else
		inquiry->result = docker_inspect(inquiries->docker_socket, inquiry->id,
						 &inquiry->answer, &inquiry->err);
	file_close(&inquiry->fd);
	if (inquiry->result < 0)
		inquiry->forget_ns = clock_monotonic_ns() + FAILED_NS;
}

/* With the lock, which is let go of while the answer is looked for. */
static void work_on(struct inquiries *inquiries, struct inquiry *inquiry)
{
	list_remove(&inquiry->place);
	inquiries->waiting_count--;
	pthread_mutex_unlock(&inquiries->lock);
	find_out(inquiries, inquiry);
	pthread_mutex_lock(&inquiries->lock);
	inquiry->is_answered = true;
	eventfd_write(inquiries->answered_fd, 1);
}

static void *run(void *context)
{
	struct inquiries *inquiries = context;

	pthread_mutex_lock(&inquiries->lock);
	while (!inquiries->is_stopping) {
		if (list_is_empty(&inquiries->waiting))
			pthread_cond_wait(&inquiries->wake, &inquiries->lock);
		else
			work_on(inquiries,
				LIST_ITEM(inquiries->waiting.next, struct inquiry, place));
	}
	pthread_mutex_unlock(&inquiries->lock);
	return NULL;
}

/* Signals are for the loop, never for this thread. */
static int start_thread(struct inquiries *inquiries)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&inquiries->thread, NULL, run, inquiries);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -result;
}

int inquiries_new(const char *docker_socket, struct inquiries **out, struct error *err)
{
	struct inquiries *inquiries = MEM_NEW(struct inquiries);
	int result;

	inquiries->docker_socket = docker_socket != NULL ? docker_socket : "/var/run/docker.sock";
	list_init(&inquiries->waiting);
	pthread_mutex_init(&inquiries->lock, NULL);
	pthread_cond_init(&inquiries->wake, NULL);
	inquiries->answered_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	result = inquiries->answered_fd < 0 ? -errno : start_thread(inquiries);
	if (result < 0) {
		file_close(&inquiries->answered_fd);
		mem_free(inquiries);
		return error_set(err, result, "attestation cannot start its thread: %s",
				 strerror(-result));
	}
	*out = inquiries;
	return 0;
}

/* ---- what is remembered ---- */

static void free_inquiry(struct inquiry *inquiry)
{
	file_close(&inquiry->fd);
	buffer_done(&inquiry->answer);
	mem_free(inquiry->key);
	mem_free(inquiry);
}

void inquiries_free(struct inquiries *inquiries)
{
	if (inquiries == NULL)
		return;
	pthread_mutex_lock(&inquiries->lock);
	inquiries->is_stopping = true;
	pthread_cond_signal(&inquiries->wake);
	pthread_mutex_unlock(&inquiries->lock);
	pthread_join(inquiries->thread, NULL);
	MAP_FOR_EACH (&inquiries->remembered, entry)
		free_inquiry(entry->value);
	map_done(&inquiries->remembered);
	file_close(&inquiries->answered_fd);
	pthread_cond_destroy(&inquiries->wake);
	pthread_mutex_destroy(&inquiries->lock);
	mem_free(inquiries);
}

int inquiries_fd(const struct inquiries *inquiries)
{
	return inquiries->answered_fd;
}

void inquiries_note(struct inquiries *inquiries)
{
	eventfd_t count;

	eventfd_read(inquiries->answered_fd, &count);
}

static bool is_answered(struct inquiries *inquiries, const struct inquiry *inquiry)
{
	bool answered;

	pthread_mutex_lock(&inquiries->lock);
	answered = inquiry->is_answered;
	pthread_mutex_unlock(&inquiries->lock);
	return answered;
}

/* Everything that has an answer: what is still of use is asked again. */
static void forget_answers(struct inquiries *inquiries)
{
	struct map kept = { 0 };

	MAP_FOR_EACH (&inquiries->remembered, entry) {
		struct inquiry *inquiry = entry->value;

		if (is_answered(inquiries, inquiry))
			free_inquiry(inquiry);
		else
			map_put(&kept, text_of(inquiry->key), inquiry);
	}
	map_done(&inquiries->remembered);
	inquiries->remembered = kept;
}

/* The answer, or NULL where there is none yet or it is too old. */
static const struct inquiry *recall(struct inquiries *inquiries, const char *key, bool *is_asked)
{
	struct inquiry *inquiry = map_get(&inquiries->remembered, text_of(key));

	*is_asked = inquiry != NULL;
	if (inquiry == NULL || !is_answered(inquiries, inquiry))
		return NULL;
	if (inquiry->forget_ns == 0 || clock_monotonic_ns() < inquiry->forget_ns)
		return inquiry;
	map_remove(&inquiries->remembered, text_of(key));
	free_inquiry(inquiry);
	*is_asked = false;
	return NULL;
}

/* Where too many wait it is not put: an answer to one of these wakes the asker. */
static void ask(struct inquiries *inquiries, struct inquiry *inquiry)
{
	bool is_taken;

	if (inquiries->remembered.count >= REMEMBERED_MAX)
		forget_answers(inquiries);
	pthread_mutex_lock(&inquiries->lock);
	is_taken = inquiries->waiting_count < WAITING_MAX;
	if (is_taken) {
		list_append(&inquiries->waiting, &inquiry->place);
		inquiries->waiting_count++;
		pthread_cond_signal(&inquiries->wake);
	}
	pthread_mutex_unlock(&inquiries->lock);
	if (is_taken)
		map_put(&inquiries->remembered, text_of(inquiry->key), inquiry);
	else
		free_inquiry(inquiry);
}

static struct inquiry *new_inquiry(const char *key, int fd)
{
	struct inquiry *inquiry = MEM_NEW(struct inquiry);

	inquiry->key = mem_strdup(key);
	inquiry->fd = fd;
	return inquiry;
}

static int not_yet(struct error *err)
{
	return error_set(err, -EAGAIN, "it is being found out: ask again");
}

static int say(const struct inquiry *inquiry, struct text *out, struct error *err)
{
	if (inquiry->result < 0)
		return error_set(err, inquiry->result, "%s", inquiry->err.text);
	*out = buffer_text(&inquiry->answer);
	return 0;
}

/* ---- questions ---- */

/* A file that is written to gets another time of change, which nobody can set. */
static char *key_of_file(const struct stat *status)
{
	return mem_printf("%llx:%llx:%llx:%llx.%lx:%llx.%lx", (unsigned long long)status->st_dev,
			  (unsigned long long)status->st_ino, (unsigned long long)status->st_size,
			  (unsigned long long)status->st_mtim.tv_sec, status->st_mtim.tv_nsec,
			  (unsigned long long)status->st_ctim.tv_sec, status->st_ctim.tv_nsec);
}

int inquire_digest(struct inquiries *inquiries, const struct caller *caller,
		   char out[DIGEST_DIGITS + 1], struct error *err)
{
	AUTO_FD int fd = -1;
	struct stat status;
	struct text digest;
	bool is_asked;
	int result = executable_open(caller, &fd, &status, err);

	if (result < 0)
		return result;

	AUTO(mem_free_text) char *key = key_of_file(&status);
	const struct inquiry *known = recall(inquiries, key, &is_asked);

	if (known == NULL && !is_asked) {
		struct inquiry *inquiry = new_inquiry(key, file_take(&fd));

		inquiry->status = status;
		ask(inquiries, inquiry);
	}
	result = known != NULL ? say(known, &digest, err) : not_yet(err);
	if (result == 0)
		snprintf(out, DIGEST_DIGITS + 1, "%.*s", TEXT_ARGS(digest));
	return result;
}

int inquire_container(struct inquiries *inquiries, struct text id, struct text *out,
		      struct error *err)
{
	AUTO(mem_free_text) char *key = mem_printf("docker %.*s", TEXT_ARGS(id));
	bool is_asked;
	const struct inquiry *known = recall(inquiries, key, &is_asked);

	if (known == NULL && !is_asked) {
		struct inquiry *inquiry = new_inquiry(key, -1);

		snprintf(inquiry->id, sizeof(inquiry->id), "%.*s", TEXT_ARGS(id));
		ask(inquiries, inquiry);
	}
	return known != NULL ? say(known, out, err) : not_yet(err);
}
