/* SPDX-License-Identifier: Apache-2.0 */
/* mesh_document.c — MeshConfig is YAML inside a text of a ConfigMap. Its errors still point at the
 * line of the ConfigMap's file that they mean. */
#include "resource/load.h"

/* Blanks before the first line that says something: what YAML cut off from each. */
static unsigned indentation(struct text source, size_t start)
{
	struct text rest = text_from(source, MIN_OF(start, source.len));

	while (rest.ptr != NULL) {
		const struct text line = text_split(&rest, '\n');
		unsigned blanks = 0;

		while (blanks < line.len && line.ptr[blanks] == ' ')
			blanks++;
		if (blanks < line.len)
			return blanks;
	}
	return 0;
}

/* A literal block keeps its lines; of any other style only the whole text has a place. */
static struct value_source source_of(const struct decoder *decoder, const struct value *mesh)
{
	struct value_source source = { .file = mesh->at.file, .bytes = mesh->text };

	if (mesh->style == VALUE_LITERAL) {
		source.lines_before = mesh->at.line - 1;
		source.columns_before = indentation(decoder->lines->source, mesh->start);
	} else {
		source.pinned = mesh->at;
	}
	return source;
}

static void on_problem(void *context, bool is_error, const struct error *problem)
{
	struct decoder *decoder = context;

	if (is_error)
		decode_error(decoder, problem->at, "in MeshConfig: %s", problem->text);
	else
		decode_warning(decoder, problem->at, "in MeshConfig: %s", problem->text);
}

void load_mesh_config(struct decoder *decoder, struct resource_set *set, const struct value *mesh,
		      const struct resource *config_map)
{
	const struct value_source source = source_of(decoder, mesh);
	struct mesh_config *config = ARENA_NEW(decoder->arena, struct mesh_config);
	AUTO_ARENA struct arena scratch;
	const struct value *document;

	arena_init(&scratch, 16384);
	if (value_parse(&scratch, &source, on_problem, decoder, &document, NULL) < 0)
		return;
	mesh_config_init(config);
	config->meta.at = mesh->at;
	config->meta.name_at = config_map->name_at;
	config->meta.namespace = config_map->namespace;
	if (document != NULL)
		decode_message(decoder, &mesh_config_schema, document, config);
	set_add(set, &config->meta);
}
