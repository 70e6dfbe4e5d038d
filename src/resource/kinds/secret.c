/* SPDX-License-Identifier: Apache-2.0 */
/* secret.c — core ConfigMap and Secret. Nothing of a Secret's bytes reaches an error. */
#include "resource/kinds/kinds.h"
#include "resource/kinds/kubernetes.h"

static const struct field config_map_fields[] = {
	DOCUMENT_FIELDS,
	FIELD("data", FIELD_TEXT_MAP, struct config_map, data),
	FIELD("immutable", FIELD_OPTIONAL_BOOL, struct config_map, immutable),
	FIELD_NAMED("binaryData"),
};
static const struct schema config_map_document =
	SCHEMA("ConfigMap", struct config_map, config_map_fields, .is_inline = true);

const struct kind_info config_map_kind = {
	.kind = KIND_CONFIG_MAP,
	.name = "ConfigMap",
	.group = "",
	.versions = version_1,
	.size = sizeof(struct config_map),
	.is_namespaced = true,
	.document = &config_map_document,
};

static const struct field encoded_fields[] = {
	FIELD("data", FIELD_BASE64, struct secret_item, bytes),
};
static const struct schema encoded_schema = SCHEMA("data", struct secret_item, encoded_fields);

static const struct field plain_fields[] = {
	FIELD("stringData", FIELD_TEXT, struct secret_item, bytes),
};
static const struct schema plain_schema = SCHEMA("stringData", struct secret_item, plain_fields);

static const struct field secret_fields[] = {
	DOCUMENT_FIELDS,
	FIELD("type", FIELD_TEXT, struct secret, type),
	FIELD("data", FIELD_SCALAR_MAP, struct secret, data, .schema = &encoded_schema),
	FIELD("stringData", FIELD_SCALAR_MAP, struct secret, string_data, .schema = &plain_schema),
	FIELD("immutable", FIELD_OPTIONAL_BOOL, struct secret, immutable),
};
static const struct schema secret_document =
	SCHEMA("Secret", struct secret, secret_fields, .is_inline = true);

static struct text find_item(const struct secret_item *items, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (text_is(items[i].key, key))
			return items[i].bytes;
	return (struct text){ NULL, 0 };
}

struct text secret_get(const struct secret *secret, const char *key)
{
	const struct text plain =
		find_item(secret->string_data.items, secret->string_data.count, key);

	return plain.ptr != NULL ? plain : find_item(secret->data.items, secret->data.count, key);
}

const struct kind_info secret_kind = {
	.kind = KIND_SECRET,
	.name = "Secret",
	.group = "",
	.versions = version_1,
	.size = sizeof(struct secret),
	.is_namespaced = true,
	.is_secret = true,
	.document = &secret_document,
};
