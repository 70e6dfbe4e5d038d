/* SPDX-License-Identifier: Apache-2.0 */
#include "fields/host_names.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#define ADDRESSES_MAX 16 /* of one host */
#define AGAIN_S       60

struct host {
	char *name; /* owned */
	struct ip_address addresses[ADDRESSES_MAX];
	size_t count;
};

/* Shared by who asks and the thread that resolves; who leaves last frees it. */
struct host_names {
	atomic_uint references;
	atomic_bool stopping;
	pthread_mutex_t lock; /* of the addresses; never held while waiting */
	struct host *hosts;
	size_t count;
};

static void unref(struct host_names *names)
{
	if (atomic_fetch_sub(&names->references, 1) > 1)
		return;
	for (size_t i = 0; i < names->count; i++)
		mem_free(names->hosts[i].name);
	pthread_mutex_destroy(&names->lock);
	mem_free(names->hosts);
	mem_free(names);
}

static void resolve(struct host_names *names, struct host *host)
{
	const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
	struct ip_address found[ADDRESSES_MAX];
	struct addrinfo *answers = NULL;
	size_t count = 0;

	if (getaddrinfo(host->name, NULL, &wanted, &answers) != 0)
		return;
	for (const struct addrinfo *answer = answers; answer != NULL && count < ADDRESSES_MAX;
	     answer = answer->ai_next)
		found[count++] = ip_from_sockaddr(answer->ai_addr, NULL);
	freeaddrinfo(answers);
	pthread_mutex_lock(&names->lock);
	memcpy(host->addresses, found, count * sizeof(found[0]));
	host->count = count;
	pthread_mutex_unlock(&names->lock);
}

static void *run(void *context)
{
	struct host_names *names = context;

	while (!atomic_load(&names->stopping)) {
		for (size_t i = 0; i < names->count && !atomic_load(&names->stopping); i++)
			resolve(names, &names->hosts[i]);
		for (int i = 0; i < AGAIN_S && !atomic_load(&names->stopping); i++)
			sleep(1);
	}
	unref(names);
	return NULL;
}

/* Nobody waits for it at the end: a resolver can take many seconds. Signals are for others. */
static void start_thread(struct host_names *names)
{
	pthread_attr_t detached;
	sigset_t all, before;
	pthread_t thread;

	atomic_fetch_add(&names->references, 1);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, &detached, run, names) != 0) {
		log_warn("names of hosts in rules cannot be resolved: no thread could be started");
		unref(names);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&detached);
}

struct host_names *host_names_new(const struct text *hosts, size_t count)
{
	struct host_names *names;

	if (count == 0)
		return NULL;
	names = MEM_NEW(struct host_names);
	atomic_init(&names->references, 1);
	pthread_mutex_init(&names->lock, NULL);
	names->hosts = mem_alloc_array(count, sizeof(*names->hosts));
	names->count = count;
	for (size_t i = 0; i < count; i++)
		names->hosts[i].name = mem_strndup(hosts[i].ptr, hosts[i].len);
	start_thread(names);
	return names;
}

void host_names_free(struct host_names *names)
{
	if (names == NULL)
		return;
	atomic_store(&names->stopping, true);
	unref(names);
}

static bool has_address(const struct host *host, struct ip_address address)
{
	for (size_t i = 0; i < host->count; i++)
		if (ip_equal(host->addresses[i], address))
			return true;
	return false;
}

size_t host_names_of(struct host_names *names, struct ip_address address,
		     struct text out[HOST_NAMES_MAX])
{
	size_t count = 0;

	pthread_mutex_lock(&names->lock);
	for (size_t i = 0; i < names->count && count < HOST_NAMES_MAX; i++)
		if (has_address(&names->hosts[i], address))
			out[count++] = text_of(names->hosts[i].name);
	pthread_mutex_unlock(&names->lock);
	return count;
}
