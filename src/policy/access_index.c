/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/access_index.h"

#include "policy/affix_index.h"
#include "policy/identity_parts.h"

#define KEY_MAX 512 /* Kubernetes' names have 253 bytes at most */

struct access_index {
	struct affix_index sources; /* "NAMESPACE/NAME" */
	uint32_t *unfiled;          /* in order */
	size_t unfiled_count;
};

struct access_caller access_caller_of(const struct access_directory *directory, struct text peer)
{
	return (struct access_caller){
		.peer = peer,
		.namespace = identity_namespace(peer),
		.account = identity_service_account(peer),
		.identity = access_identity_of(directory, peer),
	};
}

/* ---- filing ---- */

/* False: this source can be anybody, or is known by its end. */
static bool source_pattern(struct arena *arena, const struct access_source *source,
			   struct pattern *out)
{
	enum pattern_kind kind = source->name.kind;
	const bool is_any = kind == PATTERN_ANY || kind == PATTERN_NON_EMPTY;
	const struct text name = is_any ? TEXT("") : source->name.text;
	const char *key;

	if (is_any)
		kind = PATTERN_PREFIX;
	if (source->namespace.ptr == NULL || (kind != PATTERN_EXACT && kind != PATTERN_PREFIX))
		return false;
	key = arena_printf(arena, "%.*s/%.*s", TEXT_ARGS(source->namespace), TEXT_ARGS(name));
	*out = (struct pattern){ .kind = kind, .text = text_of(key) };
	return affix_index_accepts(out) && out->text.len < KEY_MAX;
}

static bool file_rule(struct access_index *index, struct arena *arena,
		      const struct access_rule_compiled *rule, uint32_t number)
{
	struct pattern *patterns = ARENA_ARRAY(arena, rule->source_count, struct pattern);

	for (size_t i = 0; i < rule->source_count; i++)
		if (!source_pattern(arena, &rule->sources[i], &patterns[i]))
			return false;
	for (size_t i = 0; i < rule->source_count; i++)
		affix_index_add(&index->sources, &patterns[i], number);
	return rule->source_count > 0;
}

const struct access_index *access_index_build(struct arena *arena,
					      const struct access_rule_compiled *const *rules,
					      size_t count)
{
	struct access_index *index = ARENA_NEW(arena, struct access_index);

	affix_index_init(&index->sources, arena, false);
	index->unfiled = ARENA_ARRAY(arena, count, uint32_t);
	for (uint32_t i = 0; i < count; i++)
		if (!file_rule(index, arena, rules[i], i))
			index->unfiled[index->unfiled_count++] = i;
	return index;
}

/* ---- looking up ---- */

struct visit {
	access_visit_fn *visit;
	void *context;
};

static bool visit_entry(void *context, const struct affix_entry *entry)
{
	const struct visit *visit = context;
	const uint32_t *numbers = affix_entry_ids(entry);

	for (size_t i = 0; i < entry->count && visit->visit(visit->context, numbers[i]); i++) {
	}
	return false;
}

static void look_up(const struct access_index *index, struct text namespace, struct text name,
		    struct visit *visit)
{
	char key[KEY_MAX];
	const size_t len = namespace.len + 1 + name.len;

	if (name.ptr == NULL)
		return;
	if (len > sizeof(key)) /* no exact source is as long, a prefix may be */
		name.len = sizeof(key) - namespace.len - 1;
	*(char *)mempcpy(key, namespace.ptr, namespace.len) = '/';
	memcpy(key + namespace.len + 1, name.ptr, name.len);
	affix_index_find(&index->sources, (struct text){ key, namespace.len + 1 + name.len },
			 visit_entry, visit);
}

void access_index_visit(const struct access_index *index, const struct access_caller *caller,
			access_visit_fn *visit, void *context)
{
	struct visit how = { visit, context };

	if (caller->namespace.ptr != NULL && caller->namespace.len + 1 < KEY_MAX) {
		look_up(index, caller->namespace, caller->account, &how);
		for (size_t i = 0; caller->identity != NULL && i < caller->identity->names.count;
		     i++)
			look_up(index, caller->namespace, caller->identity->names.items[i], &how);
	}
	for (size_t i = 0; i < index->unfiled_count && visit(context, index->unfiled[i]); i++) {
	}
}
