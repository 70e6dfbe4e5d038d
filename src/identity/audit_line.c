/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/audit_line.h"

#include <openssl/sha.h>

#define HASH_DIGITS 64

void audit_hash(struct text bytes, char out[AUDIT_HASH_TEXT])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)bytes.ptr, bytes.len, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* Takes `,"name":"<64 digits>"` from the end of the text. */
static bool take_hash(struct text *text, struct text name, char out[AUDIT_HASH_TEXT])
{
	const size_t len = name.len + HASH_DIGITS + 1;

	if (text->len < len)
		return false;

	const struct text tail = text_from(*text, text->len - len);

	if (!text_starts_with(tail, name) || tail.ptr[len - 1] != '"')
		return false;
	memcpy(out, tail.ptr + name.len, HASH_DIGITS);
	out[HASH_DIGITS] = '\0';
	*text = text_until(*text, text->len - len);
	return true;
}

bool audit_line_parse(struct text line, struct audit_line *out)
{
	const struct text start = TEXT("{\"seq\":");
	char hash[AUDIT_HASH_TEXT];
	struct text rest = line, number;

	if (!text_starts_with(rest, start) || !text_ends_with(rest, TEXT("}")))
		return false;
	rest.len--;
	if (!take_hash(&rest, TEXT(",\"hash\":\""), out->hash))
		return false;
	audit_hash(rest, hash);
	out->hash_fits = strcmp(hash, out->hash) == 0;
	if (!take_hash(&rest, TEXT(",\"prev\":\""), out->prev))
		return false;
	rest = text_from(rest, start.len);
	number = text_split(&rest, ',');
	return text_parse_number(number, UINT64_MAX - 1, &out->seq);
}

bool audit_is_full_file(const char *name)
{
	const struct text text = text_of(name), start = TEXT("audit-"), end = TEXT(".jsonl");
	uint64_t number;

	return text.len > start.len + end.len && text_starts_with(text, start)
	       && text_ends_with(text, end)
	       && text_parse_number(
		       (struct text){ text.ptr + start.len, text.len - start.len - end.len },
		       UINT64_MAX - 1, &number);
}
