/* SPDX-License-Identifier: Apache-2.0 */
/* plan_delegate.c — a route that leaves the rest to another VirtualService.
 *
 * Each route of the delegate is taken as if it stood there: it inherits what it does not say
 * itself, and its matches are narrowed by those of the root. A match of the delegate that reaches
 * beyond all of the root's is a conflict, and its route is left out
 * (istio:pilot/pkg/model/virtualservice.go). */
#include "proxy/plan_delegate.h"

/* ---- conflicts ---- */

/* Where both say something, the delegate's must be a part of the root's. */
static bool is_within(const struct string_match *root, const struct string_match *leaf)
{
	if (root == NULL || leaf == NULL || root->value.len == 0 || leaf->value.len == 0)
		return true;
	if (root->type == STRING_MATCH_EXACT)
		return leaf->type == STRING_MATCH_EXACT && text_equal(leaf->value, root->value);
	if (root->type == STRING_MATCH_PREFIX)
		return (leaf->type == STRING_MATCH_EXACT || leaf->type == STRING_MATCH_PREFIX)
		       && text_starts_with(leaf->value, root->value);
	return false; /* of two regular expressions nobody can tell */
}

static const struct string_match *find_key(const struct string_match *items, size_t count,
					   struct text key)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal(items[i].key, key))
			return &items[i];
	return NULL;
}

struct keyed { /* one of the three lists of a match */
	const struct string_match *items;
	size_t count;
};

static bool keys_are_within(struct keyed root, struct keyed leaf)
{
	for (size_t i = 0; i < leaf.count; i++)
		if (!is_within(find_key(root.items, root.count, leaf.items[i].key), &leaf.items[i]))
			return false;
	return true;
}

static bool labels_agree(const struct text_map *root, const struct text_map *leaf)
{
	for (size_t i = 0; i < leaf->count; i++) {
		const struct text wanted = text_map_get(root, leaf->items[i].key);

		if (wanted.ptr != NULL && !text_equal(wanted, leaf->items[i].value))
			return false;
	}
	return true;
}

static bool gateways_are_within(const struct text_list *root, const struct text_list *leaf)
{
	for (size_t i = 0; i < leaf->count && root->count > 0; i++)
		if (!text_list_has(root, leaf->items[i]))
			return false;
	return true;
}

static bool texts_agree(struct text root, struct text leaf)
{
	return root.len == 0 || leaf.len == 0 || text_equal(root, leaf);
}

#define KEYED(match, member) ((struct keyed){ (match)->member.items, (match)->member.count })

static bool match_is_within(const struct http_match_request *root,
			    const struct http_match_request *leaf)
{
	return is_within(root->uri, leaf->uri) && is_within(root->scheme, leaf->scheme)
	       && is_within(root->method, leaf->method)
	       && is_within(root->authority, leaf->authority)
	       && keys_are_within(KEYED(root, headers), KEYED(leaf, headers))
	       && keys_are_within(KEYED(root, without_headers), KEYED(leaf, without_headers))
	       && keys_are_within(KEYED(root, query_params), KEYED(leaf, query_params))
	       && root->ignore_uri_case == leaf->ignore_uri_case
	       && (root->port == 0 || leaf->port == 0 || root->port == leaf->port)
	       && texts_agree(root->source_namespace, leaf->source_namespace)
	       && labels_agree(&root->source_labels, &leaf->source_labels)
	       && gateways_are_within(&root->gateways, &leaf->gateways);
}

/* ---- merging ---- */

/* The leaf's, and those of the root that it does not have. */
static struct keyed merge_keyed(struct arena *arena, struct keyed root, struct keyed leaf)
{
	struct string_match *merged =
		ARENA_ARRAY(arena, root.count + leaf.count, struct string_match);
	size_t count = 0;

	for (size_t i = 0; i < leaf.count; i++)
		merged[count++] = leaf.items[i];
	for (size_t i = 0; i < root.count; i++)
		if (find_key(leaf.items, leaf.count, root.items[i].key) == NULL)
			merged[count++] = root.items[i];
	return (struct keyed){ merged, count };
}

static struct text_map merge_labels(struct arena *arena, const struct text_map *root,
				    const struct text_map *leaf)
{
	struct text_pair *merged = ARENA_ARRAY(arena, root->count + leaf->count, struct text_pair);
	size_t count = 0;

	for (size_t i = 0; i < leaf->count; i++)
		merged[count++] = leaf->items[i];
	for (size_t i = 0; i < root->count; i++)
		if (text_map_get(leaf, root->items[i].key).ptr == NULL)
			merged[count++] = root->items[i];
	return (struct text_map){ merged, count };
}

#define INHERIT(leaf, root, member, is_said)                                                       \
	do {                                                                                       \
		if (!(is_said))                                                                    \
			(leaf)->member = (root)->member;                                           \
	} while (0)
#define MERGE_KEYED(arena, leaf, root, member)                                                     \
	do {                                                                                       \
		const struct keyed merged_ =                                                       \
			merge_keyed((arena), KEYED(root, member), KEYED(leaf, member));            \
		(leaf)->member.items = merged_.items;                                              \
		(leaf)->member.count = merged_.count;                                              \
	} while (0)

static struct http_match_request merge_match(struct arena *arena,
					     const struct http_match_request *root,
					     const struct http_match_request *from)
{
	struct http_match_request merged = *from, *leaf = &merged;

	INHERIT(leaf, root, uri, leaf->uri != NULL);
	INHERIT(leaf, root, scheme, leaf->scheme != NULL);
	INHERIT(leaf, root, method, leaf->method != NULL);
	INHERIT(leaf, root, authority, leaf->authority != NULL);
	INHERIT(leaf, root, port, leaf->port != 0);
	INHERIT(leaf, root, source_namespace, leaf->source_namespace.len > 0);
	INHERIT(leaf, root, gateways, leaf->gateways.count > 0);
	INHERIT(leaf, root, stat_prefix, leaf->stat_prefix.len > 0);
	MERGE_KEYED(arena, leaf, root, headers);
	MERGE_KEYED(arena, leaf, root, without_headers);
	MERGE_KEYED(arena, leaf, root, query_params);
	leaf->source_labels = merge_labels(arena, &root->source_labels, &leaf->source_labels);
	return merged;
}

/* False: one of the delegate's matches is within none of the root's. */
static bool merge_matches(struct arena *arena, const struct http_route *root,
			  struct http_route *leaf)
{
	struct http_match_request *merged;
	size_t count = 0;

	if (root->match.count == 0)
		return true;
	if (leaf->match.count == 0) {
		leaf->match = root->match;
		return true;
	}
	merged = ARENA_ARRAY(arena, root->match.count * leaf->match.count,
			     struct http_match_request);
	for (size_t i = 0; i < leaf->match.count; i++) {
		const size_t before = count;

		for (size_t k = 0; k < root->match.count; k++)
			if (match_is_within(&root->match.items[k], &leaf->match.items[i]))
				merged[count++] = merge_match(arena, &root->match.items[k],
							      &leaf->match.items[i]);
		if (count == before)
			return false;
	}
	leaf->match.items = merged;
	leaf->match.count = count;
	return true;
}

static struct text merge_name(struct arena *arena, struct text root, struct text leaf)
{
	if (root.len == 0 || leaf.len == 0)
		return leaf.len == 0 ? root : leaf;
	return text_of(arena_printf(arena, "%.*s-%.*s", TEXT_ARGS(root), TEXT_ARGS(leaf)));
}

static void inherit(struct arena *arena, const struct http_route *root, struct http_route *leaf)
{
	leaf->name = merge_name(arena, root->name, leaf->name);
	INHERIT(leaf, root, rewrite, leaf->rewrite != NULL);
	INHERIT(leaf, root, timeout, leaf->timeout.is_set);
	INHERIT(leaf, root, retries, leaf->retries != NULL);
	INHERIT(leaf, root, fault, leaf->fault != NULL);
	INHERIT(leaf, root, mirror, leaf->mirror != NULL);
	INHERIT(leaf, root, mirror_percentage, leaf->mirror_percentage.is_set);
	INHERIT(leaf, root, mirrors, leaf->mirrors.count > 0);
	INHERIT(leaf, root, cors_policy, leaf->cors_policy != NULL);
	INHERIT(leaf, root, headers, leaf->headers != NULL);
}

/* ---- names of the root's namespace, in a VirtualService of another ---- */

static const struct virtual_destination *full_destination(struct plan_build *build,
							  const struct virtual_destination *to,
							  struct text namespace)
{
	const struct mesh_service *service =
		to != NULL ? registry_find(&build->plan->registry, to->host, namespace) : NULL;
	struct virtual_destination *full;

	if (service == NULL)
		return to;
	full = ARENA_NEW(&build->plan->arena, struct virtual_destination);
	*full = *to;
	full->host = service->host;
	return full;
}

static void full_mirrors(struct plan_build *build, struct http_route *root, struct text namespace)
{
	struct http_mirror *full =
		ARENA_ARRAY(&build->plan->arena, root->mirrors.count, struct http_mirror);

	root->mirror = full_destination(build, root->mirror, namespace);
	for (size_t i = 0; i < root->mirrors.count; i++) {
		full[i] = root->mirrors.items[i];
		full[i].destination = full_destination(build, full[i].destination, namespace);
	}
	root->mirrors.items = full;
}

static struct text_list full_gateways(struct arena *arena, const struct text_list *list,
				      struct text namespace)
{
	struct text *names = ARENA_ARRAY(arena, list->count, struct text);

	for (size_t i = 0; i < list->count; i++) {
		const struct text name = list->items[i];
		const bool is_full =
			text_is(name, "mesh") || text_find_char(name, '/') != TEXT_NONE;

		names[i] = is_full ? name
				   : text_of(arena_printf(arena, "%.*s/%.*s", TEXT_ARGS(namespace),
							  TEXT_ARGS(name)));
	}
	return (struct text_list){ .items = names, .count = list->count, .at = list->at };
}

static struct http_route with_full_names(struct plan_build *build, const struct http_route *from,
					 struct text namespace)
{
	struct arena *arena = &build->plan->arena;
	struct http_route full = *from;
	struct http_match_request *matches =
		ARENA_ARRAY(arena, from->match.count, struct http_match_request);

	for (size_t i = 0; i < from->match.count; i++) {
		matches[i] = from->match.items[i];
		matches[i].gateways = full_gateways(arena, &matches[i].gateways, namespace);
	}
	full.match.items = matches;
	full_mirrors(build, &full, namespace);
	return full;
}

/* ---- the whole ---- */

static const struct virtual_service *find_delegate(struct plan_build *build,
						   const struct virtual_service *root,
						   const struct virtual_delegate *to)
{
	const struct text namespace = to->namespace.len > 0 ? to->namespace : root->meta.namespace;
	const struct resource *found =
		resource_find(build->plan->resources, KIND_VIRTUAL_SERVICE, namespace, to->name);
	const struct virtual_service *service = found != NULL ? virtual_service_of(found) : NULL;

	if (service == NULL || service->hosts.count > 0
	    || !plan_exports_to(build, service, root->meta.namespace)) {
		plan_warn(build, to->at,
			  "there is no VirtualService '%.*s/%.*s' to delegate to%s; this route is "
			  "left out",
			  TEXT_ARGS(namespace), TEXT_ARGS(to->name),
			  service == NULL            ? ""
			  : service->hosts.count > 0 ? " (a delegate has no 'hosts')"
						     : " (its 'exportTo' keeps it from here)");
		return NULL;
	}
	return service;
}

size_t plan_delegated(struct plan_build *build, const struct virtual_service *service,
		      const struct http_route *root, struct delegated_route **out)
{
	struct arena *arena = &build->plan->arena;
	const struct virtual_service *delegate = find_delegate(build, service, root->delegate);
	const struct http_route full = with_full_names(build, root, service->meta.namespace);
	size_t count = 0;

	if (delegate == NULL)
		return 0;
	*out = ARENA_ARRAY(arena, delegate->http.count, struct delegated_route);
	for (size_t i = 0; i < delegate->http.count; i++) {
		struct delegated_route *route = &(*out)[count];

		route->service = delegate;
		route->route =
			with_full_names(build, &delegate->http.items[i], delegate->meta.namespace);
		if (merge_matches(arena, &full, &route->route)) {
			inherit(arena, &full, &route->route);
			count++;
		} else {
			plan_warn(build, route->route.at,
				  "a match here reaches beyond what %s:%u delegates; this route is "
				  "left out",
				  root->at.file, root->at.line);
		}
	}
	return count;
}
