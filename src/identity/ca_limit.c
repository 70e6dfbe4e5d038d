/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/ca_limit.h"

#include <errno.h>

#define BURST_S 10

/* Only the time at which it will be full again is kept: the generic cell rate algorithm. */
struct bucket {
	int64_t full_ns;
	char id[];
};

void ca_limit_done(struct ca_limit *limit)
{
	MAP_FOR_EACH (&limit->by_id, entry)
		mem_free(entry->value);
	map_done(&limit->by_id);
}

static void forget_full(struct ca_limit *limit, int64_t now_ns)
{
	struct map kept = { 0 };

	if (now_ns < limit->swept_ns + BURST_S * (int64_t)NS_PER_SEC)
		return;
	limit->swept_ns = now_ns;
	MAP_FOR_EACH (&limit->by_id, entry) {
		struct bucket *bucket = entry->value;

		if (bucket->full_ns > now_ns)
			map_put(&kept, entry->key, bucket);
		else
			mem_free(bucket);
	}
	map_done(&limit->by_id);
	limit->by_id = kept;
}

static struct bucket *find_bucket(struct ca_limit *limit, struct text id)
{
	struct bucket *bucket = map_get(&limit->by_id, id);

	if (bucket != NULL)
		return bucket;
	bucket = mem_alloc(sizeof(*bucket) + id.len + 1);
	memcpy(bucket->id, id.ptr, id.len);
	map_put(&limit->by_id, (struct text){ bucket->id, id.len }, bucket);
	return bucket;
}

/* When it would be full again with one token less; a clock that went back empties no bucket. */
static int64_t after_taking(int64_t full_ns, unsigned rate, int64_t now_ns)
{
	const int64_t latest = now_ns + BURST_S * (int64_t)NS_PER_SEC;
	const int64_t from = MAX_OF(full_ns, now_ns);

	return MIN_OF(from, latest) + (int64_t)NS_PER_SEC / rate;
}

static bool has_token(int64_t after_ns, int64_t now_ns)
{
	return after_ns <= now_ns + BURST_S * (int64_t)NS_PER_SEC;
}

int ca_limit_take(struct ca_limit *limit, struct text id, int64_t now_ns, struct error *err)
{
	struct bucket *bucket;
	int64_t own, total;

	forget_full(limit, now_ns);
	bucket = find_bucket(limit, id);
	own = after_taking(bucket->full_ns, limit->workload_rate, now_ns);
	total = after_taking(limit->total_full_ns, limit->total_rate, now_ns);
	if (!has_token(own, now_ns))
		return error_set(err, -EBUSY, "more than %u identities a second for %.*s",
				 limit->workload_rate, TEXT_ARGS(id));
	if (!has_token(total, now_ns))
		return error_set(err, -EBUSY, "more than %u identities a second",
				 limit->total_rate);
	bucket->full_ns = own;
	limit->total_full_ns = total;
	return 0;
}
