/* SPDX-License-Identifier: Apache-2.0 */
/* id.c — `mangrove id`: identities for people. One verb a file; this one has the table of them. */
#include "cmd/id.h"

#include <getopt.h>
#include <stdio.h>

static const struct verb {
	const char *name;
	const char *subject; /* what it is given; NULL: nothing */
	bool needs_subject;
	int (*run)(const struct id_arguments *arguments);
} verbs[] = {
	{ "list", NULL, false, id_list },
	{ "show", "a certificate file or a SPIFFE ID", true, id_show },
	{ "issue", "a SPIFFE ID", true, id_issue },
	{ "rotate", "one of root, issuer, jwt", true, id_rotate },
	{ "revoke", "a SPIFFE ID or a certificate file", false, id_revoke },
	{ "bundle", NULL, false, id_bundle },
	{ "csr", NULL, false, id_csr },
	{ "import", "a certificate file", true, id_import },
	{ "audit", NULL, false, id_audit },
	{ "explain", NULL, false, id_explain },
	{ "verify", "a certificate file", true, id_verify },
};

#define VERB_NAMES "list, show, issue, rotate, revoke, bundle, csr, import, audit, explain, verify"

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* ---- options ---- */

/* An option's code is its place in the table of texts, or one of these. */
enum option_code {
	OPTION_TEXT = 256,
	OPTION_FORMAT = 512,
	OPTION_AS,
	OPTION_PID,
	OPTION_JSON,
	OPTION_VERIFY,
	OPTION_AUTHORITIES,
	OPTION_RESOURCES,
};

static const struct text_option {
	const char *name;
	size_t offset; /* of the member that it fills */
} text_options[] = {
	{ "state", offsetof(struct id_arguments, state) },
	{ "socket", offsetof(struct id_arguments, socket) },
	{ "bundle", offsetof(struct id_arguments, bundle) },
	{ "trust-domain", offsetof(struct id_arguments, trust_domain) },
	{ "out", offsetof(struct id_arguments, out) },
	{ "name", offsetof(struct id_arguments, name) },
	{ "reason", offsetof(struct id_arguments, reason) },
	{ "since", offsetof(struct id_arguments, since) },
	{ "until", offsetof(struct id_arguments, until) },
	{ "serial", offsetof(struct id_arguments, serial) },
	{ "key", offsetof(struct id_arguments, key) },
	{ "authority", offsetof(struct id_arguments, authority) },
	{ "for", offsetof(struct id_arguments, service) },
	{ "expect", offsetof(struct id_arguments, expected) },
};

static const struct option other_options[] = {
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "as", required_argument, NULL, OPTION_AS },
	{ "pid", required_argument, NULL, OPTION_PID },
	{ "resources", required_argument, NULL, OPTION_RESOURCES },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "verify", no_argument, NULL, OPTION_VERIFY },
	{ "authorities", no_argument, NULL, OPTION_AUTHORITIES },
	{ NULL, 0, NULL, 0 },
};

#define RESOURCES_MAX 64
#define OPTIONS_MAX   (COUNT_OF(text_options) + COUNT_OF(other_options))

static void make_options(struct option out[OPTIONS_MAX])
{
	for (size_t i = 0; i < COUNT_OF(text_options); i++)
		out[i] = (struct option){ text_options[i].name, required_argument, NULL,
					  OPTION_TEXT + (int)i };
	memcpy(out + COUNT_OF(text_options), other_options, sizeof(other_options));
}

static bool take_resources(struct id_arguments *arguments)
{
	const char **paths = (const char **)(uintptr_t)arguments->resources;

	for (size_t i = 0; i < RESOURCES_MAX; i++) {
		if (paths[i] != NULL)
			continue;
		paths[i] = optarg;
		return true;
	}
	return false;
}

static bool take_option(struct id_arguments *arguments, int code)
{
	const struct text value = text_of(optarg);

	switch (code) {
	case OPTION_FORMAT:
		arguments->format = optarg;
		return text_is(value, "pem") || text_is(value, "jwks");
	case OPTION_AS:
		arguments->role = text_is(value, "server") ? TLS_ROLE_SERVER : TLS_ROLE_CLIENT;
		return text_is(value, "server") || text_is(value, "client");
	case OPTION_PID:
		return text_parse_number(value, INT32_MAX, &arguments->pid);
	case OPTION_RESOURCES:
		return take_resources(arguments);
	case OPTION_JSON:
		return arguments->json = true;
	case OPTION_VERIFY:
		return arguments->verify = true;
	case OPTION_AUTHORITIES:
		return arguments->authorities = true;
	default:
		if (code < OPTION_TEXT)
			return false;
		memcpy((char *)arguments + text_options[code - OPTION_TEXT].offset, &optarg,
		       sizeof(optarg));
		return true;
	}
}

/* ---- the command ---- */

static int run(int argc, char **argv)
{
	struct option options[OPTIONS_MAX];
	const char *resources[RESOURCES_MAX + 1] = { 0 };
	struct id_arguments arguments = { .format = "pem",
					  .role = TLS_ROLE_CLIENT,
					  .resources = resources };
	const struct verb *verb;
	int code;

	make_options(options);
	optind = 0;
	opterr = 0;
	while ((code = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take_option(&arguments, code))
			return command_usage(&id_command, "'%s' is no option or has no such value",
					     argv[optind - 1]);
	if (optind == argc)
		return command_usage(&id_command, "one of " VERB_NAMES " is missing");
	verb = find_verb(argv[optind++]);
	if (verb == NULL)
		return command_usage(&id_command, "'%s' is none of " VERB_NAMES, argv[optind - 1]);
	if (optind < argc)
		arguments.subject = argv[optind++];
	if (optind < argc || (verb->subject == NULL && arguments.subject != NULL))
		return command_usage(&id_command, "'%s' is one argument too many",
				     argv[optind < argc ? optind : optind - 1]);
	if (verb->needs_subject && arguments.subject == NULL)
		return command_usage(&id_command, "%s needs %s", verb->name, verb->subject);
	log_set_level(LOG_LEVEL_ERROR); /* what matters is in the answer */
	return verb->run(&arguments);
}

const struct command id_command = {
	.name = "id",
	.arguments = "VERB [SUBJECT] [OPTION…]",
	.summary = "Show, issue, rotate, revoke and explain identities; judge certificates.",
	.help = "  list             the identities this process may have; --authorities: the "
		"authority's\n"
		"                   generations\n"
		"  show FILE|ID     everything about a certificate file, or about an identity of "
		"ours\n"
		"  issue ID         a certificate with a new key, into --out DIR\n"
		"  rotate KIND      a new root, issuer or jwt key now\n"
		"  revoke ID|CERT   writes a Revocation: --reason TEXT; also --serial, --key, "
		"--authority\n"
		"                   HEX, --since, --until TIME, --name NAME, --out DIR\n"
		"  bundle           the authorities to trust: --format pem or jwks, --trust-domain "
		"NAME\n"
		"  csr, import CERT an offline root: the request to sign, and its answer\n"
		"  audit            the authority's record; --verify: is it whole? --expect HASH\n"
		"  explain --pid N  why that process gets, or does not get, an identity\n"
		"  verify CERT      would a peer with this certificate be let in? prints the "
		"reason\n"
		"\n"
		"  --socket PATH    the Workload API to ask; also unix:///PATH and tcp://IP:PORT\n"
		"  --state DIR      the one of this state directory, and the authority's own "
		"socket\n"
		"  --bundle FILE    verify: authorities to trust (PEM), instead of asking\n"
		"  --trust-domain T verify: the bundle's trust domain; otherwise the "
		"certificate's\n"
		"  --as ROLE        verify: the certificate is a client's (default) or a server's\n"
		"  --for SERVICE --resources PATH\n"
		"                   verify: may it also speak to this service, by these files?\n"
		"  --json           for programs\n"
		"\n"
		"Without --socket and --state, SPIFFE_ENDPOINT_SOCKET and then the default state\n"
		"directory are asked. verify exits with 0 where the certificate is trusted, 1 "
		"where\n"
		"it is not.\n",
	.run = run,
};
