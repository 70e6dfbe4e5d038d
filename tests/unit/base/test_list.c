/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct guest {
	int number;
	struct list link;
};

static int numbers_in(struct list *head) /* 1, 2, 3 are 123 */
{
	int numbers = 0;

	LIST_FOR_EACH (head, link)
		numbers = numbers * 10 + LIST_ITEM(link, struct guest, link)->number;
	return numbers;
}

static void members_keep_their_order(void **state)
{
	struct guest guests[] = { { .number = 1 }, { .number = 2 }, { .number = 3 } };
	struct list head;

	(void)state;
	list_init(&head);
	assert_true(list_is_empty(&head));
	list_append(&head, &guests[1].link);
	list_append(&head, &guests[2].link);
	list_prepend(&head, &guests[0].link);
	assert_false(list_is_empty(&head));
	assert_int_equal(numbers_in(&head), 123);
}

static void a_member_leaves_and_comes_back(void **state)
{
	struct guest guests[] = { { .number = 1 }, { .number = 2 }, { .number = 3 } };
	struct list head;

	(void)state;
	list_init(&head);
	for (size_t i = 0; i < COUNT_OF(guests); i++)
		list_append(&head, &guests[i].link);
	list_remove(&guests[1].link);
	assert_false(list_is_linked(&guests[1].link));
	assert_int_equal(numbers_in(&head), 13);
	list_remove(&guests[1].link); /* on no list: nothing happens */
	list_append(&head, &guests[1].link);
	assert_int_equal(numbers_in(&head), 132);
}

static void all_may_leave_while_it_is_walked(void **state)
{
	struct guest guests[] = { { .number = 1 }, { .number = 2 }, { .number = 3 } };
	struct list head;
	int left = 0;

	(void)state;
	list_init(&head);
	for (size_t i = 0; i < COUNT_OF(guests); i++)
		list_append(&head, &guests[i].link);
	LIST_FOR_EACH_SAFE (&head, link) {
		list_remove(link);
		left++;
	}
	assert_int_equal(left, 3);
	assert_true(list_is_empty(&head));
}

static void a_zeroed_link_is_on_no_list(void **state)
{
	struct guest guest = { 0 };

	(void)state;
	assert_false(list_is_linked(&guest.link));
	list_remove(&guest.link);
	assert_true(list_is_empty(&(struct list){ 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_keep_their_order),
		cmocka_unit_test(a_member_leaves_and_comes_back),
		cmocka_unit_test(all_may_leave_while_it_is_walked),
		cmocka_unit_test(a_zeroed_link_is_on_no_list),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
