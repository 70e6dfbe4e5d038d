/* SPDX-License-Identifier: Apache-2.0 */
/* sensor_load.c — what system calls cost the program that makes them: `./dev bench sensor` runs it
 * with and without the sensor.
 *
 *	sensor_load FILE COUNT EXECS
 *
 * Prints CPU ns for an open and close of FILE, for a getppid, and for a program started. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static double cpu_ns(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9
	       + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

static double open_and_close(const char *path, int count)
{
	const double start = cpu_ns(RUSAGE_SELF);

	for (int i = 0; i < count; i++)
		close(open(path, O_RDONLY | O_CLOEXEC));
	return (cpu_ns(RUSAGE_SELF) - start) / count;
}

static double ask_for_parent(int count)
{
	const double start = cpu_ns(RUSAGE_SELF);

	for (int i = 0; i < count; i++)
		syscall(SYS_getppid);
	return (cpu_ns(RUSAGE_SELF) - start) / count;
}

static double start_programs(int count)
{
	static char name[] = "true", *const argv[] = { name, NULL };
	const double start = cpu_ns(RUSAGE_SELF) + cpu_ns(RUSAGE_CHILDREN);
	pid_t child;

	for (int i = 0; i < count; i++)
		if (posix_spawn(&child, "/bin/true", NULL, NULL, argv, NULL) == 0)
			waitpid(child, NULL, 0);
	return (cpu_ns(RUSAGE_SELF) + cpu_ns(RUSAGE_CHILDREN) - start) / count;
}

int main(int argc, char **argv)
{
	const int count = argc == 4 ? (int)strtol(argv[2], NULL, 10) : 0;
	const int programs = argc == 4 ? (int)strtol(argv[3], NULL, 10) : 0;

	if (count <= 0 || programs <= 0)
		return 2;
	printf("%.0f %.0f %.0f\n", open_and_close(argv[1], count), ask_for_parent(5 * count),
	       start_programs(programs));
	return 0;
}
