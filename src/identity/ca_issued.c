/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/ca_issued.h"

DEFINE_AUTO(json_t, json_decref)

void issued_init(struct issued_list *list)
{
	list_init(&list->items);
	list->count = 0;
}

static void drop(struct issued_list *list, struct issued *issued)
{
	list_remove(&issued->place);
	list->count--;
	mem_free(issued);
}

void issued_done(struct issued_list *list)
{
	LIST_FOR_EACH_SAFE (&list->items, link)
		drop(list, LIST_ITEM(link, struct issued, place));
}

void issued_add(struct issued_list *list, struct text id, const char *issuer,
		const struct credential *credential, int64_t not_after_ns)
{
	struct issued *issued = mem_alloc(sizeof(*issued) + id.len + 1);

	issued->not_after_ns = not_after_ns;
	snprintf(issued->issuer, sizeof(issued->issuer), "%s", issuer);
	issued->credential = *credential;
	issued->credential.authority_count = 0;
	memcpy(issued->id, id.ptr, id.len);
	list_append(&list->items, &issued->place);
	list->count++;
}

/* ---- from the record ---- */

static const char *member(const json_t *record, const char *name)
{
	const char *value = json_string_value(json_object_get(record, name));

	return value != NULL ? value : "";
}

void issued_add_record(struct issued_list *list, struct text line, int64_t now_ns)
{
	struct credential credential = { 0 };
	int64_t not_after_ns;

	if (!text_contains(line, TEXT("\"event\":\"issue\"")))
		return;

	AUTO(json_decref) json_t *record = json_loadb(line.ptr, line.len, 0, NULL);

	if (!clock_parse_utc(text_of(member(record, "not_after")), &not_after_ns)
	    || not_after_ns <= now_ns
	    || !clock_parse_utc(text_of(member(record, "time")), &credential.issued_ns)
	    || !key_hash_parse(text_of(member(record, "key")), &credential.key))
		return;
	snprintf(credential.serial, sizeof(credential.serial), "%s", member(record, "serial"));
	issued_add(list, text_of(member(record, "id")), member(record, "issuer"), &credential,
		   not_after_ns);
}

void issued_drop_expired(struct issued_list *list, int64_t now_ns)
{
	while (!list_is_empty(&list->items)) {
		struct issued *first = LIST_ITEM(list->items.next, struct issued, place);

		if (first->not_after_ns > now_ns)
			return;
		drop(list, first);
	}
}
