/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/supervisor.h"

#include "cmd/command.h"
#include "cmd/upgrade.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAUSE_MIN_NS (100 * NS_PER_MS)
#define PAUSE_MAX_NS (5 * NS_PER_SEC)
#define STEADY_NS                                                                                  \
	(10 * NS_PER_SEC)         /* lived this long: its next death starts from the small pause */
#define KILL_NS (20 * NS_PER_SEC) /* longer than any role drains */

struct child {
	const struct role *role;
	pid_t pid;         /* 0: not running */
	pid_t predecessor; /* the same role from before an upgrade; 0: none */
	unsigned lives;    /* how often it was started */
	uint64_t started_ns, start_at_ns, pause_ns;
};

struct supervisor {
	struct child *children;
	size_t count;
	int signals;
	bool is_stopping;
	int status;
};

static void become(const struct role *role, pid_t parent, bool takes_over)
{
	const char *argv[ROLE_ARGUMENTS_MAX + 4] = { "mangrove", role->name };
	size_t count = 2;
	sigset_t none;

	if (takes_over)
		argv[count++] = "--take-over";

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) /* it died before the line above */
		_exit(STATUS_NO);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; role->arguments[i] != NULL; i++)
		argv[count++] = role->arguments[i];
	execv("/proc/self/exe", (char *const *)argv);
	_exit(127);
}

static void start(struct child *child)
{
	const pid_t self = getpid();
	const pid_t pid = fork();

	if (pid == 0)
		become(child->role, self, child->role->takes_over && child->predecessor > 0);
	child->started_ns = clock_monotonic_ns();
	child->start_at_ns = 0;
	if (pid < 0) {
		log_error("cannot start %s: %s", child->role->name, strerror(errno));
		child->start_at_ns = child->started_ns + PAUSE_MAX_NS;
		return;
	}
	child->pid = pid;
	child->lives++;
	log_info("%s runs as process %d", child->role->name, (int)pid);
}

static void say_how(const struct child *child, int wait_status)
{
	if (WIFSIGNALED(wait_status))
		log_error("%s was killed by signal %d (%s)", child->role->name,
			  WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
	else
		log_error("%s ended with status %d", child->role->name, WEXITSTATUS(wait_status));
}

/* What it was given cannot work. Later on it did work once, and will when the files are mended. */
static bool is_hopeless(const struct child *child, int wait_status)
{
	return child->lives == 1 && WIFEXITED(wait_status)
	       && (WEXITSTATUS(wait_status) == STATUS_USAGE
		   || WEXITSTATUS(wait_status) == STATUS_FORBIDDEN);
}

static bool can_be_left_out(const struct child *child, int wait_status)
{
	return child->role->is_dispensable && WIFEXITED(wait_status)
	       && WEXITSTATUS(wait_status) == STATUS_FORBIDDEN;
}

static void stop_all(struct supervisor *supervisor, int status)
{
	supervisor->is_stopping = true;
	supervisor->status = status;
}

static void on_death(struct supervisor *supervisor, struct child *child, int wait_status)
{
	const uint64_t now = clock_monotonic_ns();
	const bool was_steady = now - child->started_ns >= STEADY_NS;

	child->pid = 0;
	if (supervisor->is_stopping)
		return;
	if (can_be_left_out(child, wait_status)) {
		log_warn("this machine does not permit '%s', for the reason above; the node runs "
			 "without it",
			 child->role->name);
		return;
	}
	say_how(child, wait_status);
	if (is_hopeless(child, wait_status) && !was_steady) {
		stop_all(supervisor, WEXITSTATUS(wait_status));
		return;
	}
	child->pause_ns = was_steady || child->pause_ns == 0
				  ? PAUSE_MIN_NS
				  : MIN_OF(child->pause_ns * 2, PAUSE_MAX_NS);
	child->start_at_ns = now + child->pause_ns;
	log_info("%s is started again in %llu ms", child->role->name,
		 (unsigned long long)(child->pause_ns / NS_PER_MS));
}

static void on_predecessor_gone(struct supervisor *supervisor, struct child *child)
{
	log_info("%s of before the upgrade (process %d) has ended", child->role->name,
		 (int)child->predecessor);
	child->predecessor = 0;
	if (child->pid == 0 && !supervisor->is_stopping)
		start(child);
}

static void reap(struct supervisor *supervisor)
{
	int wait_status;
	pid_t pid;

	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
		for (size_t i = 0; i < supervisor->count; i++) {
			struct child *child = &supervisor->children[i];

			if (child->pid == pid)
				on_death(supervisor, child, wait_status);
			else if (child->predecessor == pid)
				on_predecessor_gone(supervisor, child);
		}
	}
}

/* ---- upgrade ---- */

static void upgrade(struct supervisor *supervisor)
{
	struct error err = { 0 };
	AUTO_BUFFER struct buffer list = { 0 };

	for (size_t i = 0; i < supervisor->count; i++)
		if (supervisor->children[i].predecessor > 0) {
			log_warn("not upgraded: %s still takes over from the last time",
				 supervisor->children[i].role->name);
			return;
		}
	for (size_t i = 0; i < supervisor->count; i++)
		buffer_printf(&list, "%s%s=%d", i > 0 ? "," : "",
			      supervisor->children[i].role->name, (int)supervisor->children[i].pid);

	AUTO(mem_free_text) char *children = buffer_take(&list);

	log_info("upgrading");
	upgrade_exec(children, &err);
	log_problem(LOG_LEVEL_ERROR, "not upgraded, all goes on as it was", &err);
}

/* A role that was there before: one that cannot be taken over has to go first. */
static void adopt(struct child *child)
{
	const pid_t pid = upgrade_child(getenv(UPGRADE_CHILDREN), child->role->name);

	if (pid <= 0)
		return;
	child->predecessor = pid;
	child->lives = 1; /* it did run: what fails now may be mended */
	if (!child->role->takes_over)
		kill(pid, SIGTERM);
}

static int start_due(struct supervisor *supervisor)
{
	int wait_ms = -1;

	for (size_t i = 0; i < supervisor->count; i++) {
		struct child *child = &supervisor->children[i];
		const uint64_t now = clock_monotonic_ns();

		if (child->pid != 0 || child->start_at_ns == 0)
			continue;
		if (child->start_at_ns <= now) {
			start(child);
			continue;
		}

		const int ms = (int)((child->start_at_ns - now) / NS_PER_MS) + 1;

		wait_ms = wait_ms < 0 ? ms : MIN_OF(wait_ms, ms);
	}
	return wait_ms;
}

static void hang_up(const struct child *child)
{
	if (child->pid > 0 && !child->role->ignores_hangup)
		kill(child->pid, SIGHUP);
}

static void take_signals(struct supervisor *supervisor, int wait_ms)
{
	struct pollfd poll_fd = { .fd = supervisor->signals, .events = POLLIN };
	struct signalfd_siginfo info;

	if (poll(&poll_fd, 1, wait_ms) <= 0)
		return;
	while (read(supervisor->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			reap(supervisor);
		} else if (info.ssi_signo == SIGUSR2) {
			upgrade(supervisor);
		} else if (info.ssi_signo == SIGHUP) {
			for (size_t i = 0; i < supervisor->count; i++)
				hang_up(&supervisor->children[i]);
		} else {
			stop_all(supervisor, STATUS_FINE);
		}
	}
}

static void stop_child(struct supervisor *supervisor, struct child *child)
{
	const uint64_t limit = clock_monotonic_ns() + KILL_NS;

	if (child->predecessor > 0)
		kill(child->predecessor, SIGTERM);
	if (child->pid == 0)
		return;
	kill(child->pid, SIGTERM);
	while (child->pid != 0 && clock_monotonic_ns() < limit)
		take_signals(supervisor, 100);
	if (child->pid != 0) {
		log_warn("%s does not end; killed", child->role->name);
		kill(child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
		child->pid = 0;
	}
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int supervisor_run(const struct role *roles, size_t count)
{
	struct supervisor supervisor = {
		.children = mem_alloc_array(count, sizeof(struct child)),
		.count = count,
		.signals = open_signals(),
	};

	for (size_t i = 0; i < count; i++) {
		struct child *child = &supervisor.children[i];

		child->role = &roles[i];
		adopt(child);
		if (child->predecessor == 0 || child->role->takes_over)
			start(child);
	}
	unsetenv(UPGRADE_CHILDREN);
	while (!supervisor.is_stopping)
		take_signals(&supervisor, start_due(&supervisor));
	for (size_t i = count; i-- > 0;)
		stop_child(&supervisor, &supervisor.children[i]);
	close(supervisor.signals);
	mem_free(supervisor.children);
	return supervisor.status;
}
