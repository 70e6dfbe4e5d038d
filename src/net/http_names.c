/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_names.h"

#include <assert.h>

#define SLOT_COUNT 512

static const struct text texts[HTTP_NAME_COUNT] = {
#define HTTP_NAME_ROW(slot, id, name) [id] = { name, sizeof(name) - 1 },
#include "net/http_names_rows.h"
#undef HTTP_NAME_ROW
};

static const uint8_t slots[SLOT_COUNT] = {
#define HTTP_NAME_ROW(slot, id, name) [slot] = id,
#include "net/http_names_rows.h"
#undef HTTP_NAME_ROW
};

_Static_assert(HTTP_NAME_COUNT <= UINT8_MAX, "a slot holds a name in one byte");

/* No two well-known names share a slot. Should a new one meet another: try other factors, then give
 * every row the slot that the unit test prints. */
unsigned http_name_slot(struct text name)
{
	const unsigned char *bytes = (const unsigned char *)name.ptr;
	const unsigned len = (unsigned)name.len;

	if (len == 0)
		return 0;
	return (len * 21 + bytes[0] * 174u + bytes[len / 2] * 198u + bytes[len * 3 / 4] * 74u)
	       % SLOT_COUNT;
}

enum http_name http_name_of(struct text lower_case)
{
	const enum http_name name = slots[http_name_slot(lower_case)];

	return text_equal(texts[name], lower_case) ? name : HTTP_OTHER;
}

struct text http_name_text(enum http_name name)
{
	assert(name < HTTP_NAME_COUNT);
	return texts[name];
}
