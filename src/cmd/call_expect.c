/* SPDX-License-Identifier: Apache-2.0 */
/* call_expect.c — whom the server must prove to be.
 *
 * Said with --expect, or derived from a Kubernetes service name: NAME.NAMESPACE.svc stands for the
 * service account NAME in NAMESPACE of our own trust domain. Where a service runs under another
 * account the derived ID is too narrow, never too wide: the call fails and tells who answered. */
#include "cmd/call.h"

#include <errno.h>

#define SCHEME TEXT("https://")

bool call_authority(const char *url, struct text *out)
{
	struct text rest = text_of(url);

	if (!text_starts_with(rest, SCHEME))
		return false;
	rest = text_from(rest, SCHEME.len);
	*out = text_until(rest, strcspn(rest.ptr, "/?#"));
	return !text_is_empty(*out) && text_find_char(*out, '@') == TEXT_NONE
	       && text_find_char(*out, '\\') == TEXT_NONE;
}

/* "NAME.NAMESPACE.svc", with or without a domain behind it and a port. */
static bool split_service(struct text authority, struct text *name, struct text *namespace)
{
	struct text host = authority;
	struct text rest = text_split(&host, ':');

	*name = text_split(&rest, '.');
	*namespace = rest.ptr != NULL ? text_split(&rest, '.') : rest;
	return rest.ptr != NULL && text_is(text_split(&rest, '.'), "svc");
}

static int derive(struct call *call, struct error *err)
{
	struct text authority = { 0 }, name, namespace;
	struct spiffe_id own;

	if (!call_authority(call->options->url, &authority)
	    || !split_service(authority, &name, &namespace))
		return error_set(err, -EINVAL,
				 "whom must the server prove to be? '%.*s' does not say it as "
				 "NAME.NAMESPACE.svc would; give --expect SPIFFE-ID",
				 TEXT_ARGS(authority));
	spiffe_id_parse(text_of(call->svid->id), &own, NULL); /* an SVID's ID is well-formed */
	call->only_derived[0] = call->derived;
	call->expected = call->only_derived;
	call->expected_count = 1;
	return spiffe_id_of_service_account(call->derived, own.trust_domain, namespace, name, err);
}

int call_expect(struct call *call, struct error *err)
{
	const struct call_options *options = call->options;
	struct spiffe_id id;

	for (size_t i = 0; i < options->expected_count; i++)
		if (spiffe_id_parse(text_of(options->expected[i]), &id, err) < 0)
			return error_prefix(err, "--expect");
	call->expected = options->expected;
	call->expected_count = options->expected_count;
	return options->expected_count > 0 ? 0 : derive(call, err);
}
