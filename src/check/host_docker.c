/* SPDX-License-Identifier: Apache-2.0 */
/* host_docker.c — what the daemon says of itself (CIS section 2) and of its containers (5). */
#include "check/host_report.h"

#include <stdio.h>
#include <string.h>

static bool is_true(const struct value *mapping, const char *path)
{
	const struct value *value = value_find(mapping, path);
	bool flag;

	return value != NULL && value_as_bool(value, &flag) && flag;
}

static struct text text_at(const struct value *mapping, const char *path)
{
	const struct value *value = value_find(mapping, path);

	return value != NULL && value->type == VALUE_SCALAR ? value->text : (struct text){ 0 };
}

static bool list_contains(const struct value *list, const char *part)
{
	if (list == NULL)
		return false;
	VALUE_FOR_EACH(list, item)
	{
		if (text_contains(item->text, text_of(part)))
			return true;
	}
	return false;
}

bool host_check_daemon(struct host *host)
{
	const struct value *info = host_ask(host, "/info");
	const struct value *security = value_get(info, "SecurityOptions");
	const struct value *insecure = value_find(info, "RegistryConfig.InsecureRegistryCIDRs");

	if (info == NULL)
		return false;
	if (!list_contains(security, "name=userns") && !list_contains(security, "name=rootless"))
		host_report(host, "CD201", "docker",
			    "root in a container is root on the host: "
			    "user namespaces are off");
	if (!list_contains(security, "name=seccomp"))
		host_report(host, "CD202", "docker", "the daemon has no seccomp");
	else if (list_contains(security, "profile=unconfined"))
		host_report(host, "CD202", "docker", "seccomp's default profile is unconfined");
	if (!list_contains(security, "name=apparmor") && !list_contains(security, "name=selinux"))
		host_report(host, "CD203", "docker",
			    "neither AppArmor nor SELinux confines containers");
	if (!is_true(info, "LiveRestoreEnabled"))
		host_report(host, "CD204", "docker",
			    "live-restore is off: a restart of the daemon ends "
			    "all containers");
	if (text_is(text_at(info, "Driver"), "aufs"))
		host_report(host, "CD205", "docker", "the storage driver aufs is no longer kept");
	if (is_true(info, "ExperimentalBuild"))
		host_report(host, "CD206", "docker", "experimental features are on");
	if (insecure != NULL && insecure->count > 1)
		host_report(host, "CD207", "docker", "registries without TLS are configured");
	return true;
}

/* A field of HostConfig that opens the container. */
static const struct opening {
	const char *id, *path, *value, *message;
} openings[] = {
	{ "CD501", "HostConfig.Privileged", "true", "it is privileged" },
	{ "CD502", "HostConfig.NetworkMode", "host", "it shares the host's network" },
	{ "CD502", "HostConfig.PidMode", "host", "it shares the host's processes" },
	{ "CD502", "HostConfig.IpcMode", "host", "it shares the host's memory" },
	{ "CD502", "HostConfig.UTSMode", "host", "it shares the host's name" },
	{ "CD502", "HostConfig.UsernsMode", "host", "it is exempt from user namespaces" },
	{ "CD503", "HostConfig.ReadonlyRootfs", "false", "it may write into its image" },
	{ "CD504", "HostConfig.Memory", "0", "it has no memory limit" },
	{ "CD505", "Config.User", "", "it runs as root" },
	{ "CD505", "Config.User", "root", "it runs as root" },
	{ "CD505", "Config.User", "0", "it runs as root" },
};

static void check_mounts(struct host *host, const char *name, const struct value *container)
{
	static const char *const sensitive[] = { "/",    "/boot", "/dev", "/etc",
						 "/lib", "/proc", "/sys", "/usr" };
	const struct value *mounts = value_get(container, "Mounts");

	if (mounts == NULL)
		return;
	VALUE_FOR_EACH(mounts, mount)
	{
		const struct text source = text_at(mount, "Source");

		if (text_ends_with(source, TEXT("/docker.sock")))
			host_report(host, "CD506", name, "the daemon's socket is mounted");
		for (size_t i = 0; i < COUNT_OF(sensitive); i++)
			if (text_is(source, sensitive[i]))
				host_report(host, "CD506", name, "%s of the host is mounted",
					    sensitive[i]);
	}
}

static void check_container(struct host *host, const struct value *container)
{
	const struct value *options = value_find(container, "HostConfig.SecurityOpt");
	const struct text name = text_at(container, "Name");
	const char *object =
		arena_printf(&host->arena, "docker/container%s%.*s",
			     text_starts_with(name, TEXT("/")) ? "" : "/", TEXT_ARGS(name));

	for (size_t i = 0; i < COUNT_OF(openings); i++)
		if (text_is(text_at(container, openings[i].path), openings[i].value)
		    && value_find(container, openings[i].path) != NULL)
			host_report(host, openings[i].id, object, "%s", openings[i].message);
	if (list_contains(options, "seccomp=unconfined")
	    || list_contains(options, "apparmor=unconfined"))
		host_report(host, "CD507", object, "a security profile is turned off");
	if (!list_contains(options, "no-new-privileges"))
		host_report(host, "CD508", object,
			    "it may gain privileges: no-new-privileges is not "
			    "set");
	check_mounts(host, object, container);
}

/* Identifiers come from the daemon; only hexadecimal ones go back into a path. */
static bool is_identifier(struct text id)
{
	for (size_t i = 0; i < id.len; i++)
		if (!char_is_digit(id.ptr[i]) && (id.ptr[i] < 'a' || id.ptr[i] > 'f'))
			return false;
	return id.len > 0 && id.len <= 64;
}

void host_check_containers(struct host *host)
{
	const struct value *containers = host_ask(host, "/containers/json");

	if (containers == NULL)
		return;
	VALUE_FOR_EACH(containers, row)
	{
		const struct text id = text_at(row, "Id");
		char path[128];
		const struct value *container;

		if (!is_identifier(id))
			continue;
		snprintf(path, sizeof(path), "/containers/%.*s/json", TEXT_ARGS(id));
		container = host_ask(host, path);
		if (container != NULL)
			check_container(host, container);
	}
}
