/* SPDX-License-Identifier: Apache-2.0 */
/* id_list.c — `mangrove id list`: the identities of this process, or the authority's generations.
 */
#include "cmd/id.h"

#include <stdio.h>

static void print_row(const struct svid *svid)
{
	struct certificate_facts facts;
	char left[DURATION_TEXT_MAX];
	const int64_t left_ns = MAX_OF(svid->not_after_ns - clock_wall_ns(), INT64_C(0));

	certificate_describe(svid_leaf(svid), &facts);
	duration_format(left, (uint64_t)left_ns / NS_PER_SEC * NS_PER_SEC);
	printf("%.19sZ  %-9s  %-32s  %s\n", facts.not_after, left, facts.serial, svid->id);
}

static int list_identities(const struct id_arguments *arguments)
{
	AUTO(identity_set_unref) struct identity_set *set = NULL;
	STACK_OF(X509) * leaves;
	struct error err = { 0 };

	if (id_fetch(arguments, &set, &err) < 0)
		return id_fail(&err);
	if (!arguments->json) {
		printf("%-20s  %-9s  %-32s  %s\n", "VALID UNTIL", "LEFT", "SERIAL", "SPIFFE ID");
		for (size_t i = 0; i < set->svid_count; i++)
			print_row(set->svids[i]);
		return STATUS_FINE;
	}
	leaves = sk_X509_new_null();
	for (size_t i = 0; i < set->svid_count; i++)
		sk_X509_push(leaves, svid_leaf(set->svids[i]));
	id_print_json_chain(leaves);
	sk_X509_free(leaves);
	return STATUS_FINE;
}

/* ---- --authorities ---- */

static const char *state_of(const json_t *authority)
{
	if (json_is_true(json_object_get(authority, "revoked")))
		return "revoked";
	if (json_is_true(json_object_get(authority, "signs")))
		return "signs";
	return json_is_true(json_object_get(authority, "published")) ? "published" : "";
}

static void print_authority(const json_t *authority)
{
	printf("%-7s %3lld  %-9s  %.19sZ  %-7s  %s\n", id_member(authority, "kind"),
	       (long long)json_integer_value(json_object_get(authority, "generation")),
	       state_of(authority), id_member(authority, "notAfter"),
	       json_is_true(json_object_get(authority, "keyIsHere")) ? "here" : "absent",
	       id_member(authority, "key"));
}

static int list_authorities(const struct id_arguments *arguments)
{
	AUTO_ANSWER json_t *answer = NULL;
	struct error err = { 0 };
	const json_t *authorities;

	if (id_ask(arguments, "Status", TEXT("{}"), &answer, &err) < 0)
		return id_fail(&err);
	authorities = json_object_get(answer, "authorities");
	if (arguments->json) {
		json_dumpf(authorities, stdout, JSON_INDENT(2));
		putchar('\n');
		return STATUS_FINE;
	}
	printf("%-11s  %-9s  %-20s  %-7s  %s\n", "AUTHORITY", "STATE", "VALID UNTIL", "KEY",
	       "KEY (SHA-256)");
	for (size_t i = 0; i < json_array_size(authorities); i++)
		print_authority(json_array_get(authorities, i));
	return STATUS_FINE;
}

int id_list(const struct id_arguments *arguments)
{
	return arguments->authorities ? list_authorities(arguments) : list_identities(arguments);
}
