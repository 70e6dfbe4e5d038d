/* SPDX-License-Identifier: Apache-2.0 */
/* host_containers.c — how containers were started (CIS sections 4.1 and 5). */
#include "check/host_report.h"

#include <stdio.h>
#include <string.h>

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
	{ "CD512", "HostConfig.RestartPolicy.Name", "always",
	  "it is started again for ever, whatever ends it" },
	{ "CD517", "HostConfig.NetworkMode", "default", "it is on the default bridge, with all" },
	{ "CD517", "HostConfig.NetworkMode", "bridge", "it is on the default bridge, with all" },
};

static int64_t number_at(const struct value *container, const char *path)
{
	const struct value *value = value_find(container, path);
	int64_t number;

	return value != NULL && value_as_int(value, &number) ? number : 0;
}

static void check_limits(struct host *host, const char *name, const struct value *container)
{
	if (number_at(container, "HostConfig.CpuShares") == 0
	    && number_at(container, "HostConfig.NanoCpus") == 0
	    && number_at(container, "HostConfig.CpuQuota") == 0)
		host_report(host, "CD509", name, "it may take all processors");
	if (number_at(container, "HostConfig.PidsLimit") <= 0)
		host_report(host, "CD510", name, "it has no limit of processes");
	if (number_at(container, "HostConfig.RestartPolicy.MaximumRetryCount") > 5)
		host_report(host, "CD512", name, "it is started again more than five times");
}

static void check_binding(struct host *host, const char *name, const struct value *binding)
{
	const struct text address = host_text(binding, "HostIp");
	const struct text port = host_text(binding, "HostPort");
	uint64_t number;

	if (address.len == 0 || text_is(address, "0.0.0.0") || text_is(address, "::"))
		host_report(host, "CD511", name, "port %.*s is open on every address of the host",
			    TEXT_ARGS(port));
	if (text_parse_number(port, 1023, &number) && number > 0)
		host_report(host, "CD518", name, "it has the host's port %.*s, below 1024",
			    TEXT_ARGS(port));
}

static void check_ports(struct host *host, const char *name, const struct value *container)
{
	const struct value *ports = value_find(container, "HostConfig.PortBindings");

	if (ports == NULL)
		return;
	VALUE_FOR_EACH(ports, port)
	{
		VALUE_FOR_EACH(port, binding)
		check_binding(host, name, binding);
	}
}

static void check_capabilities(struct host *host, const char *name, const struct value *container)
{
	const struct value *added = value_find(container, "HostConfig.CapAdd");

	if (added == NULL)
		return;
	VALUE_FOR_EACH(added, item)
	{
		host_report(host, "CD513", name, "it has %.*s beyond the default capabilities",
			    TEXT_ARGS(item->text));
	}
}

static void check_processes(struct host *host, const char *name, struct text id)
{
	const struct value *rows;
	char path[128];

	snprintf(path, sizeof(path), "/containers/%.*s/top", TEXT_ARGS(id));
	rows = value_get(host_ask_quietly(host, path), "Processes");
	if (rows == NULL)
		return;
	VALUE_FOR_EACH(rows, row)
	{
		if (host_list_contains(row, "sshd"))
			host_report(host, "CD519", name, "an SSH server runs in it");
	}
}

/* Where it stands, and what of the host changes with it. */
static void check_place(struct host *host, const char *name, const struct value *container)
{
	const struct value *mounts = value_get(container, "Mounts");
	const struct value *health = value_find(container, "State.Health");

	if (mounts != NULL)
		VALUE_FOR_EACH(mounts, mount)
		{
			if (text_is(host_text(mount, "Propagation"), "shared"))
				host_report(host, "CD514", name,
					    "mounts made below %.*s reach the host",
					    TEXT_ARGS(host_text(mount, "Destination")));
		}
	if (host_text(container, "HostConfig.CgroupParent").len > 0)
		host_report(host, "CD515", name, "it is in the control group %.*s",
			    TEXT_ARGS(host_text(container, "HostConfig.CgroupParent")));
	if (health == NULL || health->type == VALUE_NULL)
		host_report(host, "CD516", name, "nothing tells whether it works");
}

static void check_mounts(struct host *host, const char *name, const struct value *container)
{
	static const char *const sensitive[] = { "/",    "/boot", "/dev", "/etc",
						 "/lib", "/proc", "/sys", "/usr" };
	const struct value *mounts = value_get(container, "Mounts");

	if (mounts == NULL)
		return;
	VALUE_FOR_EACH(mounts, mount)
	{
		const struct text source = host_text(mount, "Source");

		if (text_ends_with(source, TEXT("/docker.sock")))
			host_report(host, "CD506", name, "the daemon's socket is mounted");
		for (size_t i = 0; i < COUNT_OF(sensitive); i++)
			if (text_is(source, sensitive[i]))
				host_report(host, "CD506", name, "%s of the host is mounted",
					    sensitive[i]);
	}
}

static void check_container(struct host *host, struct text id, const struct value *container)
{
	const struct value *options = value_find(container, "HostConfig.SecurityOpt");
	const struct text name = host_text(container, "Name");
	const char *object =
		arena_printf(&host->arena, "docker/container%s%.*s",
			     text_starts_with(name, TEXT("/")) ? "" : "/", TEXT_ARGS(name));

	for (size_t i = 0; i < COUNT_OF(openings); i++)
		if (text_is(host_text(container, openings[i].path), openings[i].value)
		    && value_find(container, openings[i].path) != NULL)
			host_report(host, openings[i].id, object, "%s", openings[i].message);
	if (host_list_contains(options, "seccomp=unconfined")
	    || host_list_contains(options, "apparmor=unconfined"))
		host_report(host, "CD507", object, "a security profile is turned off");
	if (!host_list_contains(options, "no-new-privileges"))
		host_report(host, "CD508", object,
			    "it may gain privileges: no-new-privileges is not "
			    "set");
	check_mounts(host, object, container);
	check_limits(host, object, container);
	check_ports(host, object, container);
	check_capabilities(host, object, container);
	check_place(host, object, container);
	check_processes(host, object, id);
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
		const struct text id = host_text(row, "Id");
		char path[128];
		const struct value *container;

		if (!is_identifier(id))
			continue;
		snprintf(path, sizeof(path), "/containers/%.*s/json", TEXT_ARGS(id));
		container = host_ask(host, path);
		if (container != NULL)
			check_container(host, id, container);
	}
}
