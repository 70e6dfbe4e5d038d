/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rule_index.h"

#include "policy/affix_index.h"

/* The rules filed under one field (and, for headers and claims, one name of it). */
struct dimension {
	enum field field;
	struct text name;
	const struct text *path;
	size_t path_len;
	struct affix_index texts; /* addresses and ports as their bytes */
	bool widths[2][129];      /* address blocks: by family (v4, v6) and prefix length */
	struct dimension *next;
};

struct rule_index {
	struct arena *arena;
	const struct rule *const *rules;
	size_t count;
	struct dimension *dimensions;
	uint32_t *unfiled; /* examined every time; in order */
	size_t unfiled_count;
	/* Of each rule the part that holds wherever its entry is found: what it was filed under is
	 * all that part asks. RULE_PARTS: none. */
	unsigned char *implied;
};

/* ---- which values a rule can be filed under ---- */

#define BLOCK_KEY_SIZE 18 /* family, width, sixteen bytes */

static struct text block_key(char key[BLOCK_KEY_SIZE], struct ip_address ip, unsigned width)
{
	struct ip_address base = ip_mask(ip, width);

	key[0] = (char)ip.family;
	key[1] = (char)width;
	memcpy(key + 2, base.bytes, sizeof(base.bytes));
	return (struct text){ key, BLOCK_KEY_SIZE };
}

/* A value as a pattern of its dimension's texts; false where it cannot be filed. */
static bool value_pattern(struct arena *arena, const struct term *term,
			  const struct match_value *value, struct pattern *out)
{
	char key[BLOCK_KEY_SIZE];

	switch (fields[term->field].values) {
	case VALUES_TEXT:
	case VALUES_CLAIM:
		*out = value->pattern;
		if (out->kind == PATTERN_TEMPLATE) {
			out->kind = PATTERN_PREFIX;
			out->text = text_until(out->text, text_find_char(out->text, '{'));
		}
		return affix_index_accepts(out)
		       && (out->kind == PATTERN_EXACT || out->text.len > 1);
	case VALUES_NAMESPACE:
		*out = value->pattern;
		return out->kind == PATTERN_EXACT && text_find_char(out->text, '/') == TEXT_NONE;
	case VALUES_REQUEST_PRINCIPAL:
		*out = value->request_principal.subject;
		return affix_index_accepts(out) && out->text.len > 0;
	case VALUES_IP:
		*out = (struct pattern){ .text = block_key(key, value->range.base,
							   value->range.prefix_bits) };
		out->text.ptr = arena_strndup(arena, key, sizeof(key));
		return true;
	case VALUES_PORT:
		*out = (struct pattern){ .text = { (const char *)&value->port,
						   sizeof(value->port) } };
		return true;
	default:
		return false;
	}
}

static bool same_path(const struct text *a, const struct text *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!text_equal(a[i], b[i]))
			return false;
	return true;
}

static struct dimension *dimension_of(struct rule_index *index, const struct term *term)
{
	struct dimension *dimension;

	for (dimension = index->dimensions; dimension != NULL; dimension = dimension->next)
		if (dimension->field == term->field && text_equal(dimension->name, term->name)
		    && dimension->path_len == term->path_len
		    && same_path(dimension->path, term->path, term->path_len))
			return dimension;
	dimension = ARENA_NEW(index->arena, struct dimension);
	dimension->field = term->field;
	dimension->name = term->name;
	dimension->path = term->path;
	dimension->path_len = term->path_len;
	affix_index_init(&dimension->texts, index->arena, fields[term->field].ignore_case);
	dimension->next = index->dimensions;
	index->dimensions = dimension;
	return dimension;
}

/* ---- choosing ---- */

/* How many rules mention a value, counted over all rules before any is filed. */
struct census {
	struct rule_index counted; /* its dimensions hold every value of every rule */
	struct arena *arena;
};

#define NEVER_FILED UINT64_MAX

static void count_term(struct census *census, const struct term *term, uint32_t rule)
{
	struct pattern pattern;

	for (size_t i = 0; i < term->values.count; i++)
		if (value_pattern(census->arena, term, &term->values.items[i], &pattern))
			affix_index_add(&dimension_of(&census->counted, term)->texts, &pattern,
					rule);
}

struct count_of {
	const struct pattern *pattern;
	uint64_t count;
};

static bool take_count(void *context, const struct affix_entry *entry)
{
	struct count_of *wanted = context;

	if (entry->kind == wanted->pattern->kind && entry->text.len == wanted->pattern->text.len) {
		wanted->count = entry->count;
		return true;
	}
	return false;
}

/* The number of rules that would be examined if this term's rules were filed under its values. */
static uint64_t term_cost(struct census *census, const struct term *term)
{
	uint64_t worst = 0;

	if (term->values.count == 0)
		return NEVER_FILED;
	for (size_t i = 0; i < term->values.count; i++) {
		struct pattern pattern;
		struct count_of wanted = { .pattern = &pattern };

		if (!value_pattern(census->arena, term, &term->values.items[i], &pattern))
			return NEVER_FILED;
		affix_index_find(&dimension_of(&census->counted, term)->texts, pattern.text,
				 take_count, &wanted);
		worst = MAX_OF(worst, wanted.count * (pattern.kind == PATTERN_EXACT ? 1 : 2));
	}
	return worst;
}

static uint64_t best_term(struct census *census, const struct clause *clause,
			  const struct term **best)
{
	uint64_t least = NEVER_FILED;

	*best = NULL;
	for (size_t i = 0; i < clause->count; i++) {
		uint64_t cost = term_cost(census, &clause->terms[i]);

		if (cost < least) {
			least = cost;
			*best = &clause->terms[i];
		}
	}
	return least;
}

/* All alternatives must be filed: the request may come by any of them. */
static uint64_t alternatives_cost(struct census *census, const struct clause *clauses, size_t count)
{
	uint64_t worst = count == 0 ? NEVER_FILED : 0;
	const struct term *best;

	for (size_t i = 0; i < count; i++)
		worst = MAX_OF(worst, best_term(census, &clauses[i], &best));
	return worst;
}

/* ---- filing ---- */

static void file_term(struct rule_index *index, const struct term *term, uint32_t rule)
{
	struct dimension *dimension = dimension_of(index, term);

	for (size_t i = 0; i < term->values.count; i++) {
		const struct match_value *value = &term->values.items[i];
		struct pattern pattern;

		if (!value_pattern(index->arena, term, value, &pattern))
			continue;
		affix_index_add(&dimension->texts, &pattern, rule);
		if (fields[term->field].values == VALUES_IP)
			dimension->widths[value->range.base.family == IP_V6]
					 [value->range.prefix_bits] = true;
	}
}

/* To find an entry of it is to match all of the clause. */
static bool entry_says_all(const struct clause *clause)
{
	const struct term *term = &clause->terms[0];

	if (clause->count != 1 || fields[term->field].values != VALUES_TEXT
	    || term->not_values.count > 0)
		return false;
	for (size_t i = 0; i < term->values.count; i++)
		if (term->values.items[i].pattern.kind == PATTERN_TEMPLATE) /* by its prefix */
			return false;
	return true;
}

static void file_alternatives(struct rule_index *index, struct census *census,
			      const struct clause_list *list, enum rule_part part, uint32_t rule)
{
	bool says_all = true;

	for (size_t i = 0; i < list->count; i++) {
		const struct term *best;

		best_term(census, &list->items[i], &best);
		if (best != NULL) /* or it would not be filed here */
			file_term(index, best, rule);
		says_all = says_all && entry_says_all(&list->items[i]);
	}
	if (says_all)
		index->implied[rule] = (unsigned char)part;
}

static void file_rule(struct rule_index *index, struct census *census, uint32_t number)
{
	/* where it costs the same: who comes tells more than what is wanted */
	static const enum rule_part preferred[] = { PART_SOURCES, PART_OPERATIONS,
						    PART_CONDITIONS };
	const struct rule *rule = index->rules[number];
	enum rule_part cheapest = RULE_PARTS;
	uint64_t least = NEVER_FILED;

	index->implied[number] = RULE_PARTS;
	for (size_t i = 0; i < COUNT_OF(preferred); i++) {
		const struct clause_list *list = &rule->judged[preferred[i]];
		const uint64_t cost = alternatives_cost(census, list->items, list->count);

		if (cost < least) {
			least = cost;
			cheapest = preferred[i];
		}
	}
	if (cheapest == RULE_PARTS)
		index->unfiled[index->unfiled_count++] = number;
	else
		file_alternatives(index, census, &rule->judged[cheapest], cheapest, number);
}

static void count_rule(struct census *census, const struct rule *rule, uint32_t number)
{
	for (enum rule_part part = 0; part < RULE_PARTS; part++)
		for (size_t i = 0; i < rule->judged[part].count; i++)
			for (size_t j = 0; j < rule->judged[part].items[i].count; j++)
				count_term(census, &rule->judged[part].items[i].terms[j], number);
}

const struct rule_index *rule_index_build(struct arena *arena, const struct rule *const *rules,
					  size_t count)
{
	AUTO_ARENA struct arena scratch;
	struct rule_index *index = ARENA_NEW(arena, struct rule_index);
	struct census census = { .counted = { .arena = &scratch }, .arena = &scratch };

	arena_init(&scratch, 4096);
	index->arena = arena;
	index->rules = rules;
	index->count = count;
	index->unfiled = ARENA_ARRAY(arena, count, uint32_t);
	index->implied = ARENA_ARRAY(arena, count, unsigned char);
	for (uint32_t i = 0; i < count; i++)
		count_rule(&census, rules[i], i);
	for (uint32_t i = 0; i < count; i++)
		file_rule(index, &census, i);
	return index;
}

/* ---- looking up ---- */

struct search {
	const struct rule_index *index;
	const struct request_facts *facts;
	const struct affix_index *texts; /* of the dimension at hand */
	uint32_t best;                   /* count: none yet */
};

static void examine(struct search *search, const uint32_t *numbers, size_t count)
{
	for (size_t i = 0; i < count && numbers[i] < search->best; i++)
		if (rule_rest_matches(search->index->rules[numbers[i]],
				      search->index->implied[numbers[i]], search->facts))
			search->best = numbers[i];
}

static bool examine_entry(void *context, const struct affix_entry *entry)
{
	examine(context, affix_entry_ids(entry), entry->count);
	return false;
}

static void look_up(struct search *search, struct text value)
{
	affix_index_find(search->texts, value, examine_entry, search);
}

static bool look_up_claim(const void *context, struct text value)
{
	look_up(*(struct search *const *)context, value);
	return false;
}

static void look_up_namespaces(struct search *search, struct text peer)
{
	const struct text marker = TEXT("/ns/");

	for (size_t at = 0; at + marker.len < peer.len; at++) {
		struct text rest = text_from(peer, at);

		if (text_starts_with(rest, marker)) {
			rest = text_from(rest, marker.len);
			look_up(search, text_split(&rest, '/'));
		}
	}
}

static void look_up_ip(struct search *search, const struct dimension *dimension,
		       struct ip_address ip)
{
	char key[BLOCK_KEY_SIZE];
	unsigned widest = ip.family == IP_V4 ? 32 : 128;

	if (ip.family == IP_NONE)
		return;
	for (unsigned width = 0; width <= widest; width++)
		if (dimension->widths[ip.family == IP_V6][width])
			look_up(search, block_key(key, ip, width));
}

static void look_up_dimension(struct search *search, const struct dimension *dimension)
{
	const struct request_facts *facts = search->facts;

	search->texts = &dimension->texts;
	switch (fields[dimension->field].values) {
	case VALUES_TEXT:
		look_up(search, field_text(dimension->field, dimension->name, facts));
		break;
	case VALUES_NAMESPACE:
		look_up_namespaces(search, facts->peer);
		break;
	case VALUES_IP:
		look_up_ip(search, dimension, field_ip(dimension->field, facts));
		break;
	case VALUES_PORT:
		look_up(search, (struct text){ (const char *)&facts->destination_port,
					       sizeof(facts->destination_port) });
		break;
	case VALUES_REQUEST_PRINCIPAL:
		if (facts->token != NULL)
			look_up(search, jwt_subject(facts->token));
		break;
	case VALUES_CLAIM:
		if (facts->token != NULL)
			jwt_claim_any(facts->token, dimension->path, dimension->path_len,
				      look_up_claim, &search);
		break;
	default:
		break;
	}
}

const struct rule *rule_index_first(const struct rule_index *index,
				    const struct request_facts *facts)
{
	struct search search = { .index = index, .facts = facts, .best = (uint32_t)index->count };

	for (const struct dimension *dimension = index->dimensions; dimension != NULL;
	     dimension = dimension->next)
		look_up_dimension(&search, dimension);
	examine(&search, index->unfiled, index->unfiled_count);
	return search.best < index->count ? index->rules[search.best] : NULL;
}
