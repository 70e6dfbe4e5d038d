/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c — `mangrove identity PATH…`: options for the role, which is src/identity/role.c. */
#include "cmd/command.h"

#include "identity/identity.h"

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum option_code {
	OPTION_STATE = 256,
	OPTION_SOCKET,
	OPTION_TRUST_DOMAIN,
	OPTION_PROXY_USER,
	OPTION_SVID_TTL,
	OPTION_ISSUER_TTL,
	OPTION_ROOT_TTL,
	OPTION_STRICT,
};

static const struct option option_table[] = {
	{ "state", required_argument, NULL, OPTION_STATE },
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ "trust-domain", required_argument, NULL, OPTION_TRUST_DOMAIN },
	{ "proxy-uid", required_argument, NULL, OPTION_PROXY_USER },
	{ "svid-ttl", required_argument, NULL, OPTION_SVID_TTL },
	{ "issuer-ttl", required_argument, NULL, OPTION_ISSUER_TTL },
	{ "root-ttl", required_argument, NULL, OPTION_ROOT_TTL },
	{ "strict", no_argument, NULL, OPTION_STRICT },
	{ NULL, 0, NULL, 0 },
};

/* A number, or a name that this host knows. */
static bool parse_user(const char *text, uid_t *out)
{
	const struct passwd *user;
	uint64_t number;

	if (text_parse_number(text_of(text), UINT32_MAX - 1, &number)) {
		*out = (uid_t)number;
		return true;
	}
	user = getpwnam(text);
	if (user != NULL)
		*out = user->pw_uid;
	return user != NULL;
}

static bool take_option(struct identity_role *options, int code)
{
	switch (code) {
	case OPTION_STATE:
		options->state = optarg;
		return true;
	case OPTION_SOCKET:
		options->socket = optarg;
		return true;
	case OPTION_TRUST_DOMAIN:
		options->trust_domain = optarg;
		return true;
	case OPTION_PROXY_USER:
		return parse_user(optarg, &options->proxy_uid);
	case OPTION_SVID_TTL:
		return duration_parse(text_of(optarg), &options->lifetimes.svid_ns);
	case OPTION_ISSUER_TTL:
		return duration_parse(text_of(optarg), &options->lifetimes.issuer_ns);
	case OPTION_ROOT_TTL:
		return duration_parse(text_of(optarg), &options->lifetimes.root_ns);
	case OPTION_STRICT:
		options->strict = true;
		return true;
	default:
		return false;
	}
}

static int report(const struct error *err)
{
	char text[sizeof(err->text) + 256];

	fprintf(stderr, "mangrove identity: %s\n", error_format(err, text, sizeof(text)));
	return err->code == -EACCES || err->code == -EPERM ? STATUS_FORBIDDEN : STATUS_USAGE;
}

static int run(int argc, char **argv)
{
	AUTO(mem_free_text) char *state = identity_default_state();
	struct identity_role options = { .state = state, .proxy_uid = getuid() };
	struct error err = { 0 };
	int code;

	optind = 0;
	opterr = 0;
	while ((code = getopt_long(argc, argv, "", option_table, NULL)) != -1)
		if (!take_option(&options, code))
			return command_usage(&identity_command,
					     "'%s' is no option or has no such value",
					     argv[optind - 1]);
	if (optind == argc)
		return command_usage(&identity_command,
				     "name the files or directories of resources");
	options.paths = (const char *const *)argv + optind;
	options.path_count = (size_t)(argc - optind);
	log_set_role("identity");
	return identity_role_run(&options, &err) < 0 ? report(&err) : STATUS_FINE;
}

const struct command identity_command = {
	.name = "identity",
	.arguments = "[--state DIR] PATH…",
	.summary = "Run the certificate authority and the SPIFFE Workload API.",
	.help = "  PATH…                files and directories of resources; each WorkloadEntry, "
		"Workload\n"
		"                       and Pod in them gets an identity: "
		"spiffe://TRUST-DOMAIN/ns/\n"
		"                       NAMESPACE/sa/SERVICEACCOUNT\n"
		"  --state DIR          where the authority lies (DIR/ca); made at first start\n"
		"  --socket PATH        the Workload API's socket (DIR/workload-api.sock)\n"
		"  --trust-domain NAME  for the first start (MeshConfig's trustDomain, or "
		"cluster.local)\n"
		"  --proxy-uid USER     whose processes get every identity (this process's user)\n"
		"  --svid-ttl 1h        how long workloads', issuers' and roots' certificates "
		"live;\n"
		"  --issuer-ttl 720h    each is renewed around half of that\n"
		"  --root-ttl 87600h\n"
		"  --strict             unknown kinds and fields in the resources are errors\n",
	.run = run,
};
