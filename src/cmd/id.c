/* SPDX-License-Identifier: Apache-2.0 */
/* id.c — `mangrove id`: identities for people. One subcommand a function; what they know comes from
 * the Workload API, like any other client's. */
#include "cmd/command.h"

#include "identity/identity.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS (3 * NS_PER_SEC)

struct arguments {
	const char *state, *socket;
	const char *bundle, *trust_domain, *format;
	enum tls_role role;
	bool json;
	const char *subject; /* FILE, ID or CERT */
};

enum option_code {
	OPTION_STATE = 256,
	OPTION_SOCKET,
	OPTION_BUNDLE,
	OPTION_TRUST_DOMAIN,
	OPTION_FORMAT,
	OPTION_AS,
	OPTION_JSON,
};

static const struct option option_table[] = {
	{ "state", required_argument, NULL, OPTION_STATE },
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ "bundle", required_argument, NULL, OPTION_BUNDLE },
	{ "trust-domain", required_argument, NULL, OPTION_TRUST_DOMAIN },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "as", required_argument, NULL, OPTION_AS },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ NULL, 0, NULL, 0 },
};

static int fail(const struct error *err)
{
	char text[sizeof(err->text) + 256];

	fprintf(stderr, "mangrove id: %s\n", error_format(err, text, sizeof(text)));
	return err->code == -EACCES || err->code == -EPERM ? STATUS_FORBIDDEN : STATUS_USAGE;
}

/* --socket, --state, SPIFFE_ENDPOINT_SOCKET, the default state directory: the first that is given.
 */
static char *choose_endpoint(const struct arguments *arguments)
{
	AUTO(mem_free_text) char *state = NULL;

	if (arguments->socket != NULL)
		return arguments->socket[0] == '/' ? mem_printf("unix://%s", arguments->socket)
						   : mem_strdup(arguments->socket);
	if (arguments->state != NULL)
		return identity_state_endpoint(arguments->state);
	if (getenv("SPIFFE_ENDPOINT_SOCKET") != NULL)
		return mem_strdup(getenv("SPIFFE_ENDPOINT_SOCKET"));
	state = identity_default_state();
	return identity_state_endpoint(state);
}

static int fetch(const struct arguments *arguments, struct identity_set **out, struct error *err)
{
	AUTO(mem_free_text) char *endpoint = choose_endpoint(arguments);
	const int result = identity_fetch(endpoint, PATIENCE_NS, out, err);

	return result < 0 ? error_prefix(err, "%s", endpoint) : 0;
}

/* ---- list ---- */

static void print_row(const struct svid *svid)
{
	struct certificate_facts facts;
	char left[DURATION_TEXT_MAX];
	const int64_t left_ns = MAX_OF(svid->not_after_ns - clock_wall_ns(), INT64_C(0));

	certificate_describe(svid_leaf(svid), &facts);
	duration_format(left, (uint64_t)left_ns / NS_PER_SEC * NS_PER_SEC);
	printf("%.19sZ  %-9s  %-32s  %s\n", facts.not_after, left, facts.serial, svid->id);
}

static void write_facts(struct json_writer *json, const struct certificate_facts *facts)
{
	const struct {
		const char *name, *value;
	} members[] = {
		{ "id", facts->id[0] != '\0' ? facts->id : NULL },
		{ "subject", facts->subject },
		{ "issuer", facts->issuer },
		{ "serial", facts->serial },
		{ "sha256", facts->sha256 },
		{ "notBefore", facts->not_before },
		{ "notAfter", facts->not_after },
		{ "key", facts->key },
		{ "usage", facts->usage },
	};

	json_begin_object(json);
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		json_key(json, members[i].name);
		json_cstring(json, members[i].value);
	}
	json_key(json, "authority");
	json_bool(json, facts->is_authority);
	json_end_object(json);
}

static void print_json_chain(STACK_OF(X509) * chain)
{
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer json = { .out = &out };

	json_begin_array(&json);
	for (int i = 0; i < sk_X509_num(chain); i++) {
		struct certificate_facts facts;

		certificate_describe(sk_X509_value(chain, i), &facts);
		write_facts(&json, &facts);
	}
	json_end_array(&json);
	puts(out.data);
}

static int list(const struct arguments *arguments)
{
	AUTO(identity_set_unref) struct identity_set *set = NULL;
	STACK_OF(X509) * leaves;
	struct error err = { 0 };

	if (fetch(arguments, &set, &err) < 0)
		return fail(&err);
	if (!arguments->json) {
		printf("%-20s  %-9s  %-32s  %s\n", "VALID UNTIL", "LEFT", "SERIAL", "SPIFFE ID");
		for (size_t i = 0; i < set->svid_count; i++)
			print_row(set->svids[i]);
		return STATUS_FINE;
	}
	leaves = sk_X509_new_null();
	for (size_t i = 0; i < set->svid_count; i++)
		sk_X509_push(leaves, svid_leaf(set->svids[i]));
	print_json_chain(leaves);
	sk_X509_free(leaves);
	return STATUS_FINE;
}

/* ---- show ---- */

static void print_facts(const struct certificate_facts *facts)
{
	printf("%-10s %s\n", facts->is_authority ? "authority" : "workload",
	       facts->id[0] != '\0' ? facts->id : "(no SPIFFE ID)");
	if (facts->subject[0] != '\0')
		printf("  subject  %s\n", facts->subject);
	printf("  issuer   %s\n", facts->issuer);
	printf("  serial   %s\n", facts->serial);
	printf("  valid    %.19sZ to %.19sZ%s\n", facts->not_before, facts->not_after,
	       facts->not_after_ns <= clock_wall_ns() ? " (expired)" : "");
	printf("  key      %s, %s\n", facts->key, facts->usage);
	printf("  sha256   %s\n", facts->sha256);
	if (!facts->is_authority && facts->reason != VERIFY_UNCHECKED)
		printf("  is no X.509-SVID: %s, %s\n", verify_reason_name(facts->reason),
		       verify_reason_text(facts->reason));
}

static int show_chain(STACK_OF(X509) * chain, bool json)
{
	if (json) {
		print_json_chain(chain);
		return STATUS_FINE;
	}
	for (int i = 0; i < sk_X509_num(chain); i++) {
		struct certificate_facts facts;

		certificate_describe(sk_X509_value(chain, i), &facts);
		print_facts(&facts);
	}
	return STATUS_FINE;
}

static void free_chain(STACK_OF(X509) * *slot)
{
	sk_X509_pop_free(*slot, X509_free);
}

static int show_file(const struct arguments *arguments)
{
	__attribute__((cleanup(free_chain))) STACK_OF(X509) *chain = NULL;
	struct error err = { 0 };

	if (identity_read_certificates(arguments->subject, &chain, &err) < 0)
		return fail(&err);
	return show_chain(chain, arguments->json);
}

static int show(const struct arguments *arguments)
{
	AUTO(identity_set_unref) struct identity_set *set = NULL;
	struct error err = { 0 };

	if (!text_starts_with(text_of(arguments->subject), TEXT("spiffe://")))
		return show_file(arguments);
	if (fetch(arguments, &set, &err) < 0)
		return fail(&err);

	const struct svid *svid = identity_set_find(set, text_of(arguments->subject));

	if (svid == NULL) {
		printf("%s is not among this process's identities\n", arguments->subject);
		return STATUS_NO;
	}
	return show_chain(svid->chain, arguments->json);
}

/* ---- bundle ---- */

static const struct bundle *choose_bundle(const struct arguments *arguments,
					  const struct identity_set *set)
{
	if (arguments->trust_domain != NULL)
		return bundles_find(set->bundles, text_of(arguments->trust_domain));
	return set->bundles->count > 0 ? set->bundles->items[0] : NULL;
}

static int print_bundle(const struct arguments *arguments)
{
	AUTO(identity_set_unref) struct identity_set *set = NULL;
	AUTO_BUFFER struct buffer out = { 0 };
	struct error err = { 0 };

	if (fetch(arguments, &set, &err) < 0)
		return fail(&err);

	const struct bundle *bundle = choose_bundle(arguments, set);

	if (bundle == NULL) {
		fputs("mangrove id: there is no bundle of this trust domain\n", stderr);
		return STATUS_NO;
	}
	if (strcmp(arguments->format, "pem") == 0)
		bundle_write_pem(bundle, &out);
	else if (bundle_write_jwks(bundle, &out, &err) < 0)
		return fail(&err);
	fputs(out.data, stdout);
	return STATUS_FINE;
}

/* ---- verify ---- */

/* The bundle file speaks for the trust domain that is given, or for the leaf's own. */
static int bundles_from_file(const struct arguments *arguments, X509 *leaf, struct bundles **out,
			     struct error *err)
{
	__attribute__((cleanup(free_chain))) STACK_OF(X509) *authorities = NULL;
	AUTO(bundles_unref) struct bundles *bundles = bundles_new();
	struct peer_identity identity = { 0 };
	struct text trust_domain = text_of(arguments->trust_domain);
	int result = identity_read_certificates(arguments->bundle, &authorities, err);

	if (trust_domain.ptr == NULL && identity_check_leaf(leaf, &identity, NULL) == 0)
		trust_domain = identity.id.trust_domain;
	for (int i = 0; result == 0 && trust_domain.ptr != NULL && i < sk_X509_num(authorities);
	     i++)
		result = bundles_add(bundles, trust_domain, sk_X509_value(authorities, i), err);
	if (result < 0)
		return error_prefix(err, "%s", arguments->bundle);
	*out = TAKE(bundles);
	return 0;
}

static int find_bundles(const struct arguments *arguments, X509 *leaf, struct bundles **out,
			struct error *err)
{
	AUTO(identity_set_unref) struct identity_set *set = NULL;

	if (arguments->bundle != NULL)
		return bundles_from_file(arguments, leaf, out, err);

	const int result = fetch(arguments, &set, err);

	if (result == 0)
		*out = bundles_ref(set->bundles);
	return result;
}

static void print_verdict(const struct arguments *arguments, const struct peer_identity *peer,
			  const struct error *err)
{
	const bool trusted = peer->reason == VERIFY_TRUSTED;
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer json = { .out = &out };

	if (!arguments->json) {
		printf("%s: %s\n", verify_reason_name(peer->reason),
		       trusted ? peer->text : err->text);
		return;
	}
	json_begin_object(&json);
	json_key(&json, "trusted");
	json_bool(&json, trusted);
	json_key(&json, "reason");
	json_cstring(&json, verify_reason_name(peer->reason));
	json_key(&json, trusted ? "id" : "text");
	json_cstring(&json, trusted ? peer->text : err->text);
	json_end_object(&json);
	puts(out.data);
}

static int verify(const struct arguments *arguments)
{
	__attribute__((cleanup(free_chain))) STACK_OF(X509) *chain = NULL;
	AUTO(bundles_unref) struct bundles *bundles = NULL;
	struct peer_identity peer = { 0 };
	struct error err = { 0 };

	if (identity_read_certificates(arguments->subject, &chain, &err) < 0
	    || find_bundles(arguments, sk_X509_value(chain, 0), &bundles, &err) < 0)
		return fail(&err);
	identity_verify_peer(bundles, sk_X509_value(chain, 0), chain, arguments->role,
			     clock_wall_ns(), &peer, &err);
	print_verdict(arguments, &peer, &err);
	return peer.reason == VERIFY_TRUSTED ? STATUS_FINE : STATUS_NO;
}

/* ---- the command ---- */

static const struct subcommand {
	const char *name;
	const char *subject; /* what it needs to be given; NULL: nothing */
	int (*run)(const struct arguments *arguments);
} subcommands[] = {
	{ "list", NULL, list },
	{ "show", "a certificate file or a SPIFFE ID", show },
	{ "bundle", NULL, print_bundle },
	{ "verify", "a certificate file", verify },
};

static const struct subcommand *find_subcommand(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(subcommands); i++)
		if (strcmp(subcommands[i].name, name) == 0)
			return &subcommands[i];
	return NULL;
}

static bool take_option(struct arguments *arguments, int code)
{
	switch (code) {
	case OPTION_STATE:
		arguments->state = optarg;
		return true;
	case OPTION_SOCKET:
		arguments->socket = optarg;
		return true;
	case OPTION_BUNDLE:
		arguments->bundle = optarg;
		return true;
	case OPTION_TRUST_DOMAIN:
		arguments->trust_domain = optarg;
		return true;
	case OPTION_FORMAT:
		arguments->format = optarg;
		return strcmp(optarg, "pem") == 0 || strcmp(optarg, "jwks") == 0;
	case OPTION_AS:
		arguments->role = strcmp(optarg, "server") == 0 ? TLS_ROLE_SERVER : TLS_ROLE_CLIENT;
		return strcmp(optarg, "server") == 0 || strcmp(optarg, "client") == 0;
	case OPTION_JSON:
		arguments->json = true;
		return true;
	default:
		return false;
	}
}

static int run(int argc, char **argv)
{
	struct arguments arguments = { .format = "pem", .role = TLS_ROLE_CLIENT };
	const struct subcommand *subcommand;
	int code;

	optind = 0;
	opterr = 0;
	while ((code = getopt_long(argc, argv, "", option_table, NULL)) != -1)
		if (!take_option(&arguments, code))
			return command_usage(&id_command, "'%s' is no option or has no such value",
					     argv[optind - 1]);
	if (optind == argc)
		return command_usage(&id_command, "one of list, show, bundle, verify is missing");
	subcommand = find_subcommand(argv[optind++]);
	if (subcommand == NULL)
		return command_usage(&id_command, "'%s' is none of list, show, bundle, verify",
				     argv[optind - 1]);
	if (optind < argc)
		arguments.subject = argv[optind++];
	if (optind < argc || (subcommand->subject == NULL && arguments.subject != NULL))
		return command_usage(&id_command, "'%s' is one argument too many",
				     argv[optind < argc ? optind : optind - 1]);
	if (subcommand->subject != NULL && arguments.subject == NULL)
		return command_usage(&id_command, "%s needs %s", subcommand->name,
				     subcommand->subject);
	log_set_level(LOG_LEVEL_ERROR); /* what matters is in the answer */
	return subcommand->run(&arguments);
}

const struct command id_command = {
	.name = "id",
	.arguments = "list | show FILE|ID | bundle | verify CERT",
	.summary = "Show identities and judge certificates.",
	.help = "  list             the identities this process may have\n"
		"  show FILE|ID     everything about a certificate file, or about an identity of "
		"ours\n"
		"  bundle           the authorities to trust: --format pem or jwks, --trust-domain "
		"NAME\n"
		"  verify CERT      would a peer with this certificate be let in? prints the "
		"reason\n"
		"\n"
		"  --socket PATH    the Workload API to ask; also unix:///PATH and tcp://IP:PORT\n"
		"  --state DIR      the one of this state directory\n"
		"  --bundle FILE    verify: authorities to trust (PEM), instead of asking\n"
		"  --trust-domain T verify: the bundle's trust domain; otherwise the "
		"certificate's\n"
		"  --as ROLE        verify: the certificate is a client's (default) or a server's\n"
		"  --json           for programs\n"
		"\n"
		"Without --socket and --state, SPIFFE_ENDPOINT_SOCKET and then the default state\n"
		"directory are asked. verify exits with 0 where the certificate is trusted, 1 "
		"where\n"
		"it is not.\n",
	.run = run,
};
