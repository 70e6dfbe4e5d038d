/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/evaluate_test.h"

static int compare_texts(struct text a, struct text b)
{
	const size_t shorter = MIN_OF(a.len, b.len);
	const int order = shorter > 0 ? memcmp(a.ptr, b.ptr, shorter) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static bool order_holds(enum operator op, int order)
{
	switch (op) {
	case OPERATOR_LESS:
		return order < 0;
	case OPERATOR_LESS_EQUAL:
		return order <= 0;
	case OPERATOR_GREATER:
		return order > 0;
	case OPERATOR_GREATER_EQUAL:
		return order >= 0;
	case OPERATOR_NOT_EQUAL:
		return order != 0;
	default: /* =, and what asks for membership */
		return order == 0;
	}
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *context)
{
	(void)id, (void)from, (void)to, (void)flags;
	*(bool *)context = true;
	return 1; /* one is enough */
}

static bool regex_matches(const hs_database_t *pattern, struct text text, hs_scratch_t *scratch)
{
	bool matched = false;

	if (text.len > UINT32_MAX)
		return false;
	hs_scan(pattern, text.len > 0 ? text.ptr : "", (unsigned)text.len, 0, scratch, on_match,
		&matched);
	return matched;
}

static bool text_passes(enum operator op, struct text value, struct text constant)
{
	switch (op) {
	case OPERATOR_EQUAL:
	case OPERATOR_IN:
	case OPERATOR_INTERSECTS:
		return text_equal(value, constant);
	case OPERATOR_CONTAINS:
	case OPERATOR_BCONTAINS:
		return text_contains(value, constant);
	case OPERATOR_ICONTAINS:
		return text_contains_nocase(value, constant);
	case OPERATOR_STARTSWITH:
	case OPERATOR_BSTARTSWITH:
		return text_starts_with(value, constant);
	case OPERATOR_ENDSWITH:
		return text_ends_with(value, constant);
	case OPERATOR_GLOB:
		return glob_match(constant, value, false);
	case OPERATOR_IGLOB:
		return glob_match(constant, value, true);
	case OPERATOR_PMATCH:
		return path_prefix_match(constant, value);
	default:
		return order_holds(op, compare_texts(value, constant));
	}
}

/* Does one value pass against constant number i? */
static bool item_passes(const struct test *test, const union field_item *item, uint32_t i,
			hs_scratch_t *scratch)
{
	const bool wants_equal = test->op != OPERATOR_NOT_EQUAL;

	switch (test->type) {
	case FIELD_NUMBER:
	case FIELD_BOOL:
		return order_holds(test->op, (item->number > test->numbers[i])
						     - (item->number < test->numbers[i]));
	case FIELD_ADDRESS:
	case FIELD_NETWORK:
		return ip_range_contains(&test->ranges[i], item->address) == wants_equal;
	default:
		return test->op == OPERATOR_REGEX
			       ? regex_matches(test->patterns[i], item->text, scratch)
			       : text_passes(test->op, item->text, test->texts[i]);
	}
}

static bool item_holds(const struct test *test, const union field_item *item, hs_scratch_t *scratch)
{
	uint32_t passed = 0;

	if (test->set.slots != NULL)
		return text_set_has(&test->set, item->text);
	for (uint32_t i = 0; i < test->count; i++) {
		passed += item_passes(test, item, i, scratch);
		if (passed > 0 && test->quantifier != QUANTIFIER_ALLOF
		    && test->quantifier != QUANTIFIER_ONEOF)
			return true;
	}
	return test->quantifier == QUANTIFIER_ALLOF   ? passed == test->count && passed > 0
	       : test->quantifier == QUANTIFIER_ONEOF ? passed == 1
						      : false;
}

/* Two subjects: one of the right's values must do. */
static bool pair_holds(const struct test *test, const union field_item *left,
		       const struct field_value *right)
{
	for (uint32_t i = 0; i < right->count; i++) {
		const union field_item *other = &field_value_items(right)[i];
		bool passes;

		if (test->type == FIELD_NUMBER || test->type == FIELD_BOOL)
			passes = order_holds(test->op, (left->number > other->number)
							       - (left->number < other->number));
		else if (test->type == FIELD_ADDRESS || test->type == FIELD_NETWORK)
			passes = ip_equal(left->address, other->address)
				 == (test->op != OPERATOR_NOT_EQUAL);
		else
			passes = text_passes(test->op, left->text, other->text);
		if (passes)
			return true;
	}
	return false;
}

/* An event may answer with another kind than the field's type: such a value passes nothing. */
static bool kind_fits(enum field_type type, enum field_value_kind kind)
{
	switch (type) {
	case FIELD_NUMBER:
	case FIELD_BOOL:
		return kind == FIELD_VALUE_NUMBER || kind == FIELD_VALUE_BOOL;
	case FIELD_ADDRESS:
	case FIELD_NETWORK:
		return kind == FIELD_VALUE_ADDRESS;
	default:
		return kind == FIELD_VALUE_TEXT;
	}
}

bool test_holds(const struct test *test, const struct field_value *left,
		const struct field_value *right, hs_scratch_t *scratch)
{
	if (left->kind == FIELD_VALUE_NONE || left->count == 0)
		return false;
	if (right != NULL && (right->kind == FIELD_VALUE_NONE || right->count == 0))
		return false;
	if (test->op == OPERATOR_EXISTS)
		return true;
	if (!kind_fits(test->type, left->kind)
	    || (right != NULL && !kind_fits(test->type, right->kind)))
		return false;
	for (uint32_t i = 0; i < left->count; i++) {
		const union field_item *item = &field_value_items(left)[i];
		const bool holds = test->other != NO_SUBJECT
					   ? right != NULL && pair_holds(test, item, right)
					   : item_holds(test, item, scratch);

		if (holds != test->every)
			return holds;
	}
	return test->every;
}
