/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define BTF_FILE "/sys/kernel/btf/vmlinux"

static const struct right {
	unsigned capability;
	const char *name;
} rights[] = {
	{ CAP_BPF, "CAP_BPF" },
	{ CAP_PERFMON, "CAP_PERFMON" },
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE" },
};

static uint64_t effective_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &head, data) != 0)
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

int rights_check(struct error *err)
{
	const uint64_t have = effective_capabilities();
	const bool everything = (have & UINT64_C(1) << CAP_SYS_ADMIN) != 0;
	struct utsname machine;
	char missing[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < COUNT_OF(rights); i++) {
		const bool implied = everything && rights[i].capability != CAP_SYS_PTRACE;

		if (implied || (have & UINT64_C(1) << rights[i].capability) != 0)
			continue;
		used += (size_t)snprintf(missing + used, sizeof(missing) - used, "%s%s",
					 used > 0 ? ", " : "", rights[i].name);
	}
	if (used > 0)
		return error_set(err, -EPERM,
				 "this process lacks %s: run it as root, or give the program these "
				 "capabilities",
				 missing);
	if (access(BTF_FILE, R_OK) != 0)
		return error_set(err, -ENOTSUP,
				 BTF_FILE
				 " cannot be read (%m): the sensor needs a kernel of 5.8 "
				 "or later that describes its types (CONFIG_DEBUG_INFO_BTF)"
				 "; this one is %s",
				 uname(&machine) == 0 ? machine.release : "unknown");
	return 0;
}
