/* SPDX-License-Identifier: Apache-2.0 */
#include "resource/resource.h"

struct text text_map_get(const struct text_map *map, struct text key)
{
	for (size_t i = 0; i < map->count; i++)
		if (text_equal(map->items[i].key, key))
			return map->items[i].value;
	return (struct text){ NULL, 0 };
}

bool text_list_has(const struct text_list *list, struct text item)
{
	for (size_t i = 0; i < list->count; i++)
		if (text_equal(list->items[i], item))
			return true;
	return false;
}

bool resource_labels_match(const struct text_map *labels, const struct text_map *selector)
{
	for (size_t i = 0; i < selector->count; i++) {
		const struct text value = text_map_get(labels, selector->items[i].key);

		if (value.ptr == NULL || !text_equal(value, selector->items[i].value))
			return false;
	}
	return true;
}

bool resource_selector_matches(const struct workload_selector *selector,
			       const struct text_map *labels)
{
	return selector == NULL || resource_labels_match(labels, &selector->match_labels);
}
