/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/spiffe_id.h"

#include <errno.h>
#include <stdio.h>

static const struct text scheme = { "spiffe://", 9 };

static bool is_trust_domain_char(char c)
{
	return (c >= 'a' && c <= 'z') || char_is_digit(c) || c == '.' || c == '-' || c == '_';
}

static bool is_path_char(char c)
{
	return is_trust_domain_char(c) || (c >= 'A' && c <= 'Z');
}

/* Section 2.1. A dotted IPv4 address is a name like any other here. */
static int check_trust_domain(struct text name, struct error *err)
{
	if (text_is_empty(name))
		return error_set(err, -EINVAL, "the trust domain is empty");
	if (name.len > TRUST_DOMAIN_MAX)
		return error_set(err, -EINVAL,
				 "the trust domain has %zu bytes; at most %d are allowed", name.len,
				 TRUST_DOMAIN_MAX);
	for (size_t i = 0; i < name.len; i++)
		if (!is_trust_domain_char(name.ptr[i]))
			return error_set(
				err, -EINVAL,
				"byte %zu of the trust domain (0x%02x) is none of a-z 0-9 . - _",
				i + 1, (unsigned char)name.ptr[i]);
	return 0;
}

static int check_segment(struct text segment, struct error *err)
{
	if (text_is_empty(segment))
		return error_set(err, -EINVAL, "the path has an empty segment or ends with '/'");
	if (text_is(segment, ".") || text_is(segment, ".."))
		return error_set(err, -EINVAL, "the path has the segment '%.*s'",
				 TEXT_ARGS(segment));
	for (size_t i = 0; i < segment.len; i++)
		if (!is_path_char(segment.ptr[i]))
			return error_set(
				err, -EINVAL,
				"the path has the byte 0x%02x; allowed are A-Z a-z 0-9 . - _",
				(unsigned char)segment.ptr[i]);
	return 0;
}

/* Section 2.2. */
static int check_path(struct text path, struct error *err)
{
	struct text rest = path.len > 0 ? text_from(path, 1) : (struct text){ 0 };

	while (rest.ptr != NULL) {
		const int result = check_segment(text_split(&rest, '/'), err);

		if (result < 0)
			return result;
	}
	return 0;
}

int spiffe_id_parse(struct text text, struct spiffe_id *out, struct error *err)
{
	int result;

	if (text.len > SPIFFE_ID_MAX)
		return error_set(err, -EINVAL, "a SPIFFE ID has at most %d bytes, this one has %zu",
				 SPIFFE_ID_MAX, text.len);
	if (!text_starts_with(text, scheme))
		return error_set(err, -EINVAL,
				 "a SPIFFE ID begins with 'spiffe://', in lower case");

	const struct text rest = text_from(text, scheme.len);
	const size_t slash = text_find_char(rest, '/');
	const size_t end = slash != TEXT_NONE ? slash : rest.len;
	const struct spiffe_id id = { .trust_domain = text_until(rest, end),
				      .path = text_from(rest, end) };

	result = check_trust_domain(id.trust_domain, err);
	if (result == 0)
		result = check_path(id.path, err);
	if (result == 0)
		*out = id;
	return result;
}

int trust_domain_parse(struct text text, struct text *out, struct error *err)
{
	if (text_starts_with(text, scheme))
		text = text_from(text, scheme.len);

	const int result = check_trust_domain(text, err);

	if (result == 0)
		*out = text;
	return result;
}

static char *append(char *at, struct text part)
{
	memcpy(at, part.ptr, part.len);
	return at + part.len;
}

size_t spiffe_id_format(char out[SPIFFE_ID_MAX + 1], const struct spiffe_id *id)
{
	char *end = append(out, scheme);

	end = append(end, id->trust_domain);
	if (id->path.len > 0)
		end = append(end, id->path);
	*end = '\0';
	return (size_t)(end - out);
}

bool spiffe_id_service_account(const struct spiffe_id *id, struct text *namespace,
			       struct text *service_account)
{
	struct text rest = id->path.len > 0 ? text_from(id->path, 1) : (struct text){ 0 };
	struct text part[4];

	for (size_t i = 0; i < COUNT_OF(part); i++) {
		if (rest.ptr == NULL)
			return false;
		part[i] = text_split(&rest, '/');
	}
	if (rest.ptr != NULL || !text_is(part[0], "ns") || !text_is(part[2], "sa"))
		return false;
	*namespace = part[1];
	*service_account = part[3];
	return true;
}

int spiffe_id_of_service_account(char out[SPIFFE_ID_MAX + 1], struct text trust_domain,
				 struct text namespace, struct text service_account,
				 struct error *err)
{
	struct spiffe_id parsed;
	struct text unused[2];
	const int len =
		snprintf(out, SPIFFE_ID_MAX + 1, "spiffe://%.*s/ns/%.*s/sa/%.*s",
			 TEXT_ARGS(trust_domain), TEXT_ARGS(namespace), TEXT_ARGS(service_account));

	if (len > SPIFFE_ID_MAX)
		return error_set(err, -EINVAL,
				 "the SPIFFE ID would have %d bytes; at most %d are allowed", len,
				 SPIFFE_ID_MAX);

	const int result = spiffe_id_parse((struct text){ out, (size_t)len }, &parsed, err);

	if (result < 0)
		return result;
	/* a '/' inside a name would move it into another place */
	if (!spiffe_id_service_account(&parsed, &unused[0], &unused[1]))
		return error_set(err, -EINVAL, "'%.*s/%.*s' names no service account",
				 TEXT_ARGS(namespace), TEXT_ARGS(service_account));
	return 0;
}
