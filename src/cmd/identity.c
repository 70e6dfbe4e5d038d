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
	OPTION_OFFLINE_ROOT,
	OPTION_ROOT_KEY,
	OPTION_ISSUER_KEY,
	OPTION_KEY_ENCRYPTION,
	OPTION_CRL_URL,
	OPTION_WORKLOAD_RATE,
	OPTION_TOTAL_RATE,
	OPTION_DOCKER_SOCKET,
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
	{ "offline-root", no_argument, NULL, OPTION_OFFLINE_ROOT },
	{ "root-key", required_argument, NULL, OPTION_ROOT_KEY },
	{ "issuer-key", required_argument, NULL, OPTION_ISSUER_KEY },
	{ "key-encryption", required_argument, NULL, OPTION_KEY_ENCRYPTION },
	{ "crl-url", required_argument, NULL, OPTION_CRL_URL },
	{ "workload-rate", required_argument, NULL, OPTION_WORKLOAD_RATE },
	{ "total-rate", required_argument, NULL, OPTION_TOTAL_RATE },
	{ "docker-socket", required_argument, NULL, OPTION_DOCKER_SOCKET },
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

static bool take_rate(unsigned *out)
{
	uint64_t number;

	if (!text_parse_number(text_of(optarg), 1000000, &number) || number == 0)
		return false;
	*out = (unsigned)number;
	return true;
}

/* A key on a token, by its RFC 7512 address. */
static bool take_address(const char **out)
{
	*out = optarg;
	return text_starts_with(text_of(optarg), TEXT("pkcs11:"));
}

static bool take_authority_option(struct ca_options *options, int code)
{
	switch (code) {
	case OPTION_OFFLINE_ROOT:
		return options->offline_root = true;
	case OPTION_ROOT_KEY:
		return take_address(&options->root_key);
	case OPTION_ISSUER_KEY:
		return take_address(&options->issuer_key);
	case OPTION_KEY_ENCRYPTION:
		options->key_encryption = optarg;
		return true;
	case OPTION_CRL_URL:
		options->crl_url = optarg;
		return text_starts_with(text_of(optarg), TEXT("http"));
	case OPTION_WORKLOAD_RATE:
		return take_rate(&options->limits.workload_rate);
	case OPTION_TOTAL_RATE:
		return take_rate(&options->limits.total_rate);
	default:
		return false;
	}
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
		return duration_parse(text_of(optarg), &options->ca.lifetimes.svid_ns);
	case OPTION_ISSUER_TTL:
		return duration_parse(text_of(optarg), &options->ca.lifetimes.issuer_ns);
	case OPTION_ROOT_TTL:
		return duration_parse(text_of(optarg), &options->ca.lifetimes.root_ns);
	case OPTION_DOCKER_SOCKET:
		options->docker_socket = optarg;
		return true;
	case OPTION_STRICT:
		options->strict = true;
		return true;
	default:
		return take_authority_option(&options->ca, code);
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
		"  --strict             unknown kinds and fields in the resources are errors\n"
		"\n"
		"  --offline-root       the root is kept elsewhere: 'mangrove id csr', 'mangrove "
		"id "
		"import'\n"
		"  --root-key URI       keys on a PKCS#11 token (RFC 7512) instead of files\n"
		"  --issuer-key URI\n"
		"  --key-encryption WHERE\n"
		"                       keys in files are encrypted with this secret: "
		"keyring:NAME, file:PATH\n"
		"  --crl-url URL        stands in certificates: where others find the revocation "
		"list\n"
		"  --workload-rate 100  certificates and tokens a second, of one workload and of "
		"all\n"
		"  --total-rate 5000\n"
		"  --docker-socket PATH who is asked about containers (/var/run/docker.sock)\n",
	.run = run,
};
