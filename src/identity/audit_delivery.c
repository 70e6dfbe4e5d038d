/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/audit_delivery.h"

#define REFUSALS_A_SECOND 10
#define IDS_MAX           8 /* named; a node's proxy gets more than anybody wants to read */

static void list_ids(const struct identity_set *set, struct buffer *out)
{
	for (size_t i = 0; i < set->svid_count && i < IDS_MAX; i++)
		buffer_printf(out, "%s%s", i > 0 ? " " : "", set->svids[i]->id);
	if (set->svid_count > IDS_MAX)
		buffer_printf(out, " and %zu more", set->svid_count - IDS_MAX);
}

static bool is_one_too_many(struct audit_deliveries *deliveries, int64_t now_ns)
{
	const int64_t second = now_ns / (int64_t)NS_PER_SEC;

	if (second != deliveries->second)
		deliveries->refused = 0;
	deliveries->second = second;
	if (deliveries->refused++ < REFUSALS_A_SECOND)
		return false;
	deliveries->left_out++;
	return true;
}

static int record(struct audit_deliveries *deliveries, const struct caller *caller, const char *ids,
		  struct error *err)
{
	AUTO(mem_free_text) char *pid = mem_printf("%d", (int)caller->pid);
	AUTO(mem_free_text) char *started = mem_printf("%llu", (unsigned long long)caller->started);
	AUTO(mem_free_text) char *uid = mem_printf("%u", caller->uid);
	AUTO(mem_free_text) char *gid = mem_printf("%u", caller->gid);
	AUTO(mem_free_text)
	char *left_out = deliveries->left_out > 0
				 ? mem_printf("%llu", (unsigned long long)deliveries->left_out)
				 : NULL;

	return AUDIT_WRITE(deliveries->audit, ids != NULL ? "deliver" : "refuse", err,
			   { "pid", pid }, { "started", started }, { "uid", uid }, { "gid", gid },
			   { "ids", ids }, { "left_out", ids == NULL ? left_out : NULL });
}

void audit_delivery(struct audit_deliveries *deliveries, const struct caller *caller,
		    const struct identity_set *set, int64_t now_ns)
{
	AUTO_BUFFER struct buffer ids = { 0 };
	struct error err = { 0 };

	if (set == NULL && is_one_too_many(deliveries, now_ns))
		return;
	if (set != NULL)
		list_ids(set, &ids);
	if (record(deliveries, caller, set != NULL ? ids.data : NULL, &err) < 0)
		log_problem(LOG_LEVEL_ERROR, "audit", &err);
	else if (set == NULL)
		deliveries->left_out = 0;
}
