/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/path.h"

struct builder {
	char *out;
	size_t len;
	size_t root; /* what ".." cannot take away */
};

static void drop_last(struct builder *builder)
{
	while (builder->len > builder->root && builder->out[builder->len - 1] != '/')
		builder->len--;
	if (builder->len > builder->root)
		builder->len--; /* the slash */
}

static void add_name(struct builder *builder, struct text name)
{
	const size_t len = MIN_OF(name.len, PATH_TEXT_MAX - builder->len - 1);

	if (builder->len + 1 >= PATH_TEXT_MAX)
		return;
	builder->out[builder->len++] = '/';
	memcpy(builder->out + builder->len, name.ptr, MIN_OF(len, PATH_TEXT_MAX - builder->len));
	builder->len += MIN_OF(len, PATH_TEXT_MAX - builder->len);
}

static void add_path(struct builder *builder, struct text path)
{
	while (path.ptr != NULL) {
		const struct text name = text_split(&path, '/');

		if (name.len == 2 && memcmp(name.ptr, "..", 2) == 0)
			drop_last(builder);
		else if (name.len > 0 && !(name.len == 1 && name.ptr[0] == '.'))
			add_name(builder, name);
	}
}

struct text path_join(char out[PATH_TEXT_MAX], struct text directory, struct text path)
{
	struct builder builder = { .out = out };

	if (path.len == 0 || path.ptr[0] != '/') {
		if (directory.ptr == NULL) {
			memcpy(out, "<UNKNOWN>", 9);
			builder.len = builder.root = 9;
		} else {
			add_path(&builder, directory);
		}
	}
	add_path(&builder, path);
	if (builder.len == 0)
		out[builder.len++] = '/';
	return (struct text){ out, builder.len };
}

struct text path_directory(struct text path)
{
	const size_t slash = text_find_last_char(path, '/');

	return slash == TEXT_NONE ? (struct text){ 0 } : text_until(path, MAX_OF(slash, (size_t)1));
}

struct text path_name(struct text path)
{
	const size_t slash = text_find_last_char(path, '/');

	return slash == TEXT_NONE ? (struct text){ 0 } : text_from(path, slash + 1);
}
