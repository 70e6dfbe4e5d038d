/* SPDX-License-Identifier: Apache-2.0 */
/* pod_controls.c — one function a control; the rows at the end say when each is in force. */
#include "check/families.h"
#include "check/pod_security.h"

#include <string.h>

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static bool is_one_of(struct text text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (text_is(text, *words))
			return true;
	return false;
}

static struct text name_of(const struct value *item)
{
	const struct text name = manifest_text(item, "name");

	return name.ptr != NULL ? name : TEXT("(unnamed)");
}

/* A profile type that is allowed: RuntimeDefault or Localhost. */
static bool is_profile_allowed(const struct value *profile)
{
	return is_one_of(manifest_text(profile, "type"), WORDS("RuntimeDefault", "Localhost"));
}

static bool is_there(const struct value *value)
{
	return value != NULL && value->type != VALUE_NULL;
}

/* ---- baseline ---- */

static void judge_host_process(const struct judged_pod *pod)
{
	static const char path[] = "securityContext.windowsOptions.hostProcess";
	const struct value *value = value_find(pod->spec, path);

	if (manifest_is_set_true(value))
		pod_report(pod, value, "hostProcess must not be true");
	FOR_EACH_CONTAINER(pod->spec, container)
	{
		value = value_find(container, path);
		if (manifest_is_set_true(value))
			pod_report(pod, value,
				   "container \"%.*s\" must not set hostProcess to true",
				   TEXT_ARGS(name_of(container)));
	}
}

static void judge_host_namespaces(const struct judged_pod *pod)
{
	static const char *const fields[] = { "hostNetwork", "hostPID", "hostIPC" };

	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		const struct value *value = value_get(pod->spec, fields[i]);

		if (manifest_is_set_true(value))
			exam_mend(pod->exam,
				  pod_report(pod, value, "%s must not be true", fields[i]),
				  manifest_place(value), "false");
	}
}

static void judge_privileged(const struct judged_pod *pod)
{
	FOR_EACH_CONTAINER(pod->spec, container)
	{
		const struct value *value = value_find(container, "securityContext.privileged");

		if (manifest_is_set_true(value))
			exam_mend(pod->exam,
				  pod_report(pod, value,
					     "container \"%.*s\" must not be privileged",
					     TEXT_ARGS(name_of(container))),
				  manifest_place(value), "false");
	}
}

static void judge_added_capabilities(const struct judged_pod *pod, const char *const *allowed)
{
	FOR_EACH_CONTAINER(pod->spec, container)
	{
		const struct value *add = value_find(container, "securityContext.capabilities.add");

		if (!is_there(add))
			continue;
		VALUE_FOR_EACH(add, capability)
		{
			if (!is_one_of(capability->text, allowed))
				pod_report(pod, capability,
					   "container \"%.*s\" must not add the capability %.*s",
					   TEXT_ARGS(name_of(container)),
					   TEXT_ARGS(capability->text));
		}
	}
}

static void judge_capabilities_baseline(const struct judged_pod *pod)
{
	judge_added_capabilities(pod,
				 WORDS("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID",
				       "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID",
				       "SETPCAP", "SETUID", "SYS_CHROOT"));
}

static void judge_host_path(const struct judged_pod *pod)
{
	const struct value *volumes = value_get(pod->spec, "volumes");

	if (!is_there(volumes))
		return;
	VALUE_FOR_EACH(volumes, volume)
	{
		const struct value *host_path = value_get(volume, "hostPath");

		if (is_there(host_path))
			pod_report(pod, host_path, "volume \"%.*s\" must not be a hostPath",
				   TEXT_ARGS(name_of(volume)));
	}
}

static void judge_host_ports(const struct judged_pod *pod)
{
	FOR_EACH_CONTAINER(pod->spec, container)
	{
		const struct value *ports = value_get(container, "ports");

		if (!is_there(ports))
			continue;
		VALUE_FOR_EACH(ports, port)
		{
			const struct value *host_port = value_get(port, "hostPort");
			int64_t number;

			if (is_there(host_port)
			    && !(value_as_int(host_port, &number) && number == 0))
				pod_report(pod, host_port,
					   "container \"%.*s\" must not use the host's port %.*s",
					   TEXT_ARGS(name_of(container)),
					   TEXT_ARGS(host_port->text));
		}
	}
}

static void judge_host_probes(const struct judged_pod *pod)
{
	static const char *const handlers[] = { "livenessProbe", "readinessProbe", "startupProbe",
						"lifecycle.postStart", "lifecycle.preStop" };
	static const char *const hosts[] = { "httpGet.host", "tcpSocket.host" };

	FOR_EACH_CONTAINER(pod->spec, container)
	for (size_t i = 0; i < COUNT_OF(handlers) * COUNT_OF(hosts); i++) {
		const struct value *handler = value_find(container, handlers[i / COUNT_OF(hosts)]);
		const struct value *host =
			handler != NULL ? value_find(handler, hosts[i % COUNT_OF(hosts)]) : NULL;

		if (is_there(host) && host->text.len > 0)
			pod_report(pod, host,
				   "container \"%.*s\" must not choose the host of its %s",
				   TEXT_ARGS(name_of(container)), handlers[i / COUNT_OF(hosts)]);
	}
}

static void judge_apparmor_annotations(const struct judged_pod *pod)
{
	const struct value *annotations = value_get(pod->metadata, "annotations");

	if (!is_there(annotations))
		return;
	VALUE_FOR_EACH(annotations, annotation)
	{
		if (text_starts_with(annotation->key->text,
				     TEXT("container.apparmor.security.beta.kubernetes.io/"))
		    && annotation->text.len > 0 && !text_is(annotation->text, "runtime/default")
		    && !text_starts_with(annotation->text, TEXT("localhost/")))
			pod_report(pod, annotation, "the AppArmor profile must not be \"%.*s\"",
				   TEXT_ARGS(annotation->text));
	}
}

static void judge_profile(const struct judged_pod *pod, const struct value *holder,
			  const char *path, const char *what)
{
	const struct value *profile = value_find(holder, path);

	if (is_there(profile) && !is_profile_allowed(profile))
		pod_report(pod, manifest_nearest(profile, "type"),
			   "the %s profile must be RuntimeDefault or Localhost", what);
}

static void judge_apparmor(const struct judged_pod *pod)
{
	judge_apparmor_annotations(pod);
	judge_profile(pod, pod->spec, "securityContext.appArmorProfile", "AppArmor");
	FOR_EACH_CONTAINER(pod->spec, container)
	judge_profile(pod, container, "securityContext.appArmorProfile", "AppArmor");
}

static void judge_selinux_options(const struct judged_pod *pod, const struct value *holder)
{
	const struct value *options = value_find(holder, "securityContext.seLinuxOptions");
	const struct text type = manifest_text(options, "type");

	if (!is_there(options))
		return;
	if (type.len > 0
	    && !is_one_of(type, WORDS("container_t", "container_init_t", "container_kvm_t"))
	    && !(pod->minor >= 31 && text_is(type, "container_engine_t")))
		pod_report(pod, value_get(options, "type"), "the SELinux type must not be \"%.*s\"",
			   TEXT_ARGS(type));
	if (manifest_text(options, "user").len > 0)
		pod_report(pod, value_get(options, "user"), "the SELinux user must not be set");
	if (manifest_text(options, "role").len > 0)
		pod_report(pod, value_get(options, "role"), "the SELinux role must not be set");
}

static void judge_selinux(const struct judged_pod *pod)
{
	judge_selinux_options(pod, pod->spec);
	FOR_EACH_CONTAINER(pod->spec, container)
	judge_selinux_options(pod, container);
}

static void report_proc_mounts(const struct judged_pod *pod)
{
	FOR_EACH_CONTAINER(pod->spec, container)
	{
		const struct value *mount = value_find(container, "securityContext.procMount");

		if (is_there(mount) && !text_is(mount->text, "Default"))
			pod_report(pod, mount, "container \"%.*s\" must not set procMount to %.*s",
				   TEXT_ARGS(name_of(container)), TEXT_ARGS(mount->text));
	}
}

static void judge_proc_mount(const struct judged_pod *pod)
{
	if (pod->host_users || pod->minor < 35)
		report_proc_mounts(pod);
}

static bool is_seccomp_annotation_allowed(struct text profile)
{
	return text_is(profile, "runtime/default") || text_is(profile, "docker/default")
	       || text_starts_with(profile, TEXT("localhost/"));
}

static bool has_container(const struct judged_pod *pod, struct text name)
{
	FOR_EACH_CONTAINER(pod->spec, container)
	if (text_equal(manifest_text(container, "name"), name))
		return true;
	return false;
}

/* Before v1.19 seccomp was said by annotations. */
static void judge_seccomp_annotations(const struct judged_pod *pod)
{
	const struct text pod_key = TEXT("seccomp.security.alpha.kubernetes.io/pod");
	const struct text prefix = TEXT("container.seccomp.security.alpha.kubernetes.io/");
	const struct value *annotations = value_get(pod->metadata, "annotations");

	if (!is_there(annotations))
		return;
	VALUE_FOR_EACH(annotations, annotation)
	{
		const struct text key = annotation->key->text;
		const bool counts = text_equal(key, pod_key)
				    || (text_starts_with(key, prefix)
					&& has_container(pod, text_from(key, prefix.len)));

		if (counts && !is_seccomp_annotation_allowed(annotation->text))
			pod_report(pod, annotation, "the seccomp profile must not be \"%.*s\"",
				   TEXT_ARGS(annotation->text));
	}
}

static void judge_seccomp_baseline(const struct judged_pod *pod)
{
	if (pod->minor < 19) {
		judge_seccomp_annotations(pod);
		return;
	}
	judge_profile(pod, pod->spec, "securityContext.seccompProfile", "seccomp");
	FOR_EACH_CONTAINER(pod->spec, container)
	judge_profile(pod, container, "securityContext.seccompProfile", "seccomp");
}

static bool is_sysctl_allowed(struct text name, unsigned minor)
{
	static const struct {
		const char *name;
		unsigned since;
	} rows[] = {
		{ "kernel.shm_rmid_forced", 0 },
		{ "net.ipv4.ip_local_port_range", 0 },
		{ "net.ipv4.tcp_syncookies", 0 },
		{ "net.ipv4.ping_group_range", 0 },
		{ "net.ipv4.ip_unprivileged_port_start", 0 },
		{ "net.ipv4.ip_local_reserved_ports", 27 },
		{ "net.ipv4.tcp_keepalive_time", 29 },
		{ "net.ipv4.tcp_fin_timeout", 29 },
		{ "net.ipv4.tcp_keepalive_intvl", 29 },
		{ "net.ipv4.tcp_keepalive_probes", 29 },
		{ "net.ipv4.tcp_rmem", 32 },
		{ "net.ipv4.tcp_wmem", 32 },
		{ "net.ipv4.tcp_slow_start_after_idle", 37 },
		{ "net.ipv4.tcp_notsent_lowat", 37 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (text_is(name, rows[i].name))
			return minor >= rows[i].since;
	return false;
}

static void judge_sysctls(const struct judged_pod *pod)
{
	const struct value *sysctls = value_find(pod->spec, "securityContext.sysctls");

	if (!is_there(sysctls))
		return;
	VALUE_FOR_EACH(sysctls, sysctl)
	{
		const struct text name = manifest_text(sysctl, "name");

		if (!is_sysctl_allowed(name, pod->minor))
			pod_report(pod, sysctl, "the sysctl %.*s must not be set", TEXT_ARGS(name));
	}
}

/* ---- restricted ---- */

static void judge_volume_types(const struct judged_pod *pod)
{
	const struct value *volumes = value_get(pod->spec, "volumes");

	if (!is_there(volumes))
		return;
	VALUE_FOR_EACH(volumes, volume)
	VALUE_FOR_EACH(volume, source)
	{
		if (source->type == VALUE_NULL || source->key == NULL
		    || is_one_of(source->key->text,
				 WORDS("name", "configMap", "csi", "downwardAPI", "emptyDir",
				       "ephemeral", "image", "persistentVolumeClaim", "projected",
				       "secret")))
			continue;
		pod_report(pod, source, "volume \"%.*s\" must not be of type %.*s",
			   TEXT_ARGS(name_of(volume)), TEXT_ARGS(source->key->text));
	}
}

static bool is_explicitly(const struct value *value, bool wanted)
{
	bool is_true;

	return value != NULL && value_as_bool(value, &is_true) && is_true == wanted;
}

static void judge_privilege_escalation(const struct judged_pod *pod)
{
	FOR_EACH_CONTAINER(pod->spec, container)
	{
		static const char path[] = "securityContext.allowPrivilegeEscalation";
		struct finding *finding;

		if (is_explicitly(value_find(container, path), false))
			continue;
		finding =
			pod_report(pod, manifest_nearest(container, path),
				   "container \"%.*s\" must set allowPrivilegeEscalation to false",
				   TEXT_ARGS(name_of(container)));
		manifest_mend_field(pod->exam, finding, container, path, "false");
	}
}

static void judge_non_root(const struct judged_pod *pod)
{
	static const char path[] = "securityContext.runAsNonRoot";
	const struct value *own = value_find(pod->spec, path);
	const bool pod_is = is_explicitly(own, true);

	if (!pod->host_users && pod->minor >= 35)
		return;
	if (is_there(own) && !pod_is)
		exam_mend(pod->exam, pod_report(pod, own, "runAsNonRoot must not be false"),
			  manifest_place(own), "true");
	FOR_EACH_CONTAINER(pod->spec, container)
	{
		const struct value *value = value_find(container, path);

		if (is_there(value) ? is_explicitly(value, true) : pod_is)
			continue;
		manifest_mend_field(pod->exam,
				    pod_report(pod, manifest_nearest(container, path),
					       "pod or container \"%.*s\" must set runAsNonRoot to "
					       "true",
					       TEXT_ARGS(name_of(container))),
				    container, path, "true");
	}
}

static bool is_zero(const struct value *value)
{
	int64_t number;

	return value != NULL && value_as_int(value, &number) && number == 0;
}

static void judge_user(const struct judged_pod *pod)
{
	static const char path[] = "securityContext.runAsUser";

	if (!pod->host_users && pod->minor >= 35)
		return;
	if (is_zero(value_find(pod->spec, path)))
		pod_report(pod, value_find(pod->spec, path), "the pod must not set runAsUser to 0");
	FOR_EACH_CONTAINER(pod->spec, container)
	if (is_zero(value_find(container, path)))
		pod_report(pod, value_find(container, path),
			   "container \"%.*s\" must not set runAsUser to 0",
			   TEXT_ARGS(name_of(container)));
}

static void judge_seccomp_restricted(const struct judged_pod *pod)
{
	static const char path[] = "securityContext.seccompProfile";
	const struct value *own = value_find(pod->spec, path);
	const bool pod_is = is_there(own) && is_profile_allowed(own);

	judge_profile(pod, pod->spec, path, "seccomp");
	FOR_EACH_CONTAINER(pod->spec, container)
	{
		const struct value *profile = value_find(container, path);
		struct finding *finding;

		if (is_there(profile) ? is_profile_allowed(profile) : pod_is)
			continue;
		finding = pod_report(pod, manifest_nearest(container, path),
				     "pod or container \"%.*s\" must set a seccomp profile: "
				     "RuntimeDefault or Localhost",
				     TEXT_ARGS(name_of(container)));
		if (!is_there(profile))
			manifest_mend_field(pod->exam, finding, container,
					    "securityContext.seccompProfile.type",
					    "RuntimeDefault");
	}
}

static bool drops_all(const struct value *container)
{
	const struct value *drop = value_find(container, "securityContext.capabilities.drop");

	if (!is_there(drop))
		return false;
	VALUE_FOR_EACH(drop, capability)
	{
		if (text_is(capability->text, "ALL"))
			return true;
	}
	return false;
}

static void judge_capabilities_restricted(const struct judged_pod *pod)
{
	FOR_EACH_CONTAINER(pod->spec, container)
	{
		static const char path[] = "securityContext.capabilities.drop";
		struct finding *finding;

		if (drops_all(container))
			continue;
		finding = pod_report(pod, manifest_nearest(container, path),
				     "container \"%.*s\" must drop the capability ALL",
				     TEXT_ARGS(name_of(container)));
		if (!is_there(value_find(container, path)))
			manifest_mend_field(pod->exam, finding, container, path, "[ALL]");
	}
	judge_added_capabilities(pod, WORDS("NET_BIND_SERVICE"));
}

static void judge_proc_mount_restricted(const struct judged_pod *pod)
{
	report_proc_mounts(pod);
}

const struct pod_control pod_controls[] = {
	{ "PS001", "hostProcess", POD_SECURITY_BASELINE, 0, 0, NULL, judge_host_process },
	{ "PS002", "host namespaces", POD_SECURITY_BASELINE, 0, 0, NULL, judge_host_namespaces },
	{ "PS003", "privileged", POD_SECURITY_BASELINE, 0, 0, NULL, judge_privileged },
	{ "PS004", "non-default capabilities", POD_SECURITY_BASELINE, 0, 0, NULL,
	  judge_capabilities_baseline },
	{ "PS005", "hostPath volumes", POD_SECURITY_BASELINE, 0, 0, NULL, judge_host_path },
	{ "PS006", "hostPort", POD_SECURITY_BASELINE, 0, 0, NULL, judge_host_ports },
	{ "PS007", "probe or lifecycle host", POD_SECURITY_BASELINE, 34, 0, NULL,
	  judge_host_probes },
	{ "PS008", "forbidden AppArmor profile", POD_SECURITY_BASELINE, 0, 0, NULL,
	  judge_apparmor },
	{ "PS009", "seLinuxOptions", POD_SECURITY_BASELINE, 0, 0, NULL, judge_selinux },
	{ "PS010", "procMount", POD_SECURITY_BASELINE, 0, 0, NULL, judge_proc_mount },
	{ "PS011", "seccompProfile", POD_SECURITY_BASELINE, 0, 0, NULL, judge_seccomp_baseline },
	{ "PS012", "forbidden sysctls", POD_SECURITY_BASELINE, 0, 0, NULL, judge_sysctls },
	{ "PS013", "restricted volume types", POD_SECURITY_RESTRICTED, 0, 0, "PS005",
	  judge_volume_types },
	{ "PS014", "allowPrivilegeEscalation != false", POD_SECURITY_RESTRICTED, 8, 25, NULL,
	  judge_privilege_escalation },
	{ "PS015", "runAsNonRoot != true", POD_SECURITY_RESTRICTED, 0, 0, NULL, judge_non_root },
	{ "PS016", "runAsUser=0", POD_SECURITY_RESTRICTED, 23, 0, NULL, judge_user },
	{ "PS017", "seccompProfile", POD_SECURITY_RESTRICTED, 19, 25, "PS011",
	  judge_seccomp_restricted },
	{ "PS018", "unrestricted capabilities", POD_SECURITY_RESTRICTED, 22, 25, "PS004",
	  judge_capabilities_restricted },
	{ "PS019", "procMount", POD_SECURITY_RESTRICTED, 35, 0, "PS010",
	  judge_proc_mount_restricted },
};
const size_t pod_control_count = COUNT_OF(pod_controls);
