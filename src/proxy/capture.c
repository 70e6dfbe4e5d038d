/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/capture.h"

#include "proxy/capture_record.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "capture_programs.skel.h"

struct capture {
	struct capture_programs *skeleton;
	struct bpf_link *links[3]; /* owned: connect4, connect6, sockops */
};

/* What libbpf says is for those who look for it: our own errors tell what to do. */
static int on_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[512];

	if (level == LIBBPF_DEBUG || log_level() < LOG_LEVEL_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), fmt, args);
	log_debug("%.*s", (int)strcspn(line, "\n"), line);
	return 0;
}

/* ---- the cgroup ---- */

static int open_cgroup(const char *path, struct error *err)
{
	struct statfs system;
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (fstatfs(fd, &system) == 0 && system.f_type == CGROUP2_SUPER_MAGIC)
		return fd;
	close(fd);
	return error_set(err, -EINVAL,
			 "%s is no cgroup of version 2: name its directory below /sys/fs/cgroup",
			 path);
}

/* This process's cgroup below the mount's top: "/", "/system.slice/proxy.service". */
static bool read_own_cgroup(char out[PATH_MAX])
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	bool found = false;

	if (file == NULL)
		return false;
	while (!found && fgets(out, PATH_MAX, file) != NULL)
		found = strncmp(out, "0::/", 4) == 0;
	fclose(file);
	if (found) {
		memmove(out, out + 3, strlen(out + 3) + 1);
		out[strcspn(out, "\n")] = '\0';
	}
	return found;
}

/* How much of `path` is the mount that it is in: going up, the last step of the same device. */
static size_t mount_length(const char *path)
{
	char above[PATH_MAX];
	struct stat here, there;
	size_t length = strlen(path);

	memcpy(above, path, length + 1);
	if (stat(path, &here) < 0)
		return length;
	while (length > 1) {
		char *slash = strrchr(above, '/');

		*(slash == above ? slash + 1 : slash) = '\0';
		if (stat(above, &there) < 0 || there.st_dev != here.st_dev)
			return length;
		length = strlen(above);
	}
	return length;
}

/* The proxy's own connections would come back to it without end. */
static int check_is_outside(const char *cgroup, struct error *err)
{
	char path[PATH_MAX], own[PATH_MAX];

	if (realpath(cgroup, path) == NULL || !read_own_cgroup(own))
		return error_set(err, -ENOTSUP,
				 "it cannot be told which cgroup this process is in");

	const char *captured = path + mount_length(path);
	const size_t length = strlen(captured);

	if (length > 0
	    && (strncmp(own, captured, length) != 0 || (own[length] != '/' && own[length] != '\0')))
		return 0;
	return error_set(err, -EINVAL,
			 "%s has the proxy itself in it, whose own connections would be captured: "
			 "start the workload in a cgroup of its own",
			 cgroup);
}

/* ---- the programs ---- */

static int load(struct capture *capture, const struct address *proxy, struct error *err)
{
	int code;

	capture->skeleton = capture_programs__open();
	if (capture->skeleton == NULL)
		return error_set(err, -errno, "the eBPF programs cannot be read: %m");
	capture->skeleton->rodata->proxy_ip = proxy->v4.sin_addr.s_addr;
	capture->skeleton->rodata->proxy_port = proxy->v4.sin_port;
	code = capture_programs__load(capture->skeleton);
	if (code == -EPERM)
		return error_set(err, code,
				 "capturing wants root, or CAP_BPF and CAP_NET_ADMIN; without them "
				 "let the workload speak to a Sidecar's egress listener");
	if (code < 0)
		return error_set(err, code,
				 "the kernel does not take the eBPF programs: %s; --log-level "
				 "debug shows its reasons",
				 strerror(-code));
	return 0;
}

static int attach(struct capture *capture, int cgroup, struct error *err)
{
	/* who connects is noted before anybody is sent here */
	struct bpf_program *const programs[] = {
		capture->skeleton->progs.on_socket,
		capture->skeleton->progs.take4,
		capture->skeleton->progs.take6,
	};

	for (size_t i = 0; i < COUNT_OF(programs); i++) {
		capture->links[i] = bpf_program__attach_cgroup(programs[i], cgroup);
		if (capture->links[i] == NULL)
			return error_set(err, -errno, "the eBPF programs cannot be attached: %m");
	}
	return 0;
}

int capture_attach(const char *cgroup, const struct address *proxy, struct capture **out,
		   struct error *err)
{
	AUTO(capture_free) struct capture *capture = MEM_NEW(struct capture);
	int fd, code;

	if (proxy->any.sa_family != AF_INET || address_is_any(proxy))
		return error_set(err, -EINVAL,
				 "connections are taken to an IPv4 address that the workload can "
				 "reach");
	libbpf_set_print(on_libbpf);
	fd = open_cgroup(cgroup, err);
	if (fd < 0)
		return fd;
	code = check_is_outside(cgroup, err);
	if (code == 0)
		code = load(capture, proxy, err);
	if (code == 0)
		code = attach(capture, fd, err);
	close(fd);
	if (code < 0)
		return code;
	*out = TAKE(capture);
	return 0;
}

void capture_free(struct capture *capture)
{
	if (capture == NULL)
		return;
	for (size_t i = COUNT_OF(capture->links); i-- > 0;)
		bpf_link__destroy(capture->links[i]);
	capture_programs__destroy(capture->skeleton);
	mem_free(capture);
}

/* ---- a connection ---- */

bool capture_take(const struct capture *capture, const struct address *peer, struct address *out)
{
	const int map = bpf_map__fd(capture->skeleton->maps.captured);
	const struct capture_client client = { .ip = peer->v4.sin_addr.s_addr,
					       .port = address_port(peer) };
	struct capture_origin origin;

	if (peer->any.sa_family != AF_INET
	    || bpf_map_lookup_and_delete_elem(map, &client, &origin) != 0)
		return false;
	address_of_ip(ip_from_bytes(origin.ip, sizeof(origin.ip)), (uint16_t)origin.port, out);
	return true;
}
