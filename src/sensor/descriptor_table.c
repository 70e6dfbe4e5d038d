/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/descriptor.h"

/* The value in a map's slot: the descriptor, and in its lowest bit whether exec closes it. */
#define CLOSE_ON_EXEC ((uintptr_t)1)

struct descriptor_slots {
	uint32_t references;
	struct id_map map;
	size_t close_on_exec; /* how many are */
};

struct descriptor_table {
	uint32_t references;
	struct descriptor_slots *slots;
};

static void *pack(struct descriptor *descriptor, bool close_on_exec)
{
	return (void *)((uintptr_t)descriptor | (close_on_exec ? CLOSE_ON_EXEC : 0));
}

static struct descriptor *descriptor_in(void *value)
{
	return (struct descriptor *)((uintptr_t)value & ~CLOSE_ON_EXEC);
}

static bool is_close_on_exec(const void *value)
{
	return ((uintptr_t)value & CLOSE_ON_EXEC) != 0;
}

/* --- slots ------------------------------------------------------------------------------- */

static struct descriptor_slots *slots_new(void)
{
	struct descriptor_slots *slots = MEM_NEW(struct descriptor_slots);

	slots->references = 1;
	return slots;
}

static void slots_unref(struct descriptor_slots *slots)
{
	if (--slots->references > 0)
		return;
	ID_MAP_FOR_EACH(&slots->map, slot)
	descriptor_unref(descriptor_in(slot->value));
	id_map_done(&slots->map);
	mem_free(slots);
}

/* The table's slots, now its own. */
static struct descriptor_slots *slots_to_change(struct descriptor_table *table)
{
	struct descriptor_slots *copy;

	if (table->slots->references == 1)
		return table->slots;
	copy = slots_new();
	id_map_copy(&copy->map, &table->slots->map);
	copy->close_on_exec = table->slots->close_on_exec;
	ID_MAP_FOR_EACH(&copy->map, slot)
	descriptor_in(slot->value)->references++;
	slots_unref(table->slots);
	table->slots = copy;
	return copy;
}

static void let_go(struct descriptor_slots *slots, void *value)
{
	if (value == NULL)
		return;
	slots->close_on_exec -= is_close_on_exec(value);
	descriptor_unref(descriptor_in(value));
}

/* --- tables ------------------------------------------------------------------------------ */

struct descriptor_table *descriptor_table_new(void)
{
	struct descriptor_table *table = MEM_NEW(struct descriptor_table);

	table->references = 1;
	table->slots = slots_new();
	return table;
}

struct descriptor_table *descriptor_table_ref(struct descriptor_table *table)
{
	table->references++;
	return table;
}

void descriptor_table_unref(struct descriptor_table *table)
{
	if (table == NULL || --table->references > 0)
		return;
	slots_unref(table->slots);
	mem_free(table);
}

struct descriptor_table *descriptor_table_fork(struct descriptor_table *table)
{
	struct descriptor_table *child = MEM_NEW(struct descriptor_table);

	child->references = 1;
	child->slots = table->slots;
	child->slots->references++;
	return child;
}

struct descriptor *descriptor_table_get(const struct descriptor_table *table, int64_t number)
{
	return descriptor_in(id_map_get(&table->slots->map, number));
}

bool descriptor_table_put(struct descriptor_table *table, int64_t number,
			  struct descriptor *descriptor, bool close_on_exec)
{
	struct descriptor_slots *slots = slots_to_change(table);

	if (slots->map.count >= DESCRIPTORS_MAX && id_map_get(&slots->map, number) == NULL) {
		descriptor_unref(descriptor);
		return false;
	}
	slots->close_on_exec += close_on_exec;
	let_go(slots, id_map_put(&slots->map, number, pack(descriptor, close_on_exec)));
	return true;
}

void descriptor_table_remove(struct descriptor_table *table, int64_t number)
{
	struct descriptor_slots *slots;

	if (id_map_get(&table->slots->map, number) == NULL)
		return;
	slots = slots_to_change(table);
	let_go(slots, id_map_remove(&slots->map, number));
}

/* Removing moves slots, so the numbers are gathered first. */
static void remove_those(struct descriptor_table *table, int64_t first, int64_t last,
			 bool only_close_on_exec)
{
	AUTO_BUFFER struct buffer numbers = { 0 };

	ID_MAP_FOR_EACH(&table->slots->map, slot)
	if (slot->id >= first && slot->id <= last
	    && (!only_close_on_exec || is_close_on_exec(slot->value)))
		buffer_add(&numbers, &slot->id, sizeof(slot->id));
	for (size_t i = 0; i < numbers.len; i += sizeof(int64_t)) {
		int64_t number;

		memcpy(&number, numbers.data + i, sizeof(number));
		descriptor_table_remove(table, number);
	}
}

void descriptor_table_close_range(struct descriptor_table *table, int64_t first, int64_t last)
{
	remove_those(table, first, last, false);
}

bool descriptor_table_close_on_exec(const struct descriptor_table *table, int64_t number)
{
	return is_close_on_exec(id_map_get(&table->slots->map, number));
}

void descriptor_table_set_close_on_exec(struct descriptor_table *table, int64_t number, bool yes)
{
	struct descriptor *descriptor = descriptor_table_get(table, number);

	if (descriptor == NULL || descriptor_table_close_on_exec(table, number) == yes)
		return;
	descriptor->references++;
	descriptor_table_put(table, number, descriptor, yes);
}

void descriptor_table_exec(struct descriptor_table *table)
{
	if (table->slots->close_on_exec > 0)
		remove_those(table, INT64_MIN, INT64_MAX, true);
}

size_t descriptor_table_count(const struct descriptor_table *table)
{
	return table->slots->map.count;
}

bool descriptor_table_is_shared(const struct descriptor_table *table)
{
	return table->references > 1;
}
