/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/alert_repeats.h"

struct kind {
	uint64_t digest; /* the key in the map */
	struct list link;
	uint64_t end_ns;
	uint64_t repeated; /* in this window */
	enum rule_priority priority;
	struct buffer last; /* with a count of its own */
};

struct alert_repeats {
	uint64_t window_ns;
	alert_tell_fn *tell;
	void *context;
	struct map kinds;
	struct list windows; /* of struct kind, owned; the one that ends first is first */
	struct kind *seen;   /* by the last alert_repeats_see */
};

struct alert_repeats *alert_repeats_new(uint64_t window_ns, alert_tell_fn *tell, void *context)
{
	struct alert_repeats *repeats = MEM_NEW(struct alert_repeats);

	repeats->window_ns = window_ns;
	repeats->tell = tell;
	repeats->context = context;
	list_init(&repeats->windows);
	return repeats;
}

static struct text key_of(const struct kind *kind)
{
	return (struct text){ (const char *)&kind->digest, sizeof(kind->digest) };
}

static struct kind *first_of(const struct alert_repeats *repeats)
{
	return LIST_ITEM(repeats->windows.next, struct kind, link);
}

static void tell_kind(struct alert_repeats *repeats, struct kind *kind)
{
	const struct alert alert = { kind->priority, buffer_text(&kind->last) };

	if (kind->repeated > 0)
		repeats->tell(repeats->context, &alert);
	kind->repeated = 0;
	buffer_clear(&kind->last);
}

static void forget(struct alert_repeats *repeats, struct kind *kind)
{
	list_remove(&kind->link);
	map_remove(&repeats->kinds, key_of(kind));
	buffer_done(&kind->last);
	mem_free(kind);
}

static void begin_window(struct alert_repeats *repeats, struct kind *kind, uint64_t now_ns)
{
	kind->end_ns = now_ns + repeats->window_ns;
	list_remove(&kind->link);
	list_append(&repeats->windows, &kind->link);
}

void alert_repeats_tell(struct alert_repeats *repeats, uint64_t now_ns)
{
	while (!list_is_empty(&repeats->windows) && first_of(repeats)->end_ns <= now_ns) {
		struct kind *kind = first_of(repeats);

		if (kind->repeated == 0) {
			forget(repeats, kind);
			continue;
		}
		tell_kind(repeats, kind);
		begin_window(repeats, kind, now_ns);
	}
}

/* Keyed by a secret of this process, so that nobody can make two alerts look the same. */
static uint64_t digest_of(struct text rule, struct text message)
{
	uint64_t parts[] = { hash_bytes(rule.ptr, rule.len), hash_bytes(message.ptr, message.len) };

	return hash_bytes(parts, sizeof(parts));
}

uint64_t alert_repeats_see(struct alert_repeats *repeats, struct text rule, struct text message,
			   uint64_t now_ns)
{
	const struct kind sought = { .digest = digest_of(rule, message) };
	struct kind *kind;

	alert_repeats_tell(repeats, now_ns);
	repeats->seen = kind = map_get(&repeats->kinds, key_of(&sought));
	if (kind != NULL)
		return ++kind->repeated;
	if (repeats->kinds.count == ALERT_KINDS_MAX) {
		tell_kind(repeats, first_of(repeats));
		forget(repeats, first_of(repeats));
	}
	kind = MEM_NEW(struct kind);
	kind->digest = sought.digest;
	map_put(&repeats->kinds, key_of(kind), kind);
	begin_window(repeats, kind, now_ns);
	return 0;
}

void alert_repeats_keep(struct alert_repeats *repeats, const struct alert *alert)
{
	struct kind *kind = repeats->seen;

	kind->priority = alert->priority;
	buffer_clear(&kind->last);
	buffer_add(&kind->last, alert->line.ptr, alert->line.len);
}

void alert_repeats_free(struct alert_repeats *repeats)
{
	if (repeats == NULL)
		return;
	while (!list_is_empty(&repeats->windows)) {
		tell_kind(repeats, first_of(repeats));
		forget(repeats, first_of(repeats));
	}
	map_done(&repeats->kinds);
	mem_free(repeats);
}
