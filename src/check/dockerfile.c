/* SPDX-License-Identifier: Apache-2.0 */
#include "check/dockerfile.h"

#include "check/dockerfile_words.h"
#include "check/grow.h"

#include <string.h>

#define INSTRUCTIONS_MAX  5000 /* a hundred times what people write */
#define LOST_HEREDOCS_MAX 8    /* without an end, each costs a look at all that follows */
#define HEREDOCS_MAX      64

static const struct docker_keyword {
	const char *name;
	enum docker_op op;
	bool takes_json;
} keywords[] = {
	{ "ADD", DOCKER_ADD, true },
	{ "ARG", DOCKER_ARG, false },
	{ "CMD", DOCKER_CMD, true },
	{ "COPY", DOCKER_COPY, true },
	{ "ENTRYPOINT", DOCKER_ENTRYPOINT, true },
	{ "ENV", DOCKER_ENV, false },
	{ "EXPOSE", DOCKER_EXPOSE, false },
	{ "FROM", DOCKER_FROM, false },
	{ "HEALTHCHECK", DOCKER_HEALTHCHECK, false },
	{ "LABEL", DOCKER_LABEL, false },
	{ "MAINTAINER", DOCKER_MAINTAINER, false },
	{ "ONBUILD", DOCKER_ONBUILD, false },
	{ "RUN", DOCKER_RUN, true },
	{ "SHELL", DOCKER_SHELL, true },
	{ "STOPSIGNAL", DOCKER_STOPSIGNAL, false },
	{ "USER", DOCKER_USER, false },
	{ "VOLUME", DOCKER_VOLUME, true },
	{ "WORKDIR", DOCKER_WORKDIR, false },
};

struct reader {
	struct text text;
	size_t at; /* of the next line */
	unsigned line;
	char escape;
	struct arena *arena;
	struct docker_instruction *instructions;
	struct docker_comment *comments;
	struct docker_fault *faults;
	struct docker_stage *stages;
	size_t count, comment_count, fault_count, stage_count;
	size_t capacity, comment_capacity, fault_capacity, stage_capacity;
	struct buffer joined; /* of the logical line at hand */
	unsigned lost_heredocs;
};

const char *docker_op_name(enum docker_op op)
{
	for (size_t i = 0; i < COUNT_OF(keywords); i++)
		if (keywords[i].op == op)
			return keywords[i].name;
	return "unknown";
}

static void add_fault(struct reader *reader, struct range at, const char *message)
{
	reader->faults = arena_grow(reader->arena, reader->faults, reader->fault_count,
				    &reader->fault_capacity, sizeof(*reader->faults));
	reader->faults[reader->fault_count++] = (struct docker_fault){ at, message };
}

/* ---- lines ---- */

static struct text next_line(struct reader *reader, size_t *start)
{
	const struct text rest = text_from(reader->text, reader->at);
	const size_t newline = text_find_char(rest, '\n');
	struct text line = newline == TEXT_NONE ? rest : text_until(rest, newline);

	*start = reader->at;
	reader->at += newline == TEXT_NONE ? rest.len : newline + 1;
	reader->line++;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

static struct text skip_left(struct text line)
{
	while (line.len > 0 && char_is_space(line.ptr[0]))
		line = text_from(line, 1);
	return line;
}

/* Where the line goes on: the length before its escape character, else TEXT_NONE. */
static size_t continuation(const struct reader *reader, struct text line)
{
	size_t end = line.len;

	while (end > 0 && (line.ptr[end - 1] == ' ' || line.ptr[end - 1] == '\t'))
		end--;
	if (end == 0 || line.ptr[end - 1] != reader->escape)
		return TEXT_NONE;
	if (end > 1 && line.ptr[end - 2] == reader->escape)
		return TEXT_NONE;
	return end - 1;
}

static bool is_comment(struct text line)
{
	return line.len > 0 && line.ptr[0] == '#';
}

/* "# escape=`": returns false where directives end. */
static bool take_directive(struct reader *reader, struct text line)
{
	if (!is_comment(line))
		return false;

	struct text value = text_from(line, 1);

	if (text_find_char(value, '=') == TEXT_NONE)
		return false;

	const struct text key = text_trim(text_split(&value, '='));

	value = text_trim(value);
	if (!text_equal_nocase(key, TEXT("escape")))
		return text_equal_nocase(key, TEXT("syntax"))
		       || text_equal_nocase(key, TEXT("check"));
	if (value.len == 1 && (value.ptr[0] == '\\' || value.ptr[0] == '`'))
		reader->escape = value.ptr[0];
	else
		add_fault(reader,
			  (struct range){ (size_t)(line.ptr - reader->text.ptr),
					  (size_t)(line.ptr - reader->text.ptr) + line.len },
			  "the escape directive takes ` or \\ only");
	return true;
}

static void take_comment(struct reader *reader, struct text line)
{
	const size_t start = (size_t)(line.ptr - reader->text.ptr);

	reader->comments = arena_grow(reader->arena, reader->comments, reader->comment_count,
				      &reader->comment_capacity, sizeof(*reader->comments));
	reader->comments[reader->comment_count++] = (struct docker_comment){
		reader->line, text_from(line, 1), { start, start + line.len }
	};
}

struct logical_line {
	struct text text; /* joined */
	struct docker_piece *pieces;
	size_t piece_count, piece_capacity;
	struct range at;
	unsigned line;
};

static void add_piece(struct reader *reader, struct logical_line *logical, size_t at, size_t offset)
{
	logical->pieces = arena_grow(reader->arena, logical->pieces, logical->piece_count,
				     &logical->piece_capacity, sizeof(*logical->pieces));
	logical->pieces[logical->piece_count++] = (struct docker_piece){ at, offset };
}

/* `part` is the first line without its escape character: the next ones are joined to it. */
static void join_lines(struct reader *reader, struct logical_line *logical, struct text part)
{
	struct buffer *joined = &reader->joined;
	bool more = true;

	buffer_clear(joined);
	buffer_add(joined, part.ptr, part.len);
	while (more && reader->at < reader->text.len) {
		size_t start;
		struct text line = next_line(reader, &start);
		const struct text content = skip_left(line);

		if (content.len == 0 || is_comment(content))
			continue;

		const size_t cut = continuation(reader, line);

		more = cut != TEXT_NONE;
		if (more)
			line = text_until(line, cut);
		add_piece(reader, logical, joined->len, start);
		buffer_add(joined, line.ptr, line.len);
		logical->at.end = start + line.len;
	}
	logical->text =
		(struct text){ arena_strndup(reader->arena,
					     joined->data != NULL ? joined->data : "", joined->len),
			       joined->len };
}

static void read_logical_line(struct reader *reader, struct logical_line *logical,
			      struct text content)
{
	const size_t start = (size_t)(content.ptr - reader->text.ptr);
	const size_t cut = continuation(reader, content);

	*logical = (struct logical_line){ .text = content,
					  .at = { start, start + content.len },
					  .line = reader->line };
	add_piece(reader, logical, 0, start);
	if (cut != TEXT_NONE)
		join_lines(reader, logical, text_until(content, cut));
}

/* ---- heredocs ---- */

struct heredoc_mark {
	struct docker_heredoc heredoc;
	bool strips_tabs;
};

/* At "<<": "<<-?['"]?NAME['"]?". Returns the bytes read, 0 where it is none. */
static size_t read_heredoc_mark(struct text text, struct heredoc_mark *mark)
{
	size_t at = 2;

	*mark = (struct heredoc_mark){ .heredoc.expands = true };
	if (at < text.len && text.ptr[at] == '-') {
		mark->strips_tabs = true;
		at++;
	}
	if (at >= text.len || text.ptr[at] == '<')
		return 0;
	if (text.ptr[at] == '"' || text.ptr[at] == '\'') {
		const size_t end = text_find_char(text_from(text, at + 1), text.ptr[at]);

		if (end == TEXT_NONE)
			return 0;
		mark->heredoc.name = (struct text){ text.ptr + at + 1, end };
		mark->heredoc.expands = false;
		at += end + 2;
	} else {
		const size_t start = at;

		while (at < text.len && !char_is_space(text.ptr[at])
		       && strchr(";&|<>()\"'$", text.ptr[at]) == NULL)
			at++;
		mark->heredoc.name = (struct text){ text.ptr + start, at - start };
	}
	return mark->heredoc.name.len > 0 ? at : 0;
}

/* Finds the marks outside quotes. */
static size_t find_heredocs(struct text text, struct heredoc_mark *marks)
{
	size_t count = 0, at = 0;
	bool at_word = true;

	while (at < text.len && count < HEREDOCS_MAX) {
		const char c = text.ptr[at];

		if (c == '\'' || c == '"') {
			const size_t end = text_find_char(text_from(text, at + 1), c);

			at = end == TEXT_NONE ? text.len : at + end + 2;
			at_word = false;
		} else if (at_word && c == '<' && at + 1 < text.len && text.ptr[at + 1] == '<') {
			const size_t taken = read_heredoc_mark(text_from(text, at), &marks[count]);

			marks[count].heredoc.to_shell = at == 0;
			count += taken > 0;
			at += MAX_OF(taken, (size_t)2);
			at_word = false;
		} else {
			at_word = char_is_space(c) || (at_word && char_is_digit(c));
			at++;
		}
	}
	return count;
}

static bool is_terminator(struct text line, const struct heredoc_mark *mark)
{
	while (mark->strips_tabs && line.len > 0 && line.ptr[0] == '\t')
		line = text_from(line, 1);
	return text_equal(line, mark->heredoc.name);
}

/* False, and nothing read, where the terminator is missing. */
static bool read_heredoc_body(struct reader *reader, struct heredoc_mark *mark)
{
	const size_t begin = reader->at;
	const unsigned first_line = reader->line;

	while (reader->at < reader->text.len) {
		size_t start;
		const struct text line = next_line(reader, &start);

		if (is_terminator(line, mark)) {
			mark->heredoc.body =
				(struct text){ reader->text.ptr + begin, start - begin };
			return true;
		}
	}
	reader->at = begin;
	reader->line = first_line;
	return false;
}

static void read_heredocs(struct reader *reader, struct docker_instruction *instruction)
{
	struct heredoc_mark marks[HEREDOCS_MAX];
	const size_t count = find_heredocs(instruction->text, marks);

	if (count == 0 || reader->lost_heredocs >= LOST_HEREDOCS_MAX)
		return;

	struct docker_heredoc *heredocs = ARENA_ARRAY(reader->arena, count, struct docker_heredoc);

	for (size_t i = 0; i < count; i++) {
		if (!read_heredoc_body(reader, &marks[i])) {
			add_fault(reader, instruction->keyword,
				  "a heredoc is not ended: its terminator stands on no line");
			reader->lost_heredocs++;
			break;
		}
		heredocs[instruction->heredoc_count++] = marks[i].heredoc;
		instruction->at.end = reader->at;
	}
	instruction->heredocs = heredocs;
}

/* ---- instructions ---- */

static const struct docker_keyword *find_keyword(struct text word)
{
	for (size_t i = 0; i < COUNT_OF(keywords); i++)
		if (text_equal_nocase(word, text_of(keywords[i].name)))
			return &keywords[i];
	return NULL;
}

static struct text join_words(const struct docker_instruction *instruction, struct arena *arena)
{
	AUTO_BUFFER struct buffer line = { 0 };

	for (size_t i = 0; i < instruction->word_count; i++) {
		if (i > 0)
			buffer_add_char(&line, ' ');
		buffer_add(&line, instruction->words[i].raw.ptr, instruction->words[i].raw.len);
	}
	return (struct text){ arena_strndup(arena, line.data != NULL ? line.data : "", line.len),
			      line.len };
}

static bool is_shell_script(struct text body)
{
	if (!text_starts_with(body, TEXT("#!")))
		return true;
	return text_ends_with(text_trim(text_split(&body, '\n')), TEXT("sh"));
}

static struct text shell_text(struct docker_instruction *instruction, struct arena *arena)
{
	const struct docker_heredoc *first = instruction->heredocs;

	if (instruction->heredoc_count > 0 && first->to_shell && instruction->word_count == 1)
		return is_shell_script(first->body) ? first->body : TEXT("");
	if (instruction->is_json)
		return join_words(instruction, arena);
	if (instruction->op != DOCKER_HEALTHCHECK)
		return instruction->text;
	if (instruction->word_count < 2
	    || !text_equal_nocase(instruction->words[0].raw, TEXT("cmd")))
		return TEXT("");
	return text_from(instruction->text,
			 (size_t)(instruction->words[1].raw.ptr - instruction->text.ptr));
}

static void parse_shell_of(struct docker_instruction *instruction, struct arena *arena)
{
	struct shell_script *script = ARENA_NEW(arena, struct shell_script);

	shell_parse(script, shell_text(instruction, arena), arena);
	instruction->shell = script;
}

static void parse_arguments(struct reader *reader, struct docker_instruction *instruction,
			    const struct docker_keyword *keyword)
{
	struct arena *arena = reader->arena;

	if (keyword->takes_json)
		instruction->is_json = docker_words_json(instruction, arena);
	if (!instruction->is_json)
		docker_words_split(instruction, arena);
	switch (instruction->op) {
	case DOCKER_RUN:
	case DOCKER_SHELL:
	case DOCKER_CMD:
	case DOCKER_ENTRYPOINT:
	case DOCKER_HEALTHCHECK:
		parse_shell_of(instruction, arena);
		break;
	case DOCKER_ENV:
	case DOCKER_LABEL:
	case DOCKER_ARG:
		docker_pairs_parse(instruction, reader->escape, arena);
		break;
	case DOCKER_FROM:
		docker_from_parse(instruction);
		break;
	default:
		break;
	}
}

static void parse_instruction(struct reader *reader, struct docker_instruction *instruction);

/* Splits "KEYWORD rest" at the beginning of the instruction's text. */
static struct text cut_keyword(struct docker_instruction *instruction)
{
	size_t end = 0;

	while (end < instruction->text.len && !char_is_space(instruction->text.ptr[end]))
		end++;

	const struct text word = text_until(instruction->text, end);
	const size_t from = (size_t)(word.ptr - instruction->text.ptr);

	instruction->keyword = docker_place(instruction, from, from + end);
	while (end < instruction->text.len && char_is_space(instruction->text.ptr[end]))
		end++;
	instruction->text = text_from(instruction->text, end);
	instruction->text_at += end;
	while (instruction->text.len > 0
	       && char_is_space(instruction->text.ptr[instruction->text.len - 1]))
		instruction->text.len--;
	return word;
}

static void parse_trigger(struct reader *reader, struct docker_instruction *instruction)
{
	struct docker_instruction *trigger = ARENA_NEW(reader->arena, struct docker_instruction);

	*trigger = (struct docker_instruction){
		.at = instruction->at,
		.line = instruction->line,
		.in_onbuild = true,
		.text = instruction->text,
		.text_at = instruction->text_at,
		.pieces = instruction->pieces,
		.piece_count = instruction->piece_count,
		.stage = instruction->stage,
	};
	if (trigger->text.len == 0)
		return;
	parse_instruction(reader, trigger);
	instruction->trigger = trigger;
	instruction->at.end = trigger->at.end;
}

static void parse_instruction(struct reader *reader, struct docker_instruction *instruction)
{
	const struct text word = cut_keyword(instruction);
	const struct docker_keyword *keyword = find_keyword(word);

	if (keyword == NULL) {
		add_fault(reader, instruction->keyword,
			  arena_printf(reader->arena, "there is no instruction '%.*s'",
				       (int)MIN_OF(word.len, (size_t)40), word.ptr));
		return;
	}
	instruction->op = keyword->op;
	if (instruction->op == DOCKER_ONBUILD && !instruction->in_onbuild) {
		parse_trigger(reader, instruction);
		return;
	}
	docker_flags_parse(instruction, reader->arena);
	if (instruction->op == DOCKER_RUN || instruction->op == DOCKER_COPY
	    || instruction->op == DOCKER_ADD)
		read_heredocs(reader, instruction);
	parse_arguments(reader, instruction, keyword);
	if (instruction->text.len == 0)
		add_fault(reader, instruction->keyword,
			  arena_printf(reader->arena, "%s has no argument", keyword->name));
}

static void add_stage(struct reader *reader, struct docker_stage stage)
{
	reader->stages = arena_grow(reader->arena, reader->stages, reader->stage_count,
				    &reader->stage_capacity, sizeof(*reader->stages));
	reader->stages[reader->stage_count++] = stage;
}

static void begin_stage(struct reader *reader, struct docker_instruction *from)
{
	const size_t index = reader->count - 1;
	size_t parent = 0;

	for (size_t i = reader->stage_count; i-- > 1 && parent == 0;)
		if (text_equal_nocase(reader->stages[i].image.alias, from->image.whole))
			parent = i;
	add_stage(reader, (struct docker_stage){ index, index, from->image, parent });
	from->stage = reader->stage_count - 1;
}

static void take_instruction(struct reader *reader, struct text content)
{
	struct docker_instruction *instruction;
	struct logical_line logical;

	read_logical_line(reader, &logical, content);
	if (reader->count >= INSTRUCTIONS_MAX) {
		add_fault(reader, logical.at,
			  "more instructions than any image needs: the rest is not examined");
		reader->at = reader->text.len;
		return;
	}
	reader->instructions = arena_grow(reader->arena, reader->instructions, reader->count,
					  &reader->capacity, sizeof(*reader->instructions));
	instruction = &reader->instructions[reader->count++];
	*instruction = (struct docker_instruction){
		.at = logical.at,
		.line = logical.line,
		.text = logical.text,
		.pieces = logical.pieces,
		.piece_count = logical.piece_count,
		.stage = reader->stage_count - 1,
	};
	parse_instruction(reader, instruction);
	if (instruction->op == DOCKER_FROM)
		begin_stage(reader, instruction);
	reader->stages[reader->stage_count - 1].last = reader->count - 1;
}

void dockerfile_parse(struct dockerfile *out, struct text text, struct arena *arena)
{
	struct reader reader = { .text = text, .escape = '\\', .arena = arena };
	bool in_directives = true;

	if (text_starts_with(text, TEXT("\xEF\xBB\xBF")))
		reader.at = 3;
	add_stage(&reader, (struct docker_stage){ 0 });
	while (reader.at < text.len) {
		size_t start;
		const struct text content = skip_left(next_line(&reader, &start));

		in_directives = in_directives && take_directive(&reader, content);
		if (is_comment(content))
			take_comment(&reader, content);
		else if (content.len > 0)
			take_instruction(&reader, content);
	}
	buffer_done(&reader.joined);
	*out = (struct dockerfile){
		.text = text,
		.escape = reader.escape,
		.instructions = reader.instructions,
		.count = reader.count,
		.stages = reader.stages,
		.stage_count = reader.stage_count,
		.comments = reader.comments,
		.comment_count = reader.comment_count,
		.faults = reader.faults,
		.fault_count = reader.fault_count,
	};
}

struct range docker_place(const struct docker_instruction *instruction, size_t start, size_t end)
{
	const struct docker_piece *pieces = instruction->pieces;
	const size_t from = instruction->text_at + start, to = instruction->text_at + end;
	struct range at = { 0 };

	for (size_t i = 0; i < instruction->piece_count; i++) {
		if (pieces[i].at <= from)
			at.start = pieces[i].offset + (from - pieces[i].at);
		if (pieces[i].at < to || i == 0)
			at.end = pieces[i].offset + (to - pieces[i].at);
	}
	at.end = MAX_OF(at.end, at.start);
	return at;
}
