/* SPDX-License-Identifier: Apache-2.0 */
/* format.c — what texts of one kind look like, in a table. */
#include "resource/schema.h"

static bool is_label_char(char c)
{
	const char lower = char_lower(c);

	return (lower >= 'a' && lower <= 'z') || char_is_digit(c) || c == '-' || c == '_';
}

static bool is_dns_label(struct text text)
{
	if (text.len == 0 || text.len > 63 || text.ptr[0] == '-' || text.ptr[text.len - 1] == '-')
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_label_char(text.ptr[i]))
			return false;
	return true;
}

static bool is_dns_name(struct text text)
{
	if (text.len == 0 || text.len > 255)
		return false;
	if (text.ptr[text.len - 1] == '.') /* fully qualified */
		text.len--;
	do {
		if (!is_dns_label(text_split(&text, '.')))
			return false;
	} while (text.ptr != NULL);
	return true;
}

static bool is_ip(struct text text)
{
	struct ip_address ip;

	return ip_parse(text, &ip);
}

static bool is_range(struct text text)
{
	struct ip_range range;

	return ip_range_parse(text, &range);
}

static bool is_cidr(struct text text)
{
	return text_find_char(text, '/') != TEXT_NONE && is_range(text);
}

/* A wildcard stands for labels, or for the start of the first one: "*.a.b", "*-x.a.b". */
static bool is_host(struct text text)
{
	if (text_is(text, "*"))
		return true;
	if (text_starts_with(text, TEXT("*"))) {
		text = text_from(text, 1);
		if (text.ptr[0] == '.' || text.ptr[0] == '-')
			text = text_from(text, 1);
	}
	return is_dns_name(text) || is_ip(text);
}

static bool is_gateway_host(struct text text)
{
	const size_t slash = text_find_char(text, '/');

	if (slash == TEXT_NONE)
		return is_host(text);

	const struct text namespace = text_until(text, slash);

	return (text_is(namespace, "*") || text_is(namespace, ".") || text_is(namespace, "~")
		|| is_dns_label(namespace))
	       && is_host(text_from(text, slash + 1));
}

static bool is_port(struct text text)
{
	uint64_t port;

	return text_parse_number(text, 65535, &port) && port > 0;
}

static bool is_absolute_path(struct text text)
{
	return text.len > 0 && text.ptr[0] == '/';
}

static bool is_sha256(struct text text)
{
	if (text.len != 64)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (strchr("0123456789abcdefABCDEF", text.ptr[i]) == NULL)
			return false;
	return true;
}

/* RFC 5280, section 4.1.2.2: at most twenty bytes. */
static bool is_serial(struct text text)
{
	size_t digits = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == ':')
			continue;
		if (strchr("0123456789abcdefABCDEF", text.ptr[i]) == NULL)
			return false;
		digits++;
	}
	return digits > 0 && digits <= 40;
}

static bool is_url(struct text text)
{
	return (text_starts_with(text, TEXT("https://")) && text.len > 8)
	       || (text_starts_with(text, TEXT("http://")) && text.len > 7);
}

static const struct {
	bool (*matches)(struct text);
	const char *expected;
} formats[FORMAT_COUNT] = {
	[FORMAT_IP] = { is_ip, "an IP address such as 10.0.0.1" },
	[FORMAT_IP_OR_CIDR] = { is_range, "an IP address or block such as 10.0.0.1 or 10.0.0.0/8" },
	[FORMAT_CIDR] = { is_cidr, "a block of addresses such as 10.0.0.0/8" },
	[FORMAT_HOST] = { is_host, "a host name such as app.example.com, *.example.com or *" },
	[FORMAT_GATEWAY_HOST] = { is_gateway_host,
				  "a host name such as app.example.com, *.example.com or "
				  "namespace/app.example.com" },
	[FORMAT_PORT] = { is_port, "a port from 1 to 65535" },
	[FORMAT_DNS_LABEL] = { is_dns_label, "a name of letters, digits and hyphens, at most 63" },
	[FORMAT_ABSOLUTE_PATH] = { is_absolute_path, "a path that starts with '/'" },
	[FORMAT_SHA256] = { is_sha256, "a SHA-256 digest of 64 hexadecimal digits" },
	[FORMAT_SERIAL] = { is_serial, "a serial number of at most 40 hexadecimal digits" },
	[FORMAT_URL] = { is_url, "an http:// or https:// address" },
};

const char *format_expects(enum text_format format, struct text text)
{
	if (format == FORMAT_FREE || formats[format].matches(text))
		return NULL;
	return formats[format].expected;
}
