/* SPDX-License-Identifier: Apache-2.0 */
#include "check/grow.h"
#include "check/nginx.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX      32u
#define FILES_MAX      128u
#define DIRECTIVES_MAX 30000u
#define FILE_LIMIT     ((size_t)4 << 20)

struct tree {
	struct nginx *out;
	struct arena *arena;
	struct nginx_fault *faults;
	size_t fault_capacity;
	const char *directory;             /* of the main file; NULL: includes are not followed */
	const char *open_files[DEPTH_MAX]; /* being read now, so that circles are seen */
	unsigned open_count, files, directives;
};

struct reader {
	struct tree *tree;
	const struct nginx_source *source;
	struct text text;
	size_t at;
};

struct word_list {
	struct nginx_word *items;
	size_t count, capacity;
};

static void parse_block(struct reader *reader, struct nginx_directive *parent, unsigned depth);

static void add_fault(struct reader *reader, size_t start, size_t end, const char *message)
{
	struct tree *tree = reader->tree;

	tree->faults = arena_grow(tree->arena, tree->faults, tree->out->fault_count,
				  &tree->fault_capacity, sizeof(*tree->faults));
	tree->faults[tree->out->fault_count++] =
		(struct nginx_fault){ reader->source, { start, end }, message };
	tree->out->faults = tree->faults;
}

static bool at_end(const struct reader *reader)
{
	return reader->at >= reader->text.len;
}

static void skip_space(struct reader *reader)
{
	while (!at_end(reader)) {
		const char c = reader->text.ptr[reader->at];

		if (c == '#')
			while (!at_end(reader) && reader->text.ptr[reader->at] != '\n')
				reader->at++;
		else if (char_is_space(c))
			reader->at++;
		else
			return;
	}
}

static char unescape(char c)
{
	return c == 't' ? '\t' : c == 'r' ? '\r' : c == 'n' ? '\n' : c;
}

/* nginx resolves \" \' \\ \t \r \n and keeps every other backslash. */
static bool is_escape(char c)
{
	return c == '"' || c == '\'' || c == '\\' || c == 't' || c == 'r' || c == 'n';
}

static struct text resolve(struct reader *reader, size_t start, size_t end)
{
	const char *raw = reader->text.ptr + start;
	const size_t len = end - start;

	if (memchr(raw, '\\', len) == NULL)
		return (struct text){ raw, len };

	char *out = arena_alloc_bytes(reader->tree->arena, len + 1);
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		if (raw[i] == '\\' && i + 1 < len && is_escape(raw[i + 1]))
			out[used++] = unescape(raw[++i]);
		else
			out[used++] = raw[i];
	}
	out[used] = '\0';
	return (struct text){ out, used };
}

static void read_quoted(struct reader *reader, struct nginx_word *word)
{
	const size_t start = reader->at;
	const char quote = reader->text.ptr[reader->at++];

	while (!at_end(reader) && reader->text.ptr[reader->at] != quote)
		reader->at += reader->text.ptr[reader->at] == '\\' ? 2 : 1;
	reader->at = MIN_OF(reader->at, reader->text.len);
	if (at_end(reader))
		add_fault(reader, start, start + 1, "a quote is not closed");
	word->text = resolve(reader, start + 1, reader->at);
	word->quoted = true;
	reader->at = MIN_OF(reader->at + 1, reader->text.len);
	word->at = (struct range){ start, reader->at };
}

static void read_plain(struct reader *reader, struct nginx_word *word)
{
	const size_t start = reader->at;

	while (!at_end(reader)) {
		const char c = reader->text.ptr[reader->at];

		if (c == '\\') {
			reader->at += 2;
			continue;
		}
		if (c == '$' && reader->at + 1 < reader->text.len
		    && reader->text.ptr[reader->at + 1] == '{') {
			reader->at += 2;
			continue;
		}
		if (char_is_space(c) || c == ';' || c == '{')
			break;
		reader->at++;
	}
	reader->at = MIN_OF(reader->at, reader->text.len);
	word->text = resolve(reader, start, reader->at);
	word->at = (struct range){ start, reader->at };
}

/* The words up to ';', '{' or '}', which is returned; '\0' at the end of the text. */
static char read_words(struct reader *reader, struct word_list *words)
{
	for (;;) {
		struct nginx_word word = { 0 };

		skip_space(reader);
		if (at_end(reader))
			return '\0';

		const char c = reader->text.ptr[reader->at];

		if (c == ';' || c == '{' || c == '}') {
			reader->at++;
			return c;
		}
		if (c == '"' || c == '\'')
			read_quoted(reader, &word);
		else
			read_plain(reader, &word);
		words->items = arena_grow(reader->tree->arena, words->items, words->count,
					  &words->capacity, sizeof(*words->items));
		words->items[words->count++] = word;
	}
}

/* Behind the '{' of a Lua block: to its '}', which strings and comments of Lua may contain too. */
static void skip_lua(struct reader *reader)
{
	unsigned depth = 1;

	while (!at_end(reader) && depth > 0) {
		const struct text rest = text_from(reader->text, reader->at);
		const char c = rest.ptr[0];

		if (text_starts_with(rest, TEXT("--"))) {
			while (!at_end(reader) && reader->text.ptr[reader->at] != '\n')
				reader->at++;
			continue;
		}
		reader->at++;
		if (c == '"' || c == '\'') {
			while (!at_end(reader) && reader->text.ptr[reader->at] != c
			       && reader->text.ptr[reader->at] != '\n')
				reader->at += reader->text.ptr[reader->at] == '\\' ? 2 : 1;
			reader->at = MIN_OF(reader->at + 1, reader->text.len);
		}
		depth += c == '{';
		depth -= c == '}';
	}
}

/* ---- includes ---- */

static const char *include_pattern(const struct tree *tree, struct text path)
{
	const struct text prefix = TEXT("/etc/nginx/");

	if (text_starts_with(path, prefix))
		path = text_from(path, prefix.len);
	if (path.len == 0 || path.ptr[0] == '/' || text_contains(path, TEXT("..")))
		return NULL;
	return arena_printf(tree->arena, "%s%.*s", tree->directory, TEXT_ARGS(path));
}

static bool is_open(const struct tree *tree, const char *file)
{
	for (unsigned i = 0; i < tree->open_count; i++)
		if (strcmp(tree->open_files[i], file) == 0)
			return true;
	return false;
}

static void read_included(struct reader *from, struct nginx_directive *parent, const char *file,
			  unsigned depth)
{
	struct tree *tree = from->tree;
	AUTO_BUFFER struct buffer bytes = { 0 };
	struct nginx_source *source = ARENA_NEW(tree->arena, struct nginx_source);
	struct text text;

	if (tree->files >= FILES_MAX || file_read(file, FILE_LIMIT, &bytes, NULL) != 0)
		return;
	text = (struct text){ arena_strndup(tree->arena, bytes.data, bytes.len), bytes.len };
	source->file = arena_strdup(tree->arena, file);
	line_index_init(&source->lines, text, tree->arena);
	tree->files++;
	tree->open_files[tree->open_count++] = source->file;
	parse_block(&(struct reader){ tree, source, text, 0 }, parent, depth);
	tree->open_count--;
}

static void follow_include(struct reader *reader, const struct nginx_directive *include,
			   struct nginx_directive *parent, unsigned depth)
{
	const struct tree *tree = reader->tree;
	const char *pattern;
	glob_t found = { 0 };

	if (tree->directory == NULL || include->count == 0 || tree->open_count >= DEPTH_MAX)
		return;
	pattern = include_pattern(tree, include->args[0].text);
	if (pattern == NULL || glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (is_open(tree, found.gl_pathv[i]))
			add_fault(reader, include->at.start, include->at.end,
				  "the include leads back to a file that is being read");
		else
			read_included(reader, parent, found.gl_pathv[i], depth);
	}
	globfree(&found);
}

/* ---- directives ---- */

static void append(struct nginx_directive *parent, struct nginx_directive *child)
{
	struct nginx_directive **end = &parent->first;

	if (parent->last != NULL)
		end = &parent->last->next;
	*end = child;
	parent->last = child;
}

/* Blocks that hold data, one entry a line and often thousands: read, but not kept. */
static bool is_table(const struct nginx_directive *block)
{
	return text_is(block->name, "map") || text_is(block->name, "geo")
	       || text_is(block->name, "types") || text_is(block->name, "split_clients");
}

static struct nginx_directive *add_directive(struct reader *reader, struct nginx_directive *parent,
					     const struct word_list *words, char ended_by)
{
	struct nginx_directive *directive = ARENA_NEW(reader->tree->arena, struct nginx_directive);

	*directive = (struct nginx_directive){
		.name = words->items[0].text,
		.name_at = words->items[0].at,
		.at = { words->items[0].at.start, reader->at },
		.args = words->items + 1,
		.count = words->count - 1,
		.is_block = ended_by == '{',
		.source = reader->source,
		.parent = parent,
	};
	append(parent, directive);
	reader->tree->directives++;
	return directive;
}

static void read_body(struct reader *reader, struct nginx_directive *directive, unsigned depth)
{
	directive->body.start = reader->at;
	if (text_ends_with(directive->name, TEXT("_by_lua_block")))
		skip_lua(reader);
	else
		parse_block(reader, directive, depth + 1);
	directive->at.end = reader->at;
	directive->body.end = reader->at > directive->body.start ? reader->at - 1 : reader->at;
}

/* Returns false where the block ends. */
static bool take_statement(struct reader *reader, struct nginx_directive *parent, unsigned depth)
{
	const bool is_nested = parent->is_block && parent->source == reader->source;
	struct word_list words = { 0 };
	const char ended_by = read_words(reader, &words);
	struct nginx_directive *directive;

	if (words.count == 0) {
		if (ended_by == '}' && is_nested)
			return false;
		if (ended_by == '\0') {
			if (is_nested)
				add_fault(reader, parent->name_at.start, parent->name_at.end,
					  "the block is not closed");
			return false;
		}
		add_fault(reader, reader->at - 1, reader->at,
			  ended_by == '}' ? "a } that closes nothing"
					  : "a name of a directive is missing here");
		if (ended_by == '{' && depth < DEPTH_MAX) /* its content is still read */
			parse_block(reader, parent, depth + 1);
		return true;
	}
	if (ended_by == '\0' || ended_by == '}')
		add_fault(reader, words.items[0].at.start, words.items[words.count - 1].at.end,
			  "the ; at the end is missing");
	if (is_table(parent) && ended_by == ';')
		return true;
	directive = add_directive(reader, parent, &words, ended_by);
	if (ended_by == '{')
		read_body(reader, directive, depth);
	else if (text_is(directive->name, "include"))
		follow_include(reader, directive, parent, depth);
	return ended_by != '}' && ended_by != '\0';
}

static void give_up(struct reader *reader, const char *why)
{
	if (reader->at < reader->text.len)
		add_fault(reader, reader->at > 0 ? reader->at - 1 : 0, reader->at, why);
	reader->at = reader->text.len;
}

static void parse_block(struct reader *reader, struct nginx_directive *parent, unsigned depth)
{
	bool goes_on = depth <= DEPTH_MAX;

	if (!goes_on)
		give_up(reader, "blocks are nested too deeply");
	while (goes_on && take_statement(reader, parent, depth)) {
		goes_on = reader->tree->directives <= DIRECTIVES_MAX;
		if (!goes_on)
			give_up(reader, "there are too many directives: the rest is not looked at");
	}
}

static const char *directory_of(const char *file, struct arena *arena)
{
	const char *slash = strrchr(file, '/');

	return slash == NULL ? "" : arena_strndup(arena, file, (size_t)(slash - file) + 1);
}

void nginx_parse(struct nginx *out, const char *file, struct text text, bool follow_includes,
		 struct arena *arena)
{
	struct tree tree = { .out = out, .arena = arena, .open_files = { file }, .open_count = 1 };
	struct nginx_source *source = ARENA_NEW(arena, struct nginx_source);

	*out = (struct nginx){ 0 };
	if (follow_includes)
		tree.directory = directory_of(file, arena);
	source->file = file;
	line_index_init(&source->lines, text, arena);
	out->root.source = source;
	out->root.at = out->root.body = (struct range){ 0, text.len };
	parse_block(&(struct reader){ &tree, source, text, 0 }, &out->root, 0);
}
