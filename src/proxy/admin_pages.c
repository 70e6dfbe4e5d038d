/* SPDX-License-Identifier: Apache-2.0 */
/* admin_pages.c — the pages of the admin port but for /metrics, which has to ask the workers. */
#include "proxy/admin.h"

static unsigned write_health(const struct control *control, struct buffer *out)
{
	(void)control;
	buffer_add_text(out, "ok\n");
	return 200;
}

static unsigned write_ready(const struct control *control, struct buffer *out)
{
	const struct plan *plan = control->plan;

	if (control_is_ready(control)) {
		buffer_add_text(out, "ready\n");
		return 200;
	}
	if (control->is_stopping)
		buffer_add_text(out, "stopping\n");
	else if (plan == NULL)
		buffer_add_text(out, "no plan is in force yet\n");
	if (plan != NULL && plan->waiting_for_names > 0)
		buffer_add_text(out, "host names are looked up\n");
	for (size_t i = 0; plan != NULL && i < plan->workload_count; i++)
		if (plan->workloads[i].svid == NULL)
			buffer_printf(out, "%s waits for its identity\n",
				      plan->workloads[i].spiffe_id);
	return 503;
}

static void write_server(struct json_writer *json, const struct listener_server *server)
{
	json_begin_object(json);
	if (server->hosts.count > 0) {
		json_key(json, "hosts");
		json_begin_array(json);
		for (size_t i = 0; i < server->hosts.count; i++)
			json_text(json, server->hosts.items[i]);
		json_end_array(json);
	}
	json_key(json, "virtual_hosts");
	json_begin_array(json);
	MAP_FOR_EACH (&server->routes->exact, entry)
		json_text(json, entry->key);
	for (size_t i = 0; i < server->routes->wildcard_count; i++) {
		char name[512];

		snprintf(name, sizeof(name), "*%.*s",
			 TEXT_ARGS(server->routes->wildcards[i].suffix));
		json_cstring(json, name);
	}
	if (server->routes->any != NULL)
		json_cstring(json, "*");
	json_end_array(json);
	json_end_object(json);
}

static void write_listener(struct json_writer *json, const struct listener_plan *listener)
{
	json_begin_object(json);
	json_key(json, "address");
	json_cstring(json, listener->key);
	json_key(json, "role");
	json_cstring(json, listener_role_name(listener->role));
	json_key(json, "workload");
	json_cstring(json, listener->workload->spiffe_id);
	json_key(json, "tls");
	if (listener->role == LISTENER_INBOUND)
		json_cstring(json, mtls_mode_name(listener->mtls));
	else
		json_bool(json, listener->tls != NULL);
	json_key(json, "file");
	json_cstring(json, listener->at.file);
	json_key(json, "line");
	json_number(json, listener->at.line);
	json_key(json, "servers");
	json_begin_array(json);
	for (size_t i = 0; i < listener->server_count; i++)
		write_server(json, &listener->servers[i]);
	json_end_array(json);
	json_end_object(json);
}

static unsigned write_config(const struct control *control, struct buffer *out)
{
	struct json_writer json = { .out = out };
	const struct plan *plan = control->plan;

	json_begin_object(&json);
	json_key(&json, "generation");
	json_number(&json, plan != NULL ? (int64_t)plan->generation : 0);
	json_key(&json, "plans_applied");
	json_number(&json, (int64_t)control->plans_applied);
	json_key(&json, "plans_refused");
	json_number(&json, (int64_t)control->plans_refused);
	json_key(&json, "listeners");
	json_begin_array(&json);
	for (size_t i = 0; plan != NULL && i < plan->listener_count; i++)
		write_listener(&json, &plan->listeners[i]);
	json_end_array(&json);
	json_end_object(&json);
	buffer_add_char(out, '\n');
	return 200;
}

static unsigned write_certificates(const struct control *control, struct buffer *out)
{
	struct json_writer json = { .out = out };
	const struct identity_set *set = control->plan != NULL ? control->plan->identities : NULL;

	json_begin_array(&json);
	for (size_t i = 0; set != NULL && i < set->svid_count; i++) {
		const struct svid *svid = set->svids[i];
		char time[CLOCK_TEXT_MAX];

		json_begin_object(&json);
		json_key(&json, "spiffe_id");
		json_cstring(&json, svid->id);
		clock_format_utc(time, svid->not_before_ns);
		json_key(&json, "not_before");
		json_cstring(&json, time);
		clock_format_utc(time, svid->not_after_ns);
		json_key(&json, "not_after");
		json_cstring(&json, time);
		json_end_object(&json);
	}
	json_end_array(&json);
	buffer_add_char(out, '\n');
	return 200;
}

static unsigned write_index(const struct control *control, struct buffer *out)
{
	(void)control;
	for (size_t i = 0; admin_pages[i].path != NULL; i++)
		buffer_printf(out, "%-10s %s\n", admin_pages[i].path, admin_pages[i].says);
	return 200;
}

static unsigned write_log_level(const struct control *control, struct buffer *out)
{
	(void)control;
	buffer_printf(out, "%s\n", log_level_name(log_level()));
	return 200;
}

static unsigned change_log_level(struct text query, struct buffer *out)
{
	enum log_level level;
	char name[16];
	const struct text value = text_starts_with(query, TEXT("level="))
					  ? text_from(query, strlen("level="))
					  : (struct text){ NULL, 0 };

	snprintf(name, sizeof(name), "%.*s", TEXT_ARGS(value));
	if (!log_level_parse(name, &level)) {
		buffer_add_text(out, "say POST /logging?level=error, warn, info or debug\n");
		return 400;
	}
	log_info("the log level is %s from now on", name);
	log_set_level(level);
	return write_log_level(NULL, out);
}

#define PLAIN "text/plain; charset=utf-8"
#define JSON  "application/json"

const struct admin_page admin_pages[] = {
	{ "/", PLAIN, "this page", write_index, NULL },
	{ "/healthz", PLAIN, "200 while the process runs", write_health, NULL },
	{ "/ready", PLAIN, "200 once every workload has its identity and a plan is in force",
	  write_ready, NULL },
	{ "/config", JSON, "listeners and the hosts they serve", write_config, NULL },
	{ "/clusters", JSON, "destinations: their endpoints, who is ejected, who is expected there",
	  admin_write_clusters, NULL },
	{ "/certs", JSON, "identities and how long they are valid", write_certificates, NULL },
	{ "/logging", PLAIN, "the log level; POST /logging?level=debug changes it", write_log_level,
	  change_log_level },
	{ "/metrics", "text/plain; version=0.0.4", "Prometheus metrics", NULL, NULL },
	{ 0 },
};
