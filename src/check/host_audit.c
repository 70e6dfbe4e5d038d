/* SPDX-License-Identifier: Apache-2.0 */
/* host_audit.c — whether the host notices what is done to Docker, and whether containers can fill
 * its disk (CIS section 1). */
#include "check/host_report.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#define RULES_LIMIT ((size_t)4 << 20)

/* What CIS 1.1.3 to 1.1.18 want to be watched; only what is there is asked for. */
static const char *const watched[] = {
	"/usr/bin/dockerd",
	"/usr/sbin/dockerd",
	"/usr/bin/containerd",
	"/usr/bin/containerd-shim",
	"/usr/bin/containerd-shim-runc-v2",
	"/usr/bin/runc",
	"/usr/sbin/runc",
	"/etc/docker",
	"/etc/default/docker",
	"/etc/containerd/config.toml",
	"/lib/systemd/system/docker.service",
	"/lib/systemd/system/docker.socket",
	"/var/lib/docker",
	"/run/containerd",
	"/var/run/docker.sock",
};

static bool is_there(const struct host *host, const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", host->options->root, path);
	return file_exists(full);
}

static void read_rules(const struct host *host, const char *path, struct buffer *rules)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", host->options->root, path);
	if (file_read(full, RULES_LIMIT, rules, NULL) == 0)
		buffer_add_char(rules, '\n');
}

static void read_rules_directory(const struct host *host, struct buffer *rules)
{
	char path[512];
	DIR *directory;
	struct dirent *entry;

	snprintf(path, sizeof(path), "%s/etc/audit/rules.d", host->options->root);
	directory = opendir(path);
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		snprintf(path, sizeof(path), "/etc/audit/rules.d/%s", entry->d_name);
		if (text_ends_with(text_of(entry->d_name), TEXT(".rules")))
			read_rules(host, path, rules);
	}
	if (directory != NULL)
		closedir(directory);
}

/* "-w /usr/bin/dockerd -k docker", "-a always,exit -F path=/usr/bin/dockerd …" */
static bool is_watched(struct text rules, const char *path)
{
	while (rules.ptr != NULL) {
		struct text line = text_trim(text_split(&rules, '\n'));

		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		while (line.ptr != NULL) {
			struct text word = text_split(&line, ' ');
			const size_t equals = text_find_char(word, '=');

			if (equals != TEXT_NONE)
				word = text_from(word, equals + 1);
			while (word.len > 1 && word.ptr[word.len - 1] == '/')
				word.len--;
			if (text_is(word, path))
				return true;
		}
	}
	return false;
}

static void check_partition(struct host *host)
{
	char path[512];
	struct stat data, above;

	snprintf(path, sizeof(path), "%s/var/lib/docker", host->options->root);
	if (stat(path, &data) != 0)
		return;
	snprintf(path, sizeof(path), "%s/var/lib", host->options->root);
	if (stat(path, &above) == 0 && data.st_dev == above.st_dev)
		host_report(host, "CD102", "/var/lib/docker",
			    "it has no file system of its own: containers can fill the host's");
}

void host_check_audit(struct host *host)
{
	AUTO_BUFFER struct buffer rules = { 0 };

	read_rules(host, "/etc/audit/audit.rules", &rules);
	read_rules_directory(host, &rules);
	for (size_t i = 0; i < COUNT_OF(watched); i++)
		if (is_there(host, watched[i]) && !is_watched(buffer_text(&rules), watched[i]))
			host_report(host, "CD101", watched[i],
				    "no audit rule notices what is done to it");
	check_partition(host);
}
