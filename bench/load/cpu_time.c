/* SPDX-License-Identifier: Apache-2.0 */
#include "load/cpu_time.h"

#include "base/base.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* /proc/PID/task/TID/schedstat begins with the nanoseconds on a CPU. */
static uint64_t of_thread(const char *directory, const char *thread)
{
	AUTO(mem_free_text) char *path = mem_printf("%s/%s/schedstat", directory, thread);
	AUTO_BUFFER struct buffer content = { 0 };

	if (file_read(path, 1000, &content, NULL) < 0)
		return 0; /* it has ended */
	return strtoull(content.data, NULL, 10);
}

static uint64_t of_process(struct text pid)
{
	AUTO(mem_free_text) char *path = mem_printf("/proc/%.*s/task", TEXT_ARGS(pid));
	DIR *threads = opendir(path);
	uint64_t sum = 0;

	if (threads == NULL)
		return 0;
	for (struct dirent *entry = readdir(threads); entry != NULL; entry = readdir(threads))
		if (entry->d_name[0] != '.')
			sum += of_thread(path, entry->d_name);
	closedir(threads);
	return sum;
}

uint64_t cpu_time_ns(const char *pids)
{
	struct text rest = text_of(pids);
	uint64_t sum = 0;

	while (rest.ptr != NULL)
		sum += of_process(text_split(&rest, ','));
	return sum;
}

uint64_t cpu_time_own_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * NS_PER_SEC + (uint64_t)used.tv_nsec;
}
