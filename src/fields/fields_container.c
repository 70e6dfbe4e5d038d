/* SPDX-License-Identifier: Apache-2.0 */
/* fields_container.c — container.* and k8s.*. */
#include "fields/fields_private.h"

/* "host" stands for what runs in no container; for what is not known at all there is no answer. */
void field_container_identity(struct fields *fields, const struct field_use *use,
			      struct field_value *out)
{
	const struct process *process = process_at_hand(fields);
	const struct container *container = process != NULL ? process->container : NULL;
	struct text id;

	if (process == NULL)
		return;
	if (container == NULL)
		return answer_text(out, TEXT("host"));
	id = text_of(container->id);
	switch (field_rows[use->id].what) {
	case CONTAINER_SHORT_ID:
		return answer_text(out, text_until(id, MIN_OF(id.len, (size_t)CONTAINER_ID_SHORT)));
	case CONTAINER_FULL_ID:
		return answer_text(out, id);
	default:
		return answer_text(out, text_of(container_engine_name(container->engine)));
	}
}
