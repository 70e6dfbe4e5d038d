/* SPDX-License-Identifier: Apache-2.0 */
/* id_show.c — `mangrove id show`: everything about a certificate. */
#include "cmd/id.h"

#include <stdio.h>

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
		id_print_json_chain(chain);
		return STATUS_FINE;
	}
	for (int i = 0; i < sk_X509_num(chain); i++) {
		struct certificate_facts facts;

		certificate_describe(sk_X509_value(chain, i), &facts);
		print_facts(&facts);
	}
	return STATUS_FINE;
}

static int show_file(const struct id_arguments *arguments)
{
	AUTO_CHAIN STACK_OF(X509) *chain = NULL;
	struct error err = { 0 };

	if (identity_read_certificates(arguments->subject, &chain, &err) < 0)
		return id_fail(&err);
	return show_chain(chain, arguments->json);
}

int id_show(const struct id_arguments *arguments)
{
	AUTO(identity_set_unref) struct identity_set *set = NULL;
	struct error err = { 0 };

	if (!text_starts_with(text_of(arguments->subject), TEXT("spiffe://")))
		return show_file(arguments);
	if (id_fetch(arguments, &set, &err) < 0)
		return id_fail(&err);

	const struct svid *svid = identity_set_find(set, text_of(arguments->subject));

	if (svid == NULL) {
		printf("%s is not among this process's identities\n", arguments->subject);
		return STATUS_NO;
	}
	return show_chain(svid->chain, arguments->json);
}
