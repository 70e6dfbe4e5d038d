/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/admit_server.h"

#include "cmd/admit_visitor.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define CERTIFICATE_LOOK_NS (2 * NS_PER_SEC)

struct webhook { /* the server with what wakes it */
	struct admit_server server;
	struct source_directory *namespaces; /* NULL: none are named */
	struct watch listener, admin, namespaces_changed, signals;
	struct timer look_at_certificate;
};

/* ---- certificate ---- */

static void note_certificate(struct webhook *webhook)
{
	const struct admit_tls *tls = webhook->server.settings->tls;

	webhook->server.metrics.certificates_loaded++;
	webhook->server.metrics.certificate_end_ns = tls->not_after_ns;
}

/* Files are looked at instead of watched: a Secret is swapped by links in three places. */
static void on_look(struct timer *timer)
{
	struct webhook *webhook = CONTAINER_OF(timer, struct webhook, look_at_certificate);
	struct loop *loop = webhook->server.loop;
	struct error err = { 0 };
	bool changed;

	if (admit_tls_load(webhook->server.settings->tls, &changed, &err) != 0) {
		webhook->server.metrics.certificates_refused++;
		log_warn("the certificate in use stays: %s", err.text);
	} else if (changed) {
		note_certificate(webhook);
		log_info("a new certificate is in use");
	}
	timer_set(loop, timer, loop_now(loop) + CERTIFICATE_LOOK_NS);
}

/* ---- namespaces ---- */

static int load_namespaces(struct webhook *webhook, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics;
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	int result;

	diagnostics_init(&diagnostics);
	result = source_directory_reload(webhook->namespaces, &diagnostics, &set, err);
	if (result == 0) {
		admission_set_namespaces(webhook->server.admission, set);
		log_info("%zu namespaces are known", resource_set_list(set, KIND_NAMESPACE).count);
	}
	return result;
}

static void on_namespaces_changed(struct watch *watch, uint32_t events)
{
	struct webhook *webhook = CONTAINER_OF(watch, struct webhook, namespaces_changed);
	struct error err = { 0 };
	int result;

	(void)events;
	if (!source_directory_is_due(webhook->namespaces))
		return;
	result = load_namespaces(webhook, &err);
	if (result != 0 && result != -EAGAIN)
		log_problem(LOG_LEVEL_ERROR, "the namespaces known before stay", &err);
}

static int open_namespaces(struct webhook *webhook, struct error *err)
{
	const struct admit_settings *settings = webhook->server.settings;
	const struct resource_options options = { 0 };
	int result;

	if (settings->namespace_count == 0)
		return 0;
	result = source_directory_open(settings->namespaces, settings->namespace_count, &options,
				       &webhook->namespaces, err);
	if (result == 0)
		result = load_namespaces(webhook, err);
	if (result != 0)
		return result;
	webhook->namespaces_changed =
		(struct watch){ .fd = source_directory_fd(webhook->namespaces),
				.ready = on_namespaces_changed };
	return loop_watch(webhook->server.loop, &webhook->namespaces_changed, EPOLLIN, err);
}

/* ---- ports ---- */

static void accept_all(struct webhook *webhook, int listener, struct tls_context *context)
{
	struct address peer;
	int fd;

	while ((fd = socket_accept(listener, &peer)) >= 0)
		admit_visitor_welcome(&webhook->server, fd, context);
}

static void on_visitors(struct watch *watch, uint32_t events)
{
	struct webhook *webhook = CONTAINER_OF(watch, struct webhook, listener);

	(void)events;
	accept_all(webhook, watch->fd, webhook->server.settings->tls->context);
}

static void on_admin_visitors(struct watch *watch, uint32_t events)
{
	(void)events;
	accept_all(CONTAINER_OF(watch, struct webhook, admin), watch->fd, NULL);
}

static int open_port(struct webhook *webhook, struct watch *watch, const struct address *address,
		     void (*ready)(struct watch *, uint32_t), struct error *err)
{
	char text[ADDRESS_TEXT_MAX];
	int fd = socket_check_free(address, err);

	if (fd == 0)
		fd = socket_listen(address, 0600, err);
	if (fd < 0)
		return fd;
	*watch = (struct watch){ .fd = fd, .ready = ready };
	address_format(address, text);
	log_info("listening on %s", text);
	return loop_watch(webhook->server.loop, watch, EPOLLIN, err);
}

/* ---- life ---- */

static void on_signal(struct watch *watch, uint32_t events)
{
	struct webhook *webhook = CONTAINER_OF(watch, struct webhook, signals);

	(void)events;
	log_info("stopping");
	loop_stop(webhook->server.loop);
}

static int watch_signals(struct webhook *webhook, struct error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	webhook->signals = (struct watch){ .fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC),
					   .ready = on_signal };
	if (webhook->signals.fd < 0)
		return error_set(err, -errno, "signalfd: %s", strerror(errno));
	return loop_watch(webhook->server.loop, &webhook->signals, EPOLLIN, err);
}

static int open_all(struct webhook *webhook, struct error *err)
{
	const struct admit_settings *settings = webhook->server.settings;
	int result = watch_signals(webhook, err);

	if (result == 0)
		result = open_namespaces(webhook, err);
	if (result == 0)
		result =
			open_port(webhook, &webhook->listener, &settings->listen, on_visitors, err);
	if (result == 0 && settings->admin.any.sa_family != AF_UNSPEC)
		result = open_port(webhook, &webhook->admin, &settings->admin, on_admin_visitors,
				   err);
	webhook->look_at_certificate.fire = on_look;
	timer_set(webhook->server.loop, &webhook->look_at_certificate,
		  loop_now(webhook->server.loop) + CERTIFICATE_LOOK_NS);
	return result;
}

static void close_watch(struct webhook *webhook, struct watch *watch)
{
	if (watch->ready == NULL || watch->fd < 0)
		return;
	loop_unwatch(webhook->server.loop, watch);
	if (watch != &webhook->namespaces_changed) /* that one is the source's */
		close(watch->fd);
}

int admit_serve(const struct admit_settings *settings, struct error *err)
{
	struct webhook webhook = { .server = { .settings = settings } };
	struct admit_server *server = &webhook.server;
	int result;

	server->loop = loop_new();
	server->admission = admission_new(&settings->admission);
	list_init(&server->visitors);
	note_certificate(&webhook);
	result = open_all(&webhook, err);
	if (result == 0)
		loop_run(server->loop);
	timer_cancel(server->loop, &webhook.look_at_certificate);
	close_watch(&webhook, &webhook.listener);
	close_watch(&webhook, &webhook.admin);
	close_watch(&webhook, &webhook.signals);
	close_watch(&webhook, &webhook.namespaces_changed);
	admit_visitors_leave(server);
	loop_run_deferred(server->loop);
	source_directory_close(webhook.namespaces);
	admission_free(server->admission);
	slab_pool_done(&server->slabs);
	loop_free(server->loop);
	return result;
}
