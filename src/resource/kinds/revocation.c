/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/kinds/revocation.h"

#include "resource/kinds/kinds.h"

static void check_denial(struct decoder *decoder, const struct value *value, void *message)
{
	const struct revocation_denial *denial = message;

	if (denial->serial.len + denial->key.len + denial->authority.len + denial->spiffe_id.len
	    == 0)
		decode_error(decoder, value->at,
			     "an item of deny needs 'serial', 'key', 'spiffeID' or 'authority'");
	if (denial->issued_before_ns != 0 && denial->spiffe_id.len == 0)
		decode_error(decoder, decode_place(value, "issuedBefore"),
			     "'issuedBefore' goes with 'spiffeID' alone: what a serial, a key or "
			     "an authority denies does not get better with time");
	if (denial->spiffe_id.len > 0 && !text_starts_with(denial->spiffe_id, TEXT("spiffe://")))
		decode_error(decoder, decode_place(value, "spiffeID"),
			     "a SPIFFE ID starts with spiffe://");
}

static const struct field denial_fields[] = {
	FIELD("serial", FIELD_TEXT, struct revocation_denial, serial, .format = FORMAT_SERIAL,
	      .group = 1),
	FIELD("key", FIELD_TEXT, struct revocation_denial, key, .format = FORMAT_SHA256,
	      .group = 1),
	FIELD("spiffeID", FIELD_TEXT, struct revocation_denial, spiffe_id, .group = 1),
	FIELD("authority", FIELD_TEXT, struct revocation_denial, authority, .format = FORMAT_SHA256,
	      .group = 1),
	FIELD("issuedBefore", FIELD_TIME, struct revocation_denial, issued_before_ns),
};
static const struct schema denial_schema = SCHEMA("an item of deny", struct revocation_denial,
						  denial_fields, .validate = check_denial);

static void check_revocation(struct decoder *decoder, const struct value *value, void *message)
{
	const struct revocation *revocation = message;

	if (revocation->until_ns != 0 && revocation->until_ns <= revocation->since_ns)
		decode_error(decoder, decode_place(value, "until"), "'until' is not after 'since'");
	if (revocation->denials.count == 0)
		decode_error(decoder, decode_place(value, "deny"),
			     "a Revocation that denies nothing protects from nothing");
}

static const struct field spec_fields[] = {
	FIELD("reason", FIELD_TEXT, struct revocation, reason, .flags = FIELD_REQUIRED),
	FIELD("since", FIELD_TIME, struct revocation, since_ns),
	FIELD("until", FIELD_TIME, struct revocation, until_ns),
	FIELD("deny", FIELD_MESSAGE_LIST, struct revocation, denials, .schema = &denial_schema),
};
static const struct schema spec_schema = SCHEMA("Revocation", struct revocation, spec_fields,
						.is_inline = true, .validate = check_revocation);
static const struct schema document = SPEC_DOCUMENT(struct revocation, spec_schema, FIELD_REQUIRED);

const struct kind_info revocation_kind = {
	.kind = KIND_REVOCATION,
	.name = "Revocation",
	.group = "mangrove.dev",
	.versions = version_1,
	.size = sizeof(struct revocation),
	.document = &document,
};
