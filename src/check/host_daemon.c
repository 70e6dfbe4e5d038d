/* SPDX-License-Identifier: Apache-2.0 */
/* host_daemon.c — what the daemon says of itself, and how it was told to run (CIS section 2). */
#include "check/host_report.h"
#include "check/pod_standards.h"

#include <stdio.h>
#include <string.h>

#define SETTINGS_LIMIT ((size_t)1 << 20)

bool host_is_true(const struct value *mapping, const char *path)
{
	const struct value *value = value_find(mapping, path);
	bool flag;

	return value != NULL && value_as_bool(value, &flag) && flag;
}

struct text host_text(const struct value *mapping, const char *path)
{
	const struct value *value = value_find(mapping, path);

	return value != NULL && value->type == VALUE_SCALAR ? value->text : (struct text){ 0 };
}

bool host_list_contains(const struct value *list, const char *part)
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

/* ---- how it was told to run: daemon.json, and the words of its command line ---- */

struct settings {
	const struct value *file; /* NULL: there is none */
	struct text words;        /* of the process, NUL between them; may be empty */
};

static void read_settings(struct host *host, struct settings *out)
{
	AUTO_BUFFER struct buffer json = { 0 }, pid = { 0 }, words = { 0 };
	const char *root = host->options->root;
	struct value_source source = { .file = "/etc/docker/daemon.json", .is_json = true };
	char path[512];
	struct text bytes;
	uint64_t number;

	*out = (struct settings){ 0 };
	snprintf(path, sizeof(path), "%s/etc/docker/daemon.json", root);
	if (file_read(path, SETTINGS_LIMIT, &json, NULL) == 0) {
		bytes = buffer_text(&json);
		source.bytes = (struct text){ arena_strndup(&host->arena, bytes.ptr, bytes.len),
					      bytes.len };
		if (value_parse(&host->arena, &source, NULL, NULL, &out->file, NULL) != 0)
			out->file = NULL;
	}
	snprintf(path, sizeof(path), "%s/var/run/docker.pid", root);
	if (file_read(path, 64, &pid, NULL) != 0)
		return;
	bytes = text_trim(buffer_text(&pid));
	while (bytes.len > 0 && char_is_space(bytes.ptr[bytes.len - 1]))
		bytes.len--;
	snprintf(path, sizeof(path), "%s/proc/%.*s/cmdline", root, TEXT_ARGS(bytes));
	if (text_parse_number(bytes, 1 << 30, &number)
	    && file_read(path, SETTINGS_LIMIT, &words, NULL) == 0) {
		bytes = buffer_text(&words);
		out->words = (struct text){ arena_strndup(&host->arena, bytes.ptr, bytes.len),
					    bytes.len };
	}
}

/* "--icc=false" of the command line, or "icc" of the file; absent where neither says it. */
static struct text setting(const struct settings *settings, const char *name)
{
	const struct value *value = value_get(settings->file, name);
	struct text rest = settings->words;

	while (rest.ptr != NULL && rest.len > 0) {
		struct text word = text_split(&rest, '\0');

		if (!text_starts_with(word, TEXT("--")))
			continue;
		word = text_from(word, 2);
		if (!text_starts_with(word, text_of(name)))
			continue;
		word = text_from(word, strlen(name));
		if (word.len == 0)
			return TEXT("true");
		if (word.ptr[0] == '=')
			return text_from(word, 1);
	}
	return value != NULL && value->type == VALUE_SCALAR ? value->text : (struct text){ 0 };
}

/* What CIS wants to be set, or not to be. */
static const struct wanted_setting {
	const char *id, *name;
	const char *wrong; /* this value; NULL: anything but `right` */
	const char *right;
	const char *message;
} wanted_settings[] = {
	{ "CD209", "log-level", "debug", NULL, "the log level is debug: secrets end in the log" },
	{ "CD210", "iptables", "false", NULL, "the daemon may not set packet filter rules" },
	{ "CD212", "userland-proxy", NULL, "false",
	  "userland-proxy is on: a process a published port, and source addresses are lost" },
	{ "CD213", "no-new-privileges", NULL, "true",
	  "containers may gain privileges unless each says no" },
};

static bool listens_openly(const struct settings *settings)
{
	const struct value *hosts = value_get(settings->file, "hosts");
	struct text rest = settings->words;
	bool is_open = host_list_contains(hosts, "tcp://");

	while (rest.ptr != NULL && rest.len > 0)
		is_open |= text_contains(text_split(&rest, '\0'), TEXT("tcp://"));
	return is_open && !text_is(setting(settings, "tlsverify"), "true");
}

static void check_settings(struct host *host, const struct value *info)
{
	const struct value *bridge = host_ask_quietly(host, "/networks/bridge");
	const struct value *options = value_get(bridge, "Options");
	struct settings settings;

	read_settings(host, &settings);
	for (size_t i = 0; i < COUNT_OF(wanted_settings); i++) {
		const struct wanted_setting *row = &wanted_settings[i];
		const struct text value = setting(&settings, row->name);

		if (row->wrong != NULL ? text_is(value, row->wrong) : !text_is(value, row->right))
			host_report(host, row->id, "docker", "%s", row->message);
	}
	if (options != NULL
	    && !text_is(label_of_value(options, "com.docker.network.bridge.enable_icc"), "false"))
		host_report(host, "CD208", "docker",
			    "containers of the default bridge reach each other: icc is on");
	if (listens_openly(&settings))
		host_report(host, "CD211", "docker",
			    "it listens on TCP without asking clients for certificates");
	if (value_find(info, "Plugins.Authorization") == NULL
	    || value_find(info, "Plugins.Authorization")->count == 0)
		host_report(host, "CD214", "docker",
			    "whoever reaches the socket may do everything: no authorization "
			    "plugin");
}

bool host_check_daemon(struct host *host)
{
	const struct value *info = host_ask(host, "/info");
	const struct value *security = value_get(info, "SecurityOptions");
	const struct value *insecure = value_find(info, "RegistryConfig.InsecureRegistryCIDRs");

	if (info == NULL)
		return false;
	if (!host_list_contains(security, "name=userns")
	    && !host_list_contains(security, "name=rootless"))
		host_report(host, "CD201", "docker",
			    "root in a container is root on the host: "
			    "user namespaces are off");
	if (!host_list_contains(security, "name=seccomp"))
		host_report(host, "CD202", "docker", "the daemon has no seccomp");
	else if (host_list_contains(security, "profile=unconfined"))
		host_report(host, "CD202", "docker", "seccomp's default profile is unconfined");
	if (!host_list_contains(security, "name=apparmor")
	    && !host_list_contains(security, "name=selinux"))
		host_report(host, "CD203", "docker",
			    "neither AppArmor nor SELinux confines containers");
	if (!host_is_true(info, "LiveRestoreEnabled"))
		host_report(host, "CD204", "docker",
			    "live-restore is off: a restart of the daemon ends "
			    "all containers");
	if (text_is(host_text(info, "Driver"), "aufs"))
		host_report(host, "CD205", "docker", "the storage driver aufs is no longer kept");
	if (host_is_true(info, "ExperimentalBuild"))
		host_report(host, "CD206", "docker", "experimental features are on");
	if (insecure != NULL && insecure->count > 1)
		host_report(host, "CD207", "docker", "registries without TLS are configured");
	check_settings(host, info);
	return true;
}
