/* SPDX-License-Identifier: Apache-2.0 */
/* list.h — a doubly linked list through its members (intrusive): no allocation, O(1) removal.
 *
 * The head is a link of its own. A link that is on no list points to itself or is zeroed.
 * Who owns the members is said where the head is declared. */
#pragma once

#include "base/ownership.h"

#include <stdbool.h>

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == NULL || head->next == head;
}

static inline bool list_is_linked(const struct list *link)
{
	return link->next != NULL && link->next != link;
}

static inline void list_append(struct list *head, struct list *link)
{
	link->prev = head->prev;
	link->next = head;
	head->prev->next = link;
	head->prev = link;
}

static inline void list_prepend(struct list *head, struct list *link)
{
	list_append(head->next, link);
}

static inline void list_remove(struct list *link)
{
	if (!list_is_linked(link))
		return;
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

#define LIST_ITEM(link, type, member) CONTAINER_OF(link, type, member)
#define LIST_FOR_EACH(head, link)                                                                  \
	for (struct list *link = (head)->next; link != (head); link = link->next)
/* The current link may be removed, no other. */
#define LIST_FOR_EACH_SAFE(head, link)                                                             \
	for (struct list *link = (head)->next, *after_ = link->next; link != (head);               \
	     link = after_, after_ = link->next)
