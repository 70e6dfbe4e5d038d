/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/inspector.h"

#include "sensor/container_info.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX    (1 << 20) /* bytes */
#define QUESTIONS_MAX 1024      /* that wait */
#define TRIES         4
#define TIMEOUT_S     2

struct question {
	struct list link; /* of inspector.questions, or .answers */
	char id[CONTAINER_ID_MAX + 1];
	enum container_engine engine;
	unsigned tries;
	uint64_t not_before_ns;
	struct container_info *info; /* the answer; owned */
};

struct inspector {
	struct inspector_options options;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct list questions, answers; /* under the lock */
	size_t waiting;
	bool stopping;
	atomic_uint answer_count; /* a look without the lock */
};

/* --- asking an engine -------------------------------------------------------------------- */

static int connect_to(const char *path)
{
	const struct timeval patience = { .tv_sec = TIMEOUT_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	return file_take(&fd);
}

/* HTTP/1.0: the answer is as it is, and ends when the connection does. */
static struct container_info *ask_socket(const char *path, const char *id)
{
	AUTO_BUFFER struct buffer bytes = { 0 };
	AUTO_FD int fd = connect_to(path);
	char request[256];
	ssize_t got = 1;
	size_t body;

	if (fd < 0)
		return NULL;
	snprintf(request, sizeof(request),
		 "GET /containers/%s/json HTTP/1.0\r\nHost: localhost\r\n\r\n", id);
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
		return NULL;
	while (got > 0 && bytes.len < ANSWER_MAX) {
		got = recv(fd, buffer_reserve(&bytes, 8192), 8192, 0);
		bytes.len += got > 0 ? (size_t)got : 0;
	}
	if (bytes.len < 12 || memcmp(bytes.data, "HTTP/1.", 7) != 0
	    || memcmp(bytes.data + 8, " 200", 4) != 0)
		return NULL;
	for (body = 12; body + 4 <= bytes.len; body++)
		if (memcmp(bytes.data + body, "\r\n\r\n", 4) == 0)
			return container_info_of_docker(text_from(buffer_text(&bytes), body + 4));
	return NULL;
}

static struct container_info *read_bundle(const char *root, const char *folder, const char *id)
{
	AUTO_BUFFER struct buffer bytes = { 0 };
	char path[512];

	snprintf(path, sizeof(path), folder, root, id);
	if (file_read(path, ANSWER_MAX, &bytes, NULL) != 0)
		return NULL;
	return container_info_of_bundle(buffer_text(&bytes));
}

static struct container_info *inquire(const struct inspector *inspector,
				      const struct question *question)
{
	static const char *const bundles[] = {
		"%s/run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json",
		"%s/run/containerd/io.containerd.runtime.v2.task/default/%s/config.json",
		"%s/run/containers/storage/overlay-containers/%s/userdata/config.json",
	};
	const struct inspector_options *options = &inspector->options;
	struct container_info *info = NULL;

	if (question->engine == CONTAINER_ENGINE_DOCKER)
		info = ask_socket(options->docker_socket, question->id);
	if (question->engine == CONTAINER_ENGINE_PODMAN)
		info = ask_socket(options->podman_socket, question->id);
	for (size_t i = 0; i < COUNT_OF(bundles) && info == NULL; i++)
		info = read_bundle(options->root, bundles[i], question->id);
	return info;
}

/* --- the thread -------------------------------------------------------------------------- */

/* The first whose time has come; else NULL and how long that takes. */
static struct question *next_question(struct inspector *inspector, uint64_t *wait_ns)
{
	const uint64_t now = clock_monotonic_ns();

	*wait_ns = UINT64_MAX;
	LIST_FOR_EACH (&inspector->questions, link) {
		struct question *question = LIST_ITEM(link, struct question, link);

		if (question->not_before_ns <= now)
			return question;
		*wait_ns = MIN_OF(*wait_ns, question->not_before_ns - now);
	}
	return NULL;
}

static void wait_for_work(struct inspector *inspector, uint64_t wait_ns)
{
	const uint64_t until = clock_monotonic_ns() + MIN_OF(wait_ns, 10 * NS_PER_SEC);
	const struct timespec time = { .tv_sec = (time_t)(until / NS_PER_SEC),
				       .tv_nsec = (long)(until % NS_PER_SEC) };

	pthread_cond_timedwait(&inspector->wake, &inspector->lock, &time);
}

/* With the lock; lets go of it while the engine is asked. */
static void work_on(struct inspector *inspector, struct question *question)
{
	list_remove(&question->link);
	pthread_mutex_unlock(&inspector->lock);
	question->info = inquire(inspector, question);
	pthread_mutex_lock(&inspector->lock);
	if (question->info != NULL) {
		list_append(&inspector->answers, &question->link);
		atomic_fetch_add(&inspector->answer_count, 1);
	} else if (++question->tries < TRIES) {
		question->not_before_ns =
			clock_monotonic_ns() + (100 * NS_PER_MS << (2 * question->tries));
		list_append(&inspector->questions, &question->link);
		return;
	} else {
		mem_free(question);
	}
	inspector->waiting--;
}

static void *run(void *context)
{
	struct inspector *inspector = context;
	uint64_t wait_ns;

	pthread_mutex_lock(&inspector->lock);
	while (!inspector->stopping) {
		struct question *question = next_question(inspector, &wait_ns);

		if (question != NULL)
			work_on(inspector, question);
		else
			wait_for_work(inspector, wait_ns);
	}
	pthread_mutex_unlock(&inspector->lock);
	return NULL;
}

/* --- from the state's thread ------------------------------------------------------------- */

/* Signals are for the threads that wait for them, never for this one. */
static void start_thread(struct inspector *inspector)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&inspector->thread, NULL, run, inspector) != 0) {
		inspector->stopping = true; /* no thread: names of containers stay absent */
		log_warn("containers cannot be asked about: no thread could be started");
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct inspector *inspector_new(const struct inspector_options *options)
{
	struct inspector *inspector = MEM_NEW(struct inspector);
	pthread_condattr_t monotonic;

	inspector->options = *options;
	if (inspector->options.docker_socket == NULL)
		inspector->options.docker_socket = "/var/run/docker.sock";
	if (inspector->options.podman_socket == NULL)
		inspector->options.podman_socket = "/run/podman/podman.sock";
	if (inspector->options.root == NULL)
		inspector->options.root = "";
	list_init(&inspector->questions);
	list_init(&inspector->answers);
	pthread_mutex_init(&inspector->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&inspector->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	start_thread(inspector);
	return inspector;
}

static void free_questions(struct list *questions)
{
	LIST_FOR_EACH_SAFE (questions, link) {
		struct question *question = LIST_ITEM(link, struct question, link);

		container_info_free(question->info);
		mem_free(question);
	}
}

void inspector_free(struct inspector *inspector)
{
	bool runs;

	if (inspector == NULL)
		return;
	pthread_mutex_lock(&inspector->lock);
	runs = !inspector->stopping;
	inspector->stopping = true;
	pthread_cond_signal(&inspector->wake);
	pthread_mutex_unlock(&inspector->lock);
	if (runs)
		pthread_join(inspector->thread, NULL);
	free_questions(&inspector->questions);
	free_questions(&inspector->answers);
	pthread_cond_destroy(&inspector->wake);
	pthread_mutex_destroy(&inspector->lock);
	mem_free(inspector);
}

void inspector_ask(struct inspector *inspector, const char *id, enum container_engine engine)
{
	struct question *question;

	pthread_mutex_lock(&inspector->lock);
	if (!inspector->stopping && inspector->waiting < QUESTIONS_MAX) {
		question = MEM_NEW(struct question);
		snprintf(question->id, sizeof(question->id), "%s", id);
		question->engine = engine;
		list_append(&inspector->questions, &question->link);
		inspector->waiting++;
		pthread_cond_signal(&inspector->wake);
	}
	pthread_mutex_unlock(&inspector->lock);
}

struct container_info *inspector_take(struct inspector *inspector, char id[CONTAINER_ID_MAX + 1])
{
	struct container_info *info = NULL;
	struct question *question;

	if (atomic_load_explicit(&inspector->answer_count, memory_order_relaxed) == 0)
		return NULL;
	pthread_mutex_lock(&inspector->lock);
	if (!list_is_empty(&inspector->answers)) {
		question = LIST_ITEM(inspector->answers.next, struct question, link);
		list_remove(&question->link);
		atomic_fetch_sub(&inspector->answer_count, 1);
		memcpy(id, question->id, sizeof(question->id));
		info = TAKE(question->info);
		mem_free(question);
	}
	pthread_mutex_unlock(&inspector->lock);
	return info;
}
