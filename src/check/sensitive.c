/* SPDX-License-Identifier: Apache-2.0 */
#include "check/sensitive.h"

bool sensitive_name(struct text name)
{
	static const char *const parts[] = { "password", "passwd", "secret",      "token",
					     "api_key",  "apikey", "private_key", "credential" };

	for (size_t i = 0; i < COUNT_OF(parts); i++)
		for (size_t at = 0; at < name.len; at++)
			if (text_starts_with_nocase(text_from(name, at), text_of(parts[i])))
				return true;
	return false;
}

bool sensitive_is_reference(struct text value)
{
	return value.len == 0 || value.ptr[0] == '/' || text_starts_with(value, TEXT("$("))
	       || text_is(value, "true") || text_is(value, "false");
}

bool sensitive_path(struct text path)
{
	static const char *const exact[] = {
		"/",     "/etc", "/var",  "/var/run", "/run",  "/root",
		"/home", "/usr", "/boot", "/dev",     "/proc", "/sys"
	};
	static const char *const below[] = { "/var/run/docker.sock",
					     "/run/docker.sock",
					     "/run/containerd",
					     "/var/run/containerd",
					     "/run/crio",
					     "/var/lib/kubelet",
					     "/var/lib/docker",
					     "/etc/kubernetes",
					     "/var/lib/etcd",
					     "/proc/",
					     "/var/run/crio" };

	while (path.len > 1 && path.ptr[path.len - 1] == '/')
		path.len--;
	for (size_t i = 0; i < COUNT_OF(exact); i++)
		if (text_is(path, exact[i]))
			return true;
	for (size_t i = 0; i < COUNT_OF(below); i++)
		if (text_starts_with(path, text_of(below[i])))
			return true;
	return false;
}

bool sensitive_is_runtime_socket(struct text path)
{
	static const char *const names[] = { "/docker.sock", "/containerd.sock", "/crio.sock",
					     "/podman.sock", "/cri-dockerd.sock" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_ends_with(path, text_of(names[i])))
			return true;
	return false;
}
