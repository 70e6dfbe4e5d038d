/* SPDX-License-Identifier: Apache-2.0 */
/* up.c — `mangrove up PATH…`: a supervisor and one process a role. */
#include "cmd/command.h"
#include "cmd/load.h"

#include "base/base.h"
#include "cmd/supervisor.h"
#include "cmd/upgrade.h"
#include "cmd/watch_rules.h"
#include "resource/resource.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define UP_RULES_MAX (ROLE_ARGUMENTS_MAX / 2) /* each with its option */

enum sensor_when { SENSOR_WHERE_PERMITTED, SENSOR_ALWAYS, SENSOR_NEVER };

struct arguments {
	char *state; /* directory; owned */
	const char *trust_domain, *admin, *access_log, *workers, *dns, *drain, *svid_ttl;
	const char *jwks_ca, *jwks_refresh;
	bool strict;
	enum sensor_when sensor;
	struct watch_rules rules; /* beside our own */
	char **paths;
	size_t path_count;
};

static const struct option option_table[] = {
	{ "access-log", required_argument, NULL, 'l' },
	{ "admin", required_argument, NULL, 'a' },
	{ "dns", required_argument, NULL, 'n' },
	{ "drain", required_argument, NULL, 'd' },
	{ "jwks-ca", required_argument, NULL, 'j' },
	{ "jwks-refresh", required_argument, NULL, 'r' },
	{ "rules", required_argument, NULL, 'R' },
	{ "sensor", required_argument, NULL, 'e' },
	{ "state", required_argument, NULL, 's' },
	{ "strict", no_argument, NULL, 'S' },
	{ "svid-ttl", required_argument, NULL, 'L' },
	{ "trust-domain", required_argument, NULL, 't' },
	{ "workers", required_argument, NULL, 'w' },
	{ 0 },
};

static char *default_state(void)
{
	const char *base = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (geteuid() == 0)
		return mem_strdup("/var/lib/mangrove");
	if (base != NULL && base[0] == '/')
		return mem_printf("%s/mangrove", base);
	return home != NULL ? mem_printf("%s/.local/state/mangrove", home) : NULL;
}

static int take_rules(struct arguments *arguments, const char *path)
{
	if (arguments->rules.count == UP_RULES_MAX)
		return command_usage(&up_command, "at most %d files of rules", UP_RULES_MAX);
	arguments->rules.paths[arguments->rules.count++] = path;
	return STATUS_FINE;
}

static int take_sensor(struct arguments *arguments, const char *when)
{
	static const char *const words[] = {
		[SENSOR_WHERE_PERMITTED] = "auto",
		[SENSOR_ALWAYS] = "on",
		[SENSOR_NEVER] = "off",
	};

	for (unsigned i = 0; i < COUNT_OF(words); i++)
		if (strcmp(when, words[i]) == 0) {
			arguments->sensor = (enum sensor_when)i;
			return STATUS_FINE;
		}
	return command_usage(&up_command, "--sensor takes auto, on or off");
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
	int option, status = STATUS_FINE;

	while (status == STATUS_FINE
	       && (option = getopt_long(argc, argv, "", option_table, NULL)) != -1) {
		switch (option) {
		case 'a':
			arguments->admin = optarg;
			break;
		case 'd':
			arguments->drain = optarg;
			break;
		case 'n':
			arguments->dns = optarg;
			break;
		case 'j':
			arguments->jwks_ca = optarg;
			break;
		case 'r':
			arguments->jwks_refresh = optarg;
			break;
		case 'l':
			arguments->access_log = optarg;
			break;
		case 'L':
			arguments->svid_ttl = optarg;
			break;
		case 'R':
			status = take_rules(arguments, optarg);
			break;
		case 'e':
			status = take_sensor(arguments, optarg);
			break;
		case 's':
			arguments->state = mem_strdup(optarg);
			break;
		case 'S':
			arguments->strict = true;
			break;
		case 't':
			arguments->trust_domain = optarg;
			break;
		case 'w':
			arguments->workers = optarg;
			break;
		default:
			return command_usage(&up_command, "see its options");
		}
	}
	if (status != STATUS_FINE)
		return status;
	if (optind == argc)
		return command_usage(&up_command, "name the files or directories of resources");
	if (arguments->state == NULL)
		arguments->state = default_state();
	if (arguments->state == NULL)
		return command_usage(&up_command, "where is the state to be kept? Say --state DIR");
	arguments->paths = argv + optind;
	arguments->path_count = (size_t)(argc - optind);
	return STATUS_FINE;
}

struct argument_list {
	struct role *role;
	size_t count;
};

static void add(struct argument_list *list, const char *argument)
{
	if (list->count < ROLE_ARGUMENTS_MAX)
		list->role->arguments[list->count++] = argument;
}

static void add_option(struct argument_list *list, const char *name, const char *value)
{
	if (value == NULL)
		return;
	add(list, name);
	add(list, value);
}

static void add_common(struct argument_list *list, const struct arguments *arguments)
{
	add_option(list, "--trust-domain", arguments->trust_domain);
	if (arguments->strict)
		add(list, "--strict");
	for (size_t i = 0; i < arguments->path_count; i++)
		add(list, arguments->paths[i]);
}

static void fill_identity(struct role *role, const struct arguments *arguments, const char *socket)
{
	struct argument_list list = { .role = role };

	role->name = "identity";
	add_option(&list, "--state", arguments->state);
	add_option(&list, "--socket", socket);
	add_option(&list, "--svid-ttl", arguments->svid_ttl);
	add_common(&list, arguments);
}

static void fill_proxy(struct role *role, const struct arguments *arguments, const char *endpoint,
		       const char *handover)
{
	struct argument_list list = { .role = role };

	role->name = "proxy";
	role->takes_over = true;
	add_option(&list, "--handover", handover);
	add_option(&list, "--workload-api", endpoint);
	add_option(&list, "--admin", arguments->admin);
	add_option(&list, "--access-log", arguments->access_log);
	add_option(&list, "--workers", arguments->workers);
	add_option(&list, "--dns", arguments->dns);
	add_option(&list, "--drain", arguments->drain);
	add_option(&list, "--jwks-ca", arguments->jwks_ca);
	add_option(&list, "--jwks-refresh", arguments->jwks_refresh);
	add_common(&list, arguments);
}

/* No root is asked for: without it, or on a kernel too old, all but the sensor runs. */
static void fill_sensor(struct role *role, const struct arguments *arguments)
{
	struct argument_list list = { .role = role };

	role->name = "watch";
	role->ignores_hangup = true;
	role->is_dispensable = arguments->sensor == SENSOR_WHERE_PERMITTED;
	for (size_t i = 0; i < arguments->rules.count; i++)
		add_option(&list, "--rules", arguments->rules.paths[i]);
}

/* The roles would both refuse broken files; said once, with the line at fault, it reads better. */
static int check_paths(const struct arguments *arguments)
{
	const struct resource_options options = { .strict = arguments->strict };
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	AUTO(policy_unref) struct policy *policy = NULL;
	AUTO_DIAGNOSTICS struct diagnostics found;
	struct error err = { 0 };

	diagnostics_init(&found);
	if (load_mesh((const char *const *)arguments->paths, arguments->path_count, &options,
		      &found, &set, &policy, &err)
	    == 0)
		return STATUS_FINE;
	load_print_problems(&found, true);
	fprintf(stderr, "mangrove up: these resources do not load: %s\n", err.text);
	return STATUS_USAGE;
}

static int run(int argc, char **argv)
{
	struct arguments arguments = { .admin = "127.0.0.1:15000" };
	struct role roles[3] = { 0 };
	size_t count = 2;
	struct error err = { 0 };
	int status = parse(argc, argv, &arguments);
	AUTO(mem_free_text) char *state = arguments.state;

	if (status != STATUS_FINE)
		return status;
	if (arguments.path_count > ROLE_ARGUMENTS_MAX / 2)
		return command_usage(&up_command,
				     "at most %d paths: put the files into a directory",
				     ROLE_ARGUMENTS_MAX / 2);
	if (getenv(UPGRADE_CHILDREN) == NULL) /* else the roles of before go on meanwhile */
		status = check_paths(&arguments);
	if (status != STATUS_FINE)
		return status;
	if (file_make_directory(arguments.state, 0755, &err) < 0) {
		fprintf(stderr, "mangrove up: %s\n", err.text);
		return STATUS_FORBIDDEN;
	}

	AUTO(mem_free_text) char *socket = mem_printf("%s/workload-api.sock", arguments.state);
	AUTO(mem_free_text) char *endpoint = mem_printf("unix://%s", socket);
	AUTO(mem_free_text) char *handover = mem_printf("%s/proxy.sock", arguments.state);

	log_set_role("up");
	log_info("state is kept in %s", arguments.state);
	fill_identity(&roles[0], &arguments, socket);
	fill_proxy(&roles[1], &arguments, endpoint, handover);
	if (arguments.sensor != SENSOR_NEVER)
		fill_sensor(&roles[count++], &arguments);
	return supervisor_run(roles, count);
}

const struct command up_command = {
	.name = "up",
	.arguments = "[OPTION…] PATH…",
	.summary = "Run a whole node: authority, Workload API, proxy and sensor, supervised.",
	.help = "PATH…                      files and directories of resources, watched for "
		"changes\n"
		"--state DIR                keys, certificates and sockets; otherwise "
		"/var/lib/mangrove\n"
		"                           (root) or ~/.local/state/mangrove\n"
		"--trust-domain NAME        of a new authority; otherwise MeshConfig's or "
		"cluster.local\n"
		"--admin ADDRESS:PORT       the proxy's admin port (127.0.0.1:15000)\n"
		"--access-log PATH|-|none   a line a request; otherwise MeshConfig's accessLogFile "
		"or\n"
		"                           standard output\n"
		"--workers N                the proxy's threads; one a core unless given\n"
		"--dns IP:PORT,…            DNS servers; otherwise those of /etc/resolv.conf\n"
		"--drain DURATION           how long a stop waits for requests (10s)\n"
		"--jwks-ca FILE             whom to trust when keys are fetched (jwksUri)\n"
		"--jwks-refresh DURATION    how long fetched keys are good (5m)\n"
		"--svid-ttl DURATION        of the certificates issued (1h)\n"
		"--sensor auto|on|off       watch system calls: where the machine permits it "
		"(auto), "
		"or\n"
		"                           fail where it does not (on), or not (off)\n"
		"--rules FILE               rules of the sensor beside our own; may be repeated\n"
		"--strict                   what warns is an error\n"
		"SIGTERM drains and ends, SIGHUP opens the access log again, SIGUSR2 upgrades to "
		"the\n"
		"program that now lies where this one was started from, without a failed "
		"request.\n",
	.run = run,
};
