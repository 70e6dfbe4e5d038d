/* SPDX-License-Identifier: Apache-2.0 */
/* document.c — one document of a file: what kind it is, its metadata, its fields. */
#include "resource/decode.h"
#include "resource/load.h"

#define NAME_MAX_LEN 253 /* Kubernetes' limit */

static const struct field metadata_fields[] = {
	FIELD("name", FIELD_TEXT, struct resource, name),
	FIELD("namespace", FIELD_TEXT, struct resource, namespace),
	FIELD("labels", FIELD_TEXT_MAP, struct resource, labels),
	FIELD("annotations", FIELD_TEXT_MAP, struct resource, annotations),
	FIELD("creationTimestamp", FIELD_TIME, struct resource, created_ns),
	FIELD_NAMED("generateName"),
	FIELD_NAMED("uid"),
	FIELD_NAMED("resourceVersion"),
	FIELD_NAMED("generation"),
	FIELD_NAMED("finalizers"),
	FIELD_NAMED("ownerReferences"),
	FIELD_NAMED("managedFields"),
	FIELD_NAMED("selfLink"),
	FIELD_NAMED("deletionTimestamp"),
	FIELD_NAMED("deletionGracePeriodSeconds"),
};
static const struct schema metadata_schema =
	SCHEMA("metadata", struct resource, metadata_fields, .is_inline = true);

static struct text text_at(const struct value *document, const char *key)
{
	const struct value *value = value_get(document, key);

	return value != NULL && value->type == VALUE_SCALAR ? value->text
							    : (struct text){ NULL, 0 };
}

static bool is_name(struct text name)
{
	if (name.len == 0 || name.len > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		const char c = name.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !char_is_digit(c) && c != '-' && c != '.')
			return false;
	}
	return char_lower(name.ptr[0]) != '-' && name.ptr[name.len - 1] != '-';
}

static void check_name(struct decoder *decoder, const struct resource *resource, bool is_typed,
		       const struct value *metadata)
{
	if (resource->name.len == 0)
		decode_error(decoder, decode_place(metadata, "name"),
			     "every resource needs metadata.name");
	else if (resource->name.len > NAME_MAX_LEN || (is_typed && !is_name(resource->name)))
		decode_error(
			decoder, resource->name_at,
			"'%.*s' is no name for a resource: lower-case letters, digits, '-' and "
			"'.', at most 253",
			TEXT_ARGS(resource->name));
	if (resource->namespace.len > 0
	    && (resource->namespace.len > 63 || !is_name(resource->namespace)))
		decode_error(decoder, decode_place(metadata, "namespace"),
			     "'%.*s' is no name for a namespace: lower-case letters, digits and "
			     "'-', at most 63",
			     TEXT_ARGS(resource->namespace));
}

/* Names, labels and where it stands. False where it cannot be told what it is called. */
static bool read_metadata(struct decoder *decoder, const struct value *document,
			  const struct kind_info *info, struct resource *resource)
{
	const struct value *metadata = value_get(document, "metadata");
	const struct value *name;

	resource->at = resource->name_at = document->at;
	resource->kind_name = decode_keep(decoder, text_at(document, "kind"));
	resource->api_version = decode_keep(decoder, text_at(document, "apiVersion"));
	if (metadata == NULL || metadata->type == VALUE_NULL) {
		decode_error(decoder, document->at, "every resource needs metadata.name");
		return false;
	}
	decode_message(decoder, &metadata_schema, metadata, resource);
	name = value_get(metadata, "name");
	if (name != NULL)
		resource->name_at = name->at;
	check_name(decoder, resource, info != NULL, metadata);
	if (info != NULL && !info->is_namespaced)
		resource->namespace = TEXT("");
	else if (resource->namespace.len == 0)
		resource->namespace = info != NULL ? TEXT("default") : TEXT("");
	return resource->name.len > 0;
}

static void add(struct decoder *decoder, struct resource_set *set, struct resource *resource)
{
	const struct resource *there = set_add(set, resource);

	if (there != NULL)
		decode_error(decoder, resource->name_at,
			     "%.*s '%.*s' of namespace '%.*s' is already in %s:%u; a set may have "
			     "it once",
			     TEXT_ARGS(resource->kind_name), TEXT_ARGS(resource->name),
			     TEXT_ARGS(resource->namespace), there->name_at.file,
			     there->name_at.line);
}

static const struct kind_info *find_kind(struct text group, struct text name)
{
	for (size_t i = 0; kind_infos[i] != NULL; i++)
		if (text_is(name, kind_infos[i]->name) && text_is(group, kind_infos[i]->group))
			return kind_infos[i];
	return NULL;
}

static void check_version(struct decoder *decoder, const struct value *document,
			  const struct kind_info *info, struct text version)
{
	for (size_t i = 0; info->versions[i] != NULL; i++)
		if (text_is(version, info->versions[i]))
			return;
	decode_warning(decoder, value_get(document, "apiVersion")->at,
		       "%s has no version '%.*s'; it is read as %s%s%s", info->name,
		       TEXT_ARGS(version), info->group, info->group[0] != '\0' ? "/" : "",
		       info->versions[0]);
}

/* Its ConfigMap has been read; only the root namespace's means the mesh. */
static void look_for_mesh_config(struct decoder *decoder, struct resource_set *set,
				 const struct value *document, const struct resource *config_map)
{
	const struct value *mesh = value_find(document, "data.mesh");

	if (mesh != NULL && mesh->type == VALUE_SCALAR && text_is(config_map->name, "istio")
	    && text_is(config_map->namespace, decoder->root_namespace))
		load_mesh_config(decoder, set, mesh, config_map);
}

static void load_typed(struct decoder *decoder, struct resource_set *set,
		       const struct value *document, const struct kind_info *info,
		       struct text version)
{
	struct resource *resource = arena_alloc(decoder->arena, info->size);

	decoder->hides_lines = info->is_secret;
	resource->kind = info->kind;
	check_version(decoder, document, info, version);
	if (read_metadata(decoder, document, info, resource)) {
		decoder->namespace = resource->namespace;
		decode_message(decoder, info->document, document, resource);
		add(decoder, set, resource);
		if (info->kind == KIND_CONFIG_MAP)
			look_for_mesh_config(decoder, set, document, resource);
	}
	decoder->hides_lines = false;
}

/* What has no name of its own is called by its place. */
static struct text place_name(struct decoder *decoder, const struct value *document)
{
	return text_of(arena_printf(decoder->arena, "%s:%u", document->at.file, document->at.line));
}

static void load_untyped(struct decoder *decoder, struct resource_set *set,
			 const struct value *document)
{
	struct resource *resource = ARENA_NEW(decoder->arena, struct resource);

	resource->kind = KIND_UNTYPED;
	if (value_find(document, "metadata.name") == NULL) /* Kustomization has none */
		*resource = (struct resource){
			.at = document->at,
			.name_at = document->at,
			.kind = KIND_UNTYPED,
			.kind_name = decode_keep(decoder, text_at(document, "kind")),
			.api_version = decode_keep(decoder, text_at(document, "apiVersion")),
			.name = place_name(decoder, document),
			.namespace = TEXT("")
		};
	else if (!read_metadata(decoder, document, NULL, resource))
		return;
	resource->document = value_copy(decoder->arena, document);
	add(decoder, set, resource);
}

static void report_unknown_kind(struct decoder *decoder, const struct value *document,
				struct text group, struct text name)
{
	const char *near = kind_closest(name);
	const struct source_pos at = value_get(document, "kind")->at;

	for (size_t i = 0; kind_infos[i] != NULL; i++)
		if (text_is(name, kind_infos[i]->name)) {
			decode_warning(decoder, value_get(document, "apiVersion")->at,
				       "%s is not of group '%.*s' but of '%s'; skipped",
				       kind_infos[i]->name, TEXT_ARGS(group), kind_infos[i]->group);
			return;
		}
	if (near != NULL)
		decode_warning(decoder, at, "unknown kind '%.*s', skipped; did you mean '%s'?",
			       TEXT_ARGS(name), near);
	else
		decode_warning(decoder, at, "unknown kind '%.*s' of '%.*s', skipped",
			       TEXT_ARGS(name), TEXT_ARGS(text_at(document, "apiVersion")));
}

static void load_list(struct decoder *decoder, struct resource_set *set,
		      const struct value *document)
{
	const struct value *items = value_get(document, "items");

	if (items == NULL || items->type != VALUE_SEQUENCE) {
		decode_error(decoder, document->at, "a List needs 'items'");
		return;
	}
	VALUE_FOR_EACH(items, item)
	load_document(decoder, set, item);
}

static void load_resource(struct decoder *decoder, struct resource_set *set,
			  const struct value *document)
{
	const struct text name = text_at(document, "kind");
	struct text version = text_at(document, "apiVersion");
	struct text group = TEXT("");

	if (name.len == 0 || version.len == 0) {
		decode_warning(decoder, document->at,
			       "not a resource, skipped: it has no 'apiVersion' and 'kind'");
		return;
	}
	if (text_find_char(version, '/') != TEXT_NONE)
		group = text_split(&version, '/');

	const struct kind_info *info = find_kind(group, name);

	if (info != NULL)
		load_typed(decoder, set, document, info, version);
	else if (group.len == 0 && text_is(name, "List"))
		load_list(decoder, set, document);
	else if (kind_is_known_elsewhere(group, name))
		load_untyped(decoder, set, document);
	else
		report_unknown_kind(decoder, document, group, name);
}

/* A list of items that each say what they are (falco.md 4.2). */
static bool is_falco_rules(const struct value *document)
{
	static const char *const item_kinds[] = { "rule", "macro", "list",
						  "required_engine_version",
						  "required_plugin_versions" };

	if (document->count == 0)
		return false;
	VALUE_FOR_EACH(document, item)
	{
		bool is_known = false;

		for (size_t i = 0; i < COUNT_OF(item_kinds); i++)
			is_known = is_known || value_get(item, item_kinds[i]) != NULL;
		if (!is_known)
			return false;
	}
	return true;
}

static void load_falco_rules(struct decoder *decoder, struct resource_set *set,
			     const struct value *document)
{
	struct resource *resource = ARENA_NEW(decoder->arena, struct resource);

	resource->at = resource->name_at = document->at;
	resource->kind = KIND_FALCO_RULES;
	resource->kind_name = TEXT("Falco rules");
	resource->namespace = TEXT("");
	resource->name = text_of(
		arena_printf(decoder->arena, "%s:%u", document->at.file, document->at.line));
	resource->document = value_copy(decoder->arena, document);
	add(decoder, set, resource);
}

void load_document(struct decoder *decoder, struct resource_set *set, const struct value *document)
{
	if (document->type == VALUE_MAPPING)
		load_resource(decoder, set, document);
	else if (document->type == VALUE_SEQUENCE && is_falco_rules(document))
		load_falco_rules(decoder, set, document);
	else if (document->type != VALUE_NULL)
		decode_warning(decoder, document->at, "not a resource, skipped: this is %s",
			       value_describe(document));
}
