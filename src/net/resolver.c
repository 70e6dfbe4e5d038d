/* SPDX-License-Identifier: Apache-2.0 */
#include "net/resolver.h"

#include <ares.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/epoll.h>

#define TTL_MIN_S     1
#define TTL_MAX_S     3600
#define TTL_NONE_S    5 /* of a server that says 0, and of /etc/hosts */
#define RETRY_S       5 /* after a failure */
#define TIMEOUT_MS    2000
#define TRIES         3
#define SOCKETS_MAX   16
#define ADDRESSES_MAX 256 /* of one name; more are not taken */

struct name {
	struct resolver *resolver;
	char *text; /* owned; the key */
	struct ip_address *addresses;
	size_t count;
	struct ip_address first;
	bool is_final, is_wanted, in_order, is_asking, is_dead;
	struct timer again;
};

struct server_socket {
	struct resolver *resolver;
	struct watch watch; /* fd -1: free */
};

struct resolver {
	struct loop *loop;
	resolver_changed_fn changed;
	void *owner;
	ares_channel channel;
	struct map names;
	struct server_socket sockets[SOCKETS_MAX];
	struct timer timeout; /* c-ares' own */
	size_t once_count;    /* of resolver_look_up, in progress */
	struct deferred tell;
};

/* ---- c-ares' sockets and time ---- */

static void set_timeout(struct resolver *resolver)
{
	struct timeval most = { .tv_sec = TIMEOUT_MS / 1000 }, left;
	const struct timeval *wait = ares_timeout(resolver->channel, &most, &left);

	timer_set(resolver->loop, &resolver->timeout,
		  loop_now(resolver->loop) + (uint64_t)wait->tv_sec * NS_PER_SEC
			  + (uint64_t)wait->tv_usec * NS_PER_US + NS_PER_MS);
}

static void on_socket(struct watch *watch, uint32_t events)
{
	struct server_socket *socket = CONTAINER_OF(watch, struct server_socket, watch);
	const bool fails = (events & (EPOLLERR | EPOLLHUP)) != 0;

	ares_process_fd(socket->resolver->channel,
			fails || (events & EPOLLIN) ? watch->fd : ARES_SOCKET_BAD,
			events & EPOLLOUT ? watch->fd : ARES_SOCKET_BAD);
	set_timeout(socket->resolver);
}

/* What was asked over a connection may lie in its socket unread: c-ares reads once, we are told
 * once. So all are looked at when the time is over, too. */
static void on_timeout(struct timer *timer)
{
	struct resolver *resolver = CONTAINER_OF(timer, struct resolver, timeout);
	bool is_asking = resolver->once_count > 0;

	ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		if (resolver->sockets[i].watch.fd >= 0)
			ares_process_fd(resolver->channel, resolver->sockets[i].watch.fd,
					ARES_SOCKET_BAD);
	MAP_FOR_EACH (&resolver->names, entry)
		is_asking |= ((const struct name *)entry->value)->is_asking;
	if (is_asking)
		set_timeout(resolver);
}

static struct server_socket *socket_of(struct resolver *resolver, int fd)
{
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		if (resolver->sockets[i].watch.fd == fd)
			return &resolver->sockets[i];
	return NULL;
}

static void on_socket_state(void *owner, ares_socket_t fd, int readable, int writable)
{
	struct resolver *resolver = owner;
	struct server_socket *socket = socket_of(resolver, fd);

	if (socket != NULL) {
		loop_unwatch(resolver->loop, &socket->watch);
		socket->watch.fd = -1;
	}
	if (!readable && !writable)
		return;
	socket = socket_of(resolver, -1);
	if (socket == NULL)
		return; /* more servers than we look after: c-ares asks the next one */
	socket->watch = (struct watch){ .fd = fd, .ready = on_socket };
	if (loop_watch(resolver->loop, &socket->watch,
		       (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u), NULL)
	    < 0)
		socket->watch.fd = -1;
}

/* ---- answers ---- */

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ip_address));
}

static size_t copy_addresses(const struct ares_addrinfo *found, struct ip_address *out)
{
	size_t count = 0;

	for (const struct ares_addrinfo_node *node = found->nodes;
	     node != NULL && count < ADDRESSES_MAX; node = node->ai_next) {
		const struct ip_address ip = ip_from_sockaddr(node->ai_addr, NULL);

		if (ip.family != IP_NONE)
			out[count++] = ip;
	}
	return count;
}

static uint64_t seconds_until_next(const struct ares_addrinfo *found)
{
	int least = TTL_MAX_S;

	for (const struct ares_addrinfo_node *node = found->nodes; node != NULL;
	     node = node->ai_next)
		least = MIN_OF(least, node->ai_ttl);
	return least > 0 ? (uint64_t)MAX_OF(least, TTL_MIN_S) : TTL_NONE_S;
}

/* True: it is another answer than before. */
static bool take_answer(struct name *name, const struct ares_addrinfo *found)
{
	struct ip_address addresses[ADDRESSES_MAX];
	const size_t count = copy_addresses(found, addresses);
	const struct ip_address first = addresses[0];
	bool is_new;

	if (count == 0)
		return false;
	qsort(addresses, count, sizeof(addresses[0]), by_bytes);
	is_new = count != name->count
		 || memcmp(addresses, name->addresses, count * sizeof(addresses[0])) != 0
		 || (name->in_order && !ip_equal(first, name->first));
	name->first = first;
	if (!is_new)
		return false;
	name->addresses = mem_realloc_array(name->addresses, count, sizeof(addresses[0]));
	memcpy(name->addresses, addresses, count * sizeof(addresses[0]));
	name->count = count;
	return true;
}

static void free_name(struct name *name)
{
	timer_cancel(name->resolver->loop, &name->again);
	mem_free(name->addresses);
	mem_free(name->text);
	mem_free(name);
}

static void on_answer(void *owner, int status, int timeouts, struct ares_addrinfo *found)
{
	struct name *name = owner;
	struct resolver *resolver = name->resolver;
	uint64_t wait_s = RETRY_S;
	bool is_new = !name->is_final;

	(void)timeouts;
	name->is_asking = false;
	if (name->is_dead) {
		ares_freeaddrinfo(found);
		free_name(name);
		return;
	}
	if (status == ARES_SUCCESS && found != NULL) {
		is_new |= take_answer(name, found);
		wait_s = seconds_until_next(found);
	} else {
		log_warn("%s is not found (%s); %s", name->text, ares_strerror(status),
			 name->count > 0 ? "its last addresses stay" : "nothing can be sent there");
	}
	ares_freeaddrinfo(found);
	name->is_final = true;
	timer_set(resolver->loop, &name->again, loop_now(resolver->loop) + wait_s * NS_PER_SEC);
	if (is_new)
		loop_defer(resolver->loop, &resolver->tell);
}

static const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
						  .ai_socktype = SOCK_STREAM,
						  .ai_flags = ARES_AI_NOSORT };

static void look_up(struct name *name)
{
	name->is_asking = true;
	ares_getaddrinfo(name->resolver->channel, name->text, NULL, &hints, on_answer, name);
	set_timeout(name->resolver);
}

static void on_again(struct timer *timer)
{
	look_up(CONTAINER_OF(timer, struct name, again));
}

static void run_tell(struct deferred *deferred)
{
	struct resolver *resolver = CONTAINER_OF(deferred, struct resolver, tell);

	resolver->changed(resolver->owner);
}

/* ---- asking ---- */

static struct name *add_name(struct resolver *resolver, struct text text)
{
	struct name *name = MEM_NEW(struct name);

	name->resolver = resolver;
	name->text = mem_strndup(text.ptr, text.len);
	name->again.fire = on_again;
	map_put(&resolver->names, text_of(name->text), name);
	return name;
}

struct resolver_answer resolver_ask(struct resolver *resolver, struct text text, bool in_order)
{
	struct name *name = map_get(&resolver->names, text);

	if (name == NULL) {
		name = add_name(resolver, text);
		name->in_order = in_order;
		look_up(name);
	}
	name->is_wanted = true;
	name->in_order |= in_order;
	return (struct resolver_answer){ name->addresses, name->count, name->first,
					 name->is_final };
}

static struct name *unwanted(const struct resolver *resolver)
{
	MAP_FOR_EACH (&resolver->names, entry)
		if (!((const struct name *)entry->value)->is_wanted)
			return entry->value;
	return NULL;
}

static void forget(struct resolver *resolver, struct name *name)
{
	map_remove(&resolver->names, text_of(name->text));
	timer_cancel(resolver->loop, &name->again);
	name->is_dead = true;
	if (!name->is_asking)
		free_name(name);
}

void resolver_forget_others(struct resolver *resolver)
{
	struct name *name;

	while ((name = unwanted(resolver)) != NULL)
		forget(resolver, name);
	MAP_FOR_EACH (&resolver->names, entry)
		((struct name *)entry->value)->is_wanted = false;
}

/* ---- once ---- */

struct once {
	struct resolver *resolver;
	resolver_looked_up_fn done;
	void *owner;
};

static void on_once(void *owner, int status, int timeouts, struct ares_addrinfo *found)
{
	struct once *once = owner;
	struct ip_address addresses[ADDRESSES_MAX];
	size_t count = 0;
	uint64_t ttl_s = 0;

	(void)timeouts;
	if (status == ARES_SUCCESS && found != NULL) {
		count = copy_addresses(found, addresses);
		ttl_s = seconds_until_next(found);
	}
	once->resolver->once_count--;
	once->done(once->owner, addresses, count, ttl_s * NS_PER_SEC);
	ares_freeaddrinfo(found);
	mem_free(once);
}

void resolver_look_up(struct resolver *resolver, const char *name, resolver_looked_up_fn done,
		      void *owner)
{
	struct once *once = MEM_NEW(struct once);

	*once = (struct once){ resolver, done, owner };
	resolver->once_count++;
	ares_getaddrinfo(resolver->channel, name, NULL, &hints, on_once, once);
	set_timeout(resolver);
}

/* ---- life ---- */

static int open_channel(struct resolver *resolver, const char *servers, struct error *err)
{
	struct ares_options options = { .flags = ARES_FLAG_NOSEARCH,
					.timeout = TIMEOUT_MS,
					.tries = TRIES,
					.sock_state_cb = on_socket_state,
					.sock_state_cb_data = resolver };
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	if (status == ARES_SUCCESS)
		status = ares_init_options(&resolver->channel, &options,
					   ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES
						   | ARES_OPT_SOCK_STATE_CB);
	if (status != ARES_SUCCESS)
		return error_set(err, -EIO, "DNS: %s", ares_strerror(status));
	if (servers == NULL)
		return 0;
	status = ares_set_servers_ports_csv(resolver->channel, servers);
	if (status != ARES_SUCCESS)
		return error_set(err, -EINVAL, "'%s' is no list of DNS servers (IP:PORT,…)",
				 servers);
	return 0;
}

int resolver_new(struct loop *loop, const char *servers, resolver_changed_fn changed, void *owner,
		 struct resolver **out, struct error *err)
{
	AUTO(resolver_free) struct resolver *resolver = MEM_NEW(struct resolver);

	resolver->loop = loop;
	resolver->changed = changed;
	resolver->owner = owner;
	resolver->timeout.fire = on_timeout;
	resolver->tell.run = run_tell;
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		resolver->sockets[i] =
			(struct server_socket){ .resolver = resolver, .watch.fd = -1 };

	const int code = open_channel(resolver, servers, err);

	if (code == 0)
		*out = TAKE(resolver);
	return code;
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	resolver_forget_others(resolver); /* wanted ones become unwanted, */
	resolver_forget_others(resolver); /* and go */
	if (resolver->channel != NULL)
		ares_destroy(resolver->channel); /* tells those still asking, who then end */
	timer_cancel(resolver->loop, &resolver->timeout);
	loop_undefer(&resolver->tell);
	map_done(&resolver->names);
	ares_library_cleanup();
	mem_free(resolver);
}
