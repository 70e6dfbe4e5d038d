/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/role.h"

#include "identity/admin.h"
#include "identity/audit_delivery.h"
#include "identity/audit_revocations.h"
#include "identity/fetch.h"
#include "identity/inquiry.h"
#include "identity/registry.h"
#include "identity/workload_api.h"
#include "net/net.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define TICKS_A_LIFE 50 /* how finely renewal follows an SVID's life, at least */

struct role {
	const struct identity_role *options;
	struct loop *loop;
	struct source_directory *source;
	struct audit *audit;
	struct audit_deliveries deliveries;
	struct ca *ca;
	struct inquiries *inquiries;
	struct registry *registry;
	struct resource_set *resources; /* in use; a reference */
	struct workload_api *api;
	struct admin_server *admin;
	struct watch files, signals, inquired;
	struct timer tick;
	uint64_t tick_ns;
};

static void role_done(struct role *role)
{
	admin_server_free(role->admin);
	workload_api_free(role->api);
	registry_free(role->registry);
	if (role->inquired.fd >= 0)
		loop_unwatch(role->loop, &role->inquired);
	inquiries_free(role->inquiries);
	resource_set_unref(role->resources);
	ca_close(role->ca);
	audit_close(role->audit);
	if (role->signals.fd >= 0)
		loop_unwatch(role->loop, &role->signals);
	file_close(&role->signals.fd);
	if (role->files.fd >= 0)
		loop_unwatch(role->loop, &role->files);
	source_directory_close(role->source);
	if (role->loop != NULL)
		timer_cancel(role->loop, &role->tick);
	loop_free(role->loop);
}

/* ---- resources ---- */

static void log_diagnostics(const struct diagnostics *found)
{
	for (size_t i = 0; i < found->count; i++)
		log_problem(found->items[i]->severity == SEVERITY_ERROR ? LOG_LEVEL_ERROR
									: LOG_LEVEL_WARN,
			    "resources", &found->items[i]->error);
}

static int load(struct role *role, struct resource_set **out, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics found;
	int result;

	diagnostics_init(&found);
	found.strict = role->options->strict;
	result = source_directory_reload(role->source, &found, out, err);
	if (result != -EAGAIN)
		log_diagnostics(&found);
	return result;
}

/* A revocation counts even where its record cannot be written. */
static void use_resources(struct role *role, struct resource_set *set)
{
	struct error err = { 0 };

	if (audit_revocations(role->audit, role->resources, set, &err) < 0)
		log_problem(LOG_LEVEL_ERROR, "audit", &err);
	resource_set_unref(role->resources);
	role->resources = resource_set_ref(set);
	registry_load(role->registry, set, clock_wall_ns());
}

static void reload_if_due(struct role *role)
{
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	struct error err = { 0 };
	int result;

	if (!source_directory_is_due(role->source))
		return;
	result = load(role, &set, &err);
	if (result == -EAGAIN)
		return; /* still being written; it will be due again */
	if (result < 0) {
		log_error("the last good resources stay in use");
		return;
	}
	use_resources(role, set);
	workload_api_changed(role->api);
	log_info("resources loaded again: %zu identities", registry_count(role->registry));
}

static void on_files(struct watch *watch, uint32_t events)
{
	(void)events;
	reload_if_due(CONTAINER_OF(watch, struct role, files));
}

/* ---- time ---- */

static void on_tick(struct timer *timer)
{
	struct role *role = CONTAINER_OF(timer, struct role, tick);

	struct error err = { 0 };

	if (workload_api_behind(role->api) == 0)
		ca_note_told(role->ca);
	if (registry_maintain(role->registry, loop_wall(role->loop)))
		workload_api_changed(role->api);
	if (audit_sync(role->audit, &err) < 0)
		log_problem(LOG_LEVEL_ERROR, "audit", &err);
	timer_set(role->loop, &role->tick, loop_now(role->loop) + role->tick_ns);
}

static uint64_t choose_tick(const struct ca_lifetimes *lifetimes)
{
	const uint64_t life = lifetimes->svid_ns > 0 ? lifetimes->svid_ns : 3600 * NS_PER_SEC;

	const uint64_t tick = MIN_OF(life / TICKS_A_LIFE, NS_PER_SEC);

	return MAX_OF(tick, 20 * NS_PER_MS);
}

/* ---- the process ---- */

static void on_signal(struct watch *watch, uint32_t events)
{
	struct role *role = CONTAINER_OF(watch, struct role, signals);

	(void)events;
	log_info("stopping");
	loop_stop(role->loop);
}

static int watch_signals(struct role *role, struct error *err)
{
	sigset_t stopping;

	sigemptyset(&stopping);
	sigaddset(&stopping, SIGTERM);
	sigaddset(&stopping, SIGINT);
	sigprocmask(SIG_BLOCK, &stopping, NULL);
	signal(SIGPIPE, SIG_IGN);
	role->signals = (struct watch){ .fd = signalfd(-1, &stopping, SFD_CLOEXEC | SFD_NONBLOCK),
					.ready = on_signal };
	if (role->signals.fd < 0)
		return error_set(err, -errno, "cannot watch signals: %s", strerror(errno));
	return loop_watch(role->loop, &role->signals, EPOLLIN, err);
}

/* Keys are in memory: no core dump, no debugger of the same user. Callers are many. */
static void prepare_process(void)
{
	const struct rlimit no_core = { 0, 0 };
	struct rlimit files;

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &no_core);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

/* ---- starting ---- */

/* What was asked for; else what MeshConfig says, if it says something; else what is there. */
static const char *choose_trust_domain(const struct identity_role *options,
				       const struct resource_set *set)
{
	const struct mesh_config *mesh = resource_set_mesh_config(set);

	if (options->trust_domain != NULL)
		return options->trust_domain;
	return text_is(mesh->trust_domain, "cluster.local") ? NULL : mesh->trust_domain.ptr;
}

static int open_authority(struct role *role, const struct resource_set *set, struct error *err)
{
	const struct identity_role *options = role->options;
	AUTO(mem_free_text) char *directory = mem_printf("%s/ca", options->state);
	AUTO(mem_free_text) char *record = mem_printf("%s/audit", options->state);
	struct ca_options how = options->ca;
	int result = file_make_directory(options->state, 0755, err);

	if (result == 0)
		result = audit_open(record, &role->audit, err);
	if (result < 0)
		return result;
	how.audit = role->deliveries.audit = role->audit;
	how.crl_directory = options->state;
	return ca_open(directory, choose_trust_domain(options, set), &how, &role->ca, err);
}

static int start_resources(struct role *role, struct resource_set **out, struct error *err)
{
	const struct identity_role *options = role->options;
	const struct resource_options how = { .strict = options->strict };
	int result = source_directory_open(options->paths, options->path_count, &how, &role->source,
					   err);

	if (result < 0)
		return result;
	role->files = (struct watch){ .fd = source_directory_fd(role->source), .ready = on_files };
	result = loop_watch(role->loop, &role->files, EPOLLIN, err);
	do {
		if (result == 0)
			result = load(role, out, err);
	} while (result == -EAGAIN);
	return result;
}

static void on_inquired(struct watch *watch, uint32_t events)
{
	struct role *role = CONTAINER_OF(watch, struct role, inquired);

	(void)events;
	inquiries_note(role->inquiries);
	workload_api_attested(role->api);
}

static int start_inquiries(struct role *role, struct error *err)
{
	const int result = inquiries_new(role->options->docker_socket, &role->inquiries, err);

	if (result < 0)
		return result;
	role->inquired =
		(struct watch){ .fd = inquiries_fd(role->inquiries), .ready = on_inquired };
	return loop_watch(role->loop, &role->inquired, EPOLLIN, err);
}

static struct identity_set *entitle(void *owner, const struct caller *caller, bool *is_pending)
{
	return registry_entitled(((struct role *)owner)->registry, caller, is_pending);
}

static int issue_token(void *owner, struct text spiffe_id, const struct text *audiences,
		       size_t audience_count, struct buffer *out, struct error *err)
{
	struct role *role = owner;

	return ca_issue_jwt(role->ca, spiffe_id, audiences, audience_count, loop_wall(role->loop),
			    out, err);
}

static int check_subject(void *owner, struct text spiffe_id, int64_t issued_ns, struct error *err)
{
	const struct role *role = owner;

	return registry_check_subject(role->registry, spiffe_id, issued_ns, loop_wall(role->loop),
				      err);
}

static void delivered(void *owner, const struct caller *caller, const struct identity_set *set)
{
	struct role *role = owner;

	audit_delivery(&role->deliveries, caller, set, loop_wall(role->loop));
}

static const struct workload_api_ops ops = { .entitled = entitle,
					     .issue_token = issue_token,
					     .delivered = delivered,
					     .check_subject = check_subject };

static char *absolute_path(const char *path)
{
	AUTO(mem_free_text) char *here = getcwd(NULL, 0);

	return path[0] == '/' ? mem_strdup(path) : mem_printf("%s/%s", here, path);
}

static int start_api(struct role *role, struct error *err)
{
	const struct identity_role *options = role->options;
	AUTO(mem_free_text)
	char *path = options->socket != NULL ? mem_strdup(options->socket)
					     : mem_printf("%s/workload-api.sock", options->state);
	AUTO(mem_free_text) char *where = absolute_path(path);
	const int result = workload_api_listen(role->loop, where, &ops, role, &role->api, err);

	if (result == 0)
		log_info("trust domain %s, %zu identities, Workload API at unix://%s",
			 ca_trust_domain(role->ca), registry_count(role->registry), where);
	return result;
}

static int start_admin(struct role *role, struct error *err)
{
	AUTO(mem_free_text) char *path = mem_printf("%s/admin.sock", role->options->state);
	AUTO(mem_free_text) char *where = absolute_path(path);

	const struct admin_subject subject = { .ca = role->ca,
					       .registry = role->registry,
					       .paths = role->options->paths,
					       .path_count = role->options->path_count };

	return admin_server_listen(role->loop, where, &subject, &role->admin, err);
}

static int start(struct role *role, struct error *err)
{
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	int result = watch_signals(role, err);

	if (result == 0)
		result = start_resources(role, &set, err);
	if (result == 0)
		result = start_inquiries(role, err);
	if (result == 0)
		result = open_authority(role, set, err);
	if (result < 0)
		return result;
	role->registry = registry_new(role->ca, role->inquiries, role->options->proxy_uid);
	use_resources(role, set);
	role->tick.fire = on_tick;
	role->tick_ns = choose_tick(&role->options->ca.lifetimes);
	timer_set(role->loop, &role->tick, loop_now(role->loop) + role->tick_ns);
	result = start_api(role, err);
	return result == 0 ? start_admin(role, err) : result;
}

int identity_role_run(const struct identity_role *options, struct error *err)
{
	__attribute__((cleanup(role_done))) struct role role = { .options = options,
								 .loop = loop_new(),
								 .files.fd = -1,
								 .signals.fd = -1,
								 .inquired.fd = -1 };
	int result;

	prepare_process();
	result = start(&role, err);
	if (result == 0)
		loop_run(role.loop);
	return result;
}
