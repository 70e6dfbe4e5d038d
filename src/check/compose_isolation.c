/* SPDX-License-Identifier: Apache-2.0 */
/* compose_isolation.c — what separates a service from its host, and what takes it away. */
#include "check/compose.h"
#include "check/sensitive.h"

#include <string.h>

static void check_privileged(struct examination *exam, const struct compose_service *service)
{
	const struct value *privileged = value_get(service->root, "privileged");

	if (manifest_is_set_true(privileged))
		exam_mend(exam,
			  compose_report(exam, service, privileged,
					 "a privileged service is root on the host"),
			  (struct range){ privileged->start, privileged->end }, "false");
}

void co_privileged(struct examination *exam)
{
	each_compose_service(exam, check_privileged);
}

/* ---- mounts ---- */

static void each_mount(struct examination *exam, const struct compose_service *service,
		       void (*visit)(struct examination *, const struct compose_service *,
				     const struct value *, struct text))
{
	const struct value *volumes = value_get(service->root, "volumes");

	if (volumes == NULL || volumes->type != VALUE_SEQUENCE)
		return;
	VALUE_FOR_EACH(volumes, mount)
	{
		const struct text source = compose_mount_source(mount);

		if (source.len > 0)
			visit(exam, service, mount, source);
	}
}

static void check_socket(struct examination *exam, const struct compose_service *service,
			 const struct value *mount, struct text source)
{
	if (sensitive_is_runtime_socket(source))
		compose_report(exam, service, mount,
			       "%.*s is the host: whoever has it starts what they like",
			       TEXT_ARGS(source));
}

static void check_sockets(struct examination *exam, const struct compose_service *service)
{
	each_mount(exam, service, check_socket);
}

void co_runtime_socket(struct examination *exam)
{
	each_compose_service(exam, check_sockets);
}

static void check_path(struct examination *exam, const struct compose_service *service,
		       const struct value *mount, struct text source)
{
	if (sensitive_path(source) && !sensitive_is_runtime_socket(source))
		compose_report(exam, service, mount, "%.*s of the host is the host",
			       TEXT_ARGS(source));
}

static void check_paths_of(struct examination *exam, const struct compose_service *service)
{
	each_mount(exam, service, check_path);
}

void co_host_path(struct examination *exam)
{
	each_compose_service(exam, check_paths_of);
}

/* ---- namespaces ---- */

static void check_namespaces(struct examination *exam, const struct compose_service *service)
{
	static const struct {
		const char *key, *means;
	} rows[] = {
		{ "network_mode", "it has the host's network, with what listens on loopback" },
		{ "pid", "it sees and signals the host's processes" },
		{ "ipc", "it shares the host's memory segments" },
		{ "uts", "it can rename the host" },
		{ "userns_mode", "root in it is root on the host" },
		{ "cgroup", "it sees the host's control groups" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct value *mode = value_get(service->root, rows[i].key);

		if (mode != NULL && text_is(mode->text, "host"))
			compose_report(exam, service, mode, "%s: host: %s", rows[i].key,
				       rows[i].means);
	}
}

void co_host_namespace(struct examination *exam)
{
	each_compose_service(exam, check_namespaces);
}

/* ---- capabilities ---- */

static struct text capability(const struct value *item)
{
	return text_starts_with_nocase(item->text, TEXT("CAP_")) ? text_from(item->text, 4)
								 : item->text;
}

static void check_added(struct examination *exam, const struct compose_service *service)
{
	static const char *const leading[] = {
		"ALL",      "SYS_ADMIN",       "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO",
		"SYS_BOOT", "DAC_READ_SEARCH", "NET_ADMIN",  "NET_RAW",    "BPF",
		"PERFMON",  "MAC_ADMIN",       "SYSLOG",     "SYS_TIME",
	};
	const struct value *added = value_get(service->root, "cap_add");

	if (added == NULL || added->type != VALUE_SEQUENCE)
		return;
	VALUE_FOR_EACH(added, item)
	{
		for (size_t i = 0; i < COUNT_OF(leading); i++)
			if (text_equal_nocase(capability(item), text_of(leading[i])))
				compose_report(exam, service, item, "%s leads out of the container",
					       leading[i]);
	}
}

void co_capabilities_added(struct examination *exam)
{
	each_compose_service(exam, check_added);
}

static void check_kept(struct examination *exam, const struct compose_service *service)
{
	const struct value *dropped = value_get(service->root, "cap_drop");

	if (dropped != NULL)
		VALUE_FOR_EACH(dropped, item)
		{
			if (text_equal_nocase(capability(item), TEXT("ALL")))
				return;
		}
	compose_report(exam, service, dropped != NULL ? dropped : service->root,
		       "it keeps the default capabilities: cap_drop has no ALL");
}

void co_capabilities_kept(struct examination *exam)
{
	each_compose_service(exam, check_kept);
}

/* ---- security options ---- */

static const struct value *option_starting(const struct compose_service *service, const char *start)
{
	const struct value *options = value_get(service->root, "security_opt");

	if (options == NULL || options->type != VALUE_SEQUENCE)
		return NULL;
	VALUE_FOR_EACH(options, option)
	{
		if (text_starts_with(option->text, text_of(start)))
			return option;
	}
	return NULL;
}

static void check_unconfined(struct examination *exam, const struct compose_service *service)
{
	static const char *const off[] = { "seccomp:unconfined",    "seccomp=unconfined",
					   "apparmor:unconfined",   "apparmor=unconfined",
					   "label:disable",         "label=disable",
					   "systempaths=unconfined" };

	for (size_t i = 0; i < COUNT_OF(off); i++) {
		const struct value *option = option_starting(service, off[i]);

		if (option != NULL)
			compose_report(exam, service, option, "%s turns a wall around it off",
				       off[i]);
	}
}

void co_unconfined(struct examination *exam)
{
	each_compose_service(exam, check_unconfined);
}

static void check_privileges(struct examination *exam, const struct compose_service *service)
{
	const struct value *option = option_starting(service, "no-new-privileges");
	const struct value *options = value_get(service->root, "security_opt");
	struct finding *finding;

	if (option != NULL && !text_ends_with(option->text, TEXT("false")))
		return;
	finding = compose_report(exam, service, options != NULL ? options : service->root,
				 "it may gain privileges: no-new-privileges is not set");
	if (options == NULL)
		manifest_mend_field(exam, finding, service->root, "security_opt",
				    "[\"no-new-privileges:true\"]");
}

void co_new_privileges(struct examination *exam)
{
	each_compose_service(exam, check_privileges);
}

static void check_devices(struct examination *exam, const struct compose_service *service)
{
	static const char *const raw[] = { "/dev/mem",    "/dev/kmem", "/dev/port", "/dev/sd",
					   "/dev/nvme",   "/dev/vd",   "/dev/xvd",  "/dev/dm-",
					   "/dev/mapper", "/dev/loop", "/dev/kmsg", "/dev/kvm" };
	const struct value *devices = value_get(service->root, "devices");

	if (devices == NULL || devices->type != VALUE_SEQUENCE)
		return;
	VALUE_FOR_EACH(devices, device)
	{
		for (size_t i = 0; i < COUNT_OF(raw); i++)
			if (text_starts_with(device->text, text_of(raw[i])))
				compose_report(exam, service, device,
					       "%.*s gives it the host's memory or disks",
					       TEXT_ARGS(device->text));
	}
}

void co_devices(struct examination *exam)
{
	each_compose_service(exam, check_devices);
}

/* ---- who it is, and what it may write ---- */

static void check_root(struct examination *exam, const struct compose_service *service)
{
	const struct value *user = value_get(service->root, "user");
	struct text name = user != NULL ? user->text : (struct text){ 0 };

	name = name.ptr != NULL ? text_split(&name, ':') : name;
	if (user == NULL)
		compose_report(exam, service, service->root,
			       "no user is named: it runs as the image says, root most times");
	else if (text_is(name, "root") || text_is(name, "0"))
		compose_report(exam, service, user, "it runs as root");
}

void co_root(struct examination *exam)
{
	each_compose_service(exam, check_root);
}

static void check_writable(struct examination *exam, const struct compose_service *service)
{
	if (!manifest_is_true(service->root, "read_only"))
		compose_report(exam, service, manifest_nearest(service->root, "read_only"),
			       "it may write into its image: read_only is not true");
}

void co_writable_root(struct examination *exam)
{
	each_compose_service(exam, check_writable);
}
