/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* They fail with EPERM, as for any other process that lacks the right. */
static const int forbidden[] = {
	SCMP_SYS(execve),          SCMP_SYS(execveat),       SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open), SCMP_SYS(init_module),    SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),   SCMP_SYS(kexec_load),     SCMP_SYS(kexec_file_load),
	SCMP_SYS(mount),           SCMP_SYS(umount2),        SCMP_SYS(move_mount),
	SCMP_SYS(fsopen),          SCMP_SYS(pivot_root),     SCMP_SYS(chroot),
	SCMP_SYS(setns),           SCMP_SYS(unshare),        SCMP_SYS(process_vm_writev),
	SCMP_SYS(userfaultfd),     SCMP_SYS(io_uring_setup), SCMP_SYS(reboot),
	SCMP_SYS(swapon),          SCMP_SYS(settimeofday),
#ifndef __SANITIZE_ADDRESS__ /* how the leak checker works */
	SCMP_SYS(ptrace),
#endif
};

static int keep_capabilities(struct error *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &head, data) != 0)
		return error_set(err, -errno, "the sensor's capabilities cannot be read: %m");
	data[0].effective &= 1u << CAP_SYS_PTRACE | 1u << CAP_DAC_READ_SEARCH;
	data[0].permitted = data[0].effective;
	data[1].effective = data[1].permitted = 0;
	data[0].inheritable = data[1].inheritable = 0;
	if (syscall(SYS_capset, &head, data) != 0)
		return error_set(err, -errno, "the sensor's capabilities cannot be given up: %m");
	return 0;
}

static int forbid_calls(struct error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int result = filter == NULL ? -ENOMEM : 0;

	for (size_t i = 0; result == 0 && i < COUNT_OF(forbidden); i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), forbidden[i], 0);
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	if (result != 0)
		return error_set(err, result, "the sensor cannot give up system calls: %s",
				 strerror(-result));
	return 0;
}

int sensor_confine(struct error *err)
{
	const struct rlimit none = { 0 };
	int result;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0
	    || setrlimit(RLIMIT_CORE, &none) != 0)
		return error_set(err, -errno, "the sensor cannot give up privileges: %m");
	result = keep_capabilities(err);
	return result != 0 ? result : forbid_calls(err);
}
