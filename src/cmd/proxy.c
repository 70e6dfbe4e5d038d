/* SPDX-License-Identifier: Apache-2.0 */
/* proxy.c — `mangrove proxy PATH…`: options in, proxy_run, exit status out. */
#include "cmd/command.h"

#include "base/base.h"
#include "proxy/proxy.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define WORKLOADS_MAX  256
#define IDENTITIES_MAX 256
#define CAPTURES_MAX   256
#define CAPTURE_PORT   "127.0.0.1:15001" /* Istio's */
#define DRAIN_NS       (10 * NS_PER_SEC)

struct arguments {
	struct proxy_options options;
	const char *workloads[WORKLOADS_MAX];
	struct proxy_identity_files files[IDENTITIES_MAX];
	struct proxy_capture captures[CAPTURES_MAX];
};

enum option_code {
	OPTION_ACCESS_LOG = 256,
	OPTION_ADMIN,
	OPTION_CAPTURE,
	OPTION_DNS,
	OPTION_DRAIN,
	OPTION_HANDOVER,
	OPTION_IDENTITY_DIRECTORY,
	OPTION_JWKS_CA,
	OPTION_JWKS_REFRESH,
	OPTION_LOG_LEVEL,
	OPTION_STRICT,
	OPTION_TAKE_OVER,
	OPTION_SVID,
	OPTION_TRUST_DOMAIN,
	OPTION_WORKERS,
	OPTION_WORKLOAD,
	OPTION_WORKLOAD_API,
};

static const struct option option_table[] = {
	{ "access-log", required_argument, NULL, OPTION_ACCESS_LOG },
	{ "admin", required_argument, NULL, OPTION_ADMIN },
	{ "capture", required_argument, NULL, OPTION_CAPTURE },
	{ "dns", required_argument, NULL, OPTION_DNS },
	{ "drain", required_argument, NULL, OPTION_DRAIN },
	{ "handover", required_argument, NULL, OPTION_HANDOVER },
	{ "identity-directory", required_argument, NULL, OPTION_IDENTITY_DIRECTORY },
	{ "jwks-ca", required_argument, NULL, OPTION_JWKS_CA },
	{ "jwks-refresh", required_argument, NULL, OPTION_JWKS_REFRESH },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ "strict", no_argument, NULL, OPTION_STRICT },
	{ "take-over", no_argument, NULL, OPTION_TAKE_OVER },
	{ "svid", required_argument, NULL, OPTION_SVID },
	{ "trust-domain", required_argument, NULL, OPTION_TRUST_DOMAIN },
	{ "workers", required_argument, NULL, OPTION_WORKERS },
	{ "workload", required_argument, NULL, OPTION_WORKLOAD },
	{ "workload-api", required_argument, NULL, OPTION_WORKLOAD_API },
	{ 0 },
};

static int add_workload(struct arguments *arguments, const char *name)
{
	if (arguments->options.workload_count == WORKLOADS_MAX)
		return command_usage(&proxy_command, "at most %d workloads", WORKLOADS_MAX);
	if (strchr(name, '/') == NULL)
		return command_usage(&proxy_command, "--workload wants NAMESPACE/NAME, not '%s'",
				     name);
	arguments->workloads[arguments->options.workload_count++] = name;
	return STATUS_FINE;
}

/* CERTIFICATE,KEY,BUNDLE; the texts stay in argv. */
static int add_svid(struct arguments *arguments, char *files)
{
	struct proxy_identity_files *identity = &arguments->files[arguments->options.file_count];
	char *rest = files;

	if (arguments->options.file_count == IDENTITIES_MAX)
		return command_usage(&proxy_command, "at most %d identities", IDENTITIES_MAX);
	identity->certificate = strsep(&rest, ",");
	identity->key = strsep(&rest, ",");
	identity->bundle = strsep(&rest, ",");
	if (identity->bundle == NULL || rest != NULL)
		return command_usage(&proxy_command, "--svid wants CERTIFICATE,KEY,BUNDLE");
	arguments->options.file_count++;
	return STATUS_FINE;
}

static int add_directory(struct arguments *arguments, const char *directory)
{
	if (arguments->options.file_count == IDENTITIES_MAX)
		return command_usage(&proxy_command, "at most %d identities", IDENTITIES_MAX);
	arguments->files[arguments->options.file_count++].directory = directory;
	return STATUS_FINE;
}

/* CGROUP,NAMESPACE/NAME[,IP:PORT]; the texts stay in argv. */
static int add_capture(struct arguments *arguments, char *written)
{
	struct proxy_capture *capture = &arguments->captures[arguments->options.capture_count];
	struct error err = { 0 };
	char *rest = written;
	const char *address;

	if (arguments->options.capture_count == CAPTURES_MAX)
		return command_usage(&proxy_command, "at most %d captures", CAPTURES_MAX);
	capture->cgroup = strsep(&rest, ",");
	capture->workload = strsep(&rest, ",");
	address = rest != NULL ? rest : CAPTURE_PORT;
	if (capture->workload == NULL || strchr(capture->workload, '/') == NULL)
		return command_usage(&proxy_command,
				     "--capture wants CGROUP,NAMESPACE/NAME[,IP:PORT]");
	if (address_parse(text_of(address), &capture->proxy, &err) < 0)
		return command_usage(&proxy_command, "--capture: %s", err.text);
	for (size_t i = 0; i < arguments->options.capture_count; i++)
		if (address_equal(&arguments->captures[i].proxy, &capture->proxy))
			return command_usage(
				&proxy_command,
				"--capture: each workload needs an IP:PORT of its own; "
				"%s is taken",
				address);
	arguments->options.capture_count++;
	return STATUS_FINE;
}

static int set_workers(struct arguments *arguments, const char *text)
{
	uint64_t workers;

	if (!text_parse_number(text_of(text), 1024, &workers) || workers == 0)
		return command_usage(&proxy_command, "--workers wants a number from 1 to 1024");
	arguments->options.workers = (unsigned)workers;
	return STATUS_FINE;
}

static int set_admin(struct arguments *arguments, const char *text)
{
	struct error err = { 0 };

	if (address_parse(text_of(text), &arguments->options.admin, &err) < 0)
		return command_usage(&proxy_command, "--admin: %s", err.text);
	return STATUS_FINE;
}

static int set_log_level(const char *text)
{
	enum log_level level;

	if (!log_level_parse(text, &level))
		return command_usage(&proxy_command, "--log-level is error, warn, info or debug");
	log_set_level(level);
	return STATUS_FINE;
}

static int take_option(struct arguments *arguments, int option)
{
	struct proxy_options *options = &arguments->options;

	switch (option) {
	case OPTION_ACCESS_LOG:
		options->access_log = optarg;
		return STATUS_FINE;
	case OPTION_ADMIN:
		return set_admin(arguments, optarg);
	case OPTION_CAPTURE:
		return add_capture(arguments, optarg);
	case OPTION_DNS:
		options->dns = optarg;
		return STATUS_FINE;
	case OPTION_DRAIN:
		if (!duration_parse(text_of(optarg), &options->drain_ns))
			return command_usage(&proxy_command, "--drain wants a duration like 10s");
		return STATUS_FINE;
	case OPTION_HANDOVER:
		options->handover = optarg;
		return STATUS_FINE;
	case OPTION_TAKE_OVER:
		options->take_over = true;
		return STATUS_FINE;
	case OPTION_IDENTITY_DIRECTORY:
		return add_directory(arguments, optarg);
	case OPTION_JWKS_CA:
		options->jwks_ca = optarg;
		return STATUS_FINE;
	case OPTION_JWKS_REFRESH:
		if (!duration_parse(text_of(optarg), &options->jwks_refresh_ns)
		    || options->jwks_refresh_ns < NS_PER_MS)
			return command_usage(&proxy_command,
					     "--jwks-refresh wants a duration like 5m");
		return STATUS_FINE;
	case OPTION_LOG_LEVEL:
		return set_log_level(optarg);
	case OPTION_STRICT:
		options->strict = true;
		return STATUS_FINE;
	case OPTION_SVID:
		return add_svid(arguments, optarg);
	case OPTION_TRUST_DOMAIN:
		options->trust_domain = optarg;
		return STATUS_FINE;
	case OPTION_WORKERS:
		return set_workers(arguments, optarg);
	case OPTION_WORKLOAD:
		return add_workload(arguments, optarg);
	case OPTION_WORKLOAD_API:
		options->workload_api = optarg;
		return STATUS_FINE;
	default:
		return command_usage(&proxy_command, "see its options");
	}
}

static int run(int argc, char **argv)
{
	struct arguments arguments = {
		.options = { .drain_ns = DRAIN_NS, .jwks_refresh_ns = PROXY_JWKS_REFRESH_NS },
	};
	struct error err = { 0 };
	char text[sizeof(err.text) + 256];
	int option;

	while ((option = getopt_long(argc, argv, "", option_table, NULL)) != -1) {
		const int status = take_option(&arguments, option);

		if (status != STATUS_FINE)
			return status;
	}
	if (optind == argc)
		return command_usage(&proxy_command, "name the files or directories of resources");
	if (arguments.options.take_over && arguments.options.handover == NULL)
		return command_usage(&proxy_command, "--take-over wants --handover PATH");
	if (arguments.options.capture_count > 0 && arguments.options.handover != NULL)
		return command_usage(&proxy_command,
				     "--capture and --handover do not go together: where captured "
				     "connections were to go is known to one proxy alone");
	arguments.options.paths = (const char *const *)argv + optind;
	arguments.options.path_count = (size_t)(argc - optind);
	arguments.options.workloads = arguments.workloads;
	arguments.options.files = arguments.files;
	arguments.options.captures = arguments.captures;
	log_set_role("proxy");
	if (proxy_run(&arguments.options, &err) == 0)
		return STATUS_FINE;
	fprintf(stderr, "mangrove proxy: %s\n", error_format(&err, text, sizeof(text)));
	return err.code == -EACCES || err.code == -EPERM ? STATUS_FORBIDDEN : STATUS_USAGE;
}

const struct command proxy_command = {
	.name = "proxy",
	.arguments = "[OPTION…] PATH…",
	.summary = "Run the data plane for this host's workloads and gateways.",
	.help = "PATH…                        files and directories of resources, watched for "
		"changes\n"
		"--workload NAMESPACE/NAME    stand for this workload alone (again for more);\n"
		"                             otherwise for all whose address is this machine's\n"
		"--workload-api ENDPOINT      where identities come from: unix:///path or "
		"tcp://IP:PORT;\n"
		"                             otherwise SPIFFE_ENDPOINT_SOCKET\n"
		"--svid CERT,KEY,BUNDLE       an identity from PEM files instead (again for more)\n"
		"--identity-directory DIR     the same from a directory as cert-manager or\n"
		"                             spiffe-helper leave it\n"
		"--trust-domain NAME          instead of MeshConfig's trustDomain\n"
		"--admin ADDRESS:PORT         probes, metrics and configuration; none unless "
		"given\n"
		"--capture CGROUP,NAMESPACE/NAME[,IP:PORT]\n"
		"                             the kernel brings the TCP connections of that "
		"cgroup's\n"
		"                             processes to IP:PORT (127.0.0.1:15001), as the "
		"workload's;\n"
		"                             wants root, or CAP_BPF and CAP_NET_ADMIN\n"
		"--access-log PATH|-|none     a line a request; otherwise MeshConfig's "
		"accessLogFile or\n"
		"                             standard output\n"
		"--workers N                  threads; one a core unless given\n"
		"--dns IP:PORT,…              DNS servers; otherwise those of /etc/resolv.conf\n"
		"--drain DURATION             how long a stop waits for requests (10s)\n"
		"--handover PATH              unix socket at which the next proxy can take over\n"
		"--take-over                  take the sockets of the proxy that runs there, which "
		"then ends\n"
		"--jwks-ca FILE               whom to trust when keys are fetched (jwksUri); "
		"otherwise\n"
		"                             the system's roots\n"
		"--jwks-refresh DURATION      how long fetched keys are good (5m)\n"
		"--log-level LEVEL            error, warn, info or debug\n"
		"--strict                     what warns is an error\n"
		"SIGTERM drains and ends, SIGHUP opens the access log again.\n",
	.run = run,
};
