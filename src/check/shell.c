/* SPDX-License-Identifier: Apache-2.0 */
#include "check/shell.h"

#include "check/grow.h"

#include <string.h>

#define DEPTH_MAX    64
#define COMMANDS_MAX 4096
#define WORDS_MAX    16384

struct parser {
	struct text text;
	size_t at;
	unsigned depth;
	struct arena *arena;
	struct shell_script *script;
	struct shell_command *commands;
	size_t command_capacity;
	size_t words_total;
};

struct word_list {
	struct shell_word *items;
	size_t count, capacity;
	size_t start;
};

static void parse_list(struct parser *parser, const char *closer);

static char peek(const struct parser *parser, size_t ahead)
{
	const size_t at = parser->at + ahead;

	return at < parser->text.len ? parser->text.ptr[at] : '\0';
}

static bool at_end(const struct parser *parser)
{
	return parser->at >= parser->text.len;
}

static bool is_operator(char c)
{
	return c == ';' || c == '&' || c == '|' || c == '(' || c == ')' || c == '<' || c == '>'
	       || c == '\n';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_name_char(char c)
{
	return char_is_digit(c) || c == '_' || (char_lower(c) >= 'a' && char_lower(c) <= 'z');
}

static void skip_comment(struct parser *parser)
{
	while (!at_end(parser) && peek(parser, 0) != '\n')
		parser->at++;
}

static void skip_blanks(struct parser *parser)
{
	for (;;) {
		const char c = peek(parser, 0);

		if (!at_end(parser) && is_blank(c))
			parser->at++;
		else if (c == '\\' && peek(parser, 1) == '\n')
			parser->at += 2;
		else
			return;
	}
}

/* ---- words ---- */

static void skip_single_quoted(struct parser *parser, struct buffer *out)
{
	parser->at++;
	while (!at_end(parser) && peek(parser, 0) != '\'')
		buffer_add_char(out, parser->text.ptr[parser->at++]);
	parser->at++;
}

/* "$(" or "`": what is inside is a list of commands of its own. */
static void parse_substitution(struct parser *parser)
{
	if (peek(parser, 0) == '`') {
		parser->at++;
		parse_list(parser, "`");
		return;
	}
	parser->at += 2;
	parse_list(parser, ")");
}

static void skip_arithmetic(struct parser *parser)
{
	unsigned depth = 0;

	do {
		const char c = peek(parser, 0);

		depth += c == '(';
		depth -= c == ')';
		parser->at++;
	} while (depth > 0 && !at_end(parser));
}

static void skip_braced(struct parser *parser)
{
	unsigned depth = 0;

	while (!at_end(parser)) {
		const char c = peek(parser, 0);

		if (c == '\\')
			parser->at++;
		depth += c == '{';
		depth -= c == '}';
		parser->at++;
		if (depth == 0)
			return;
	}
}

/* At '$' or '`'. Adds what the expansion reads as. */
static void parse_expansion(struct parser *parser, struct buffer *out, struct shell_word *word)
{
	const char next = peek(parser, 1);

	if (peek(parser, 0) == '`' || (next == '(' && peek(parser, 2) != '(')) {
		parse_substitution(parser);
	} else if (next == '(') {
		parser->at++;
		skip_arithmetic(parser);
	} else if (next == '{') {
		parser->at++;
		skip_braced(parser);
	} else if (is_name_char(next)) {
		parser->at++;
		while (is_name_char(peek(parser, 0)))
			parser->at++;
	} else if (next != '\0' && strchr("@*#?-$!", next) != NULL) {
		parser->at += 2;
	} else {
		buffer_add_char(out, '$');
		parser->at++;
		return;
	}
	buffer_add_text(out, "${VAR}");
	word->has_expansion = true;
}

static void parse_double_quoted(struct parser *parser, struct buffer *out, struct shell_word *word)
{
	parser->at++;
	while (!at_end(parser) && peek(parser, 0) != '"') {
		const char c = peek(parser, 0), next = peek(parser, 1);

		if (c == '\\' && next == '\n') {
			parser->at += 2;
		} else if (c == '\\' && next != '\0' && strchr("$`\"\\", next) != NULL) {
			buffer_add_char(out, next);
			parser->at += 2;
		} else if (c == '$' || c == '`') {
			parse_expansion(parser, out, word);
		} else {
			buffer_add_char(out, c);
			parser->at++;
		}
	}
	parser->at++;
}

/* Most words have nothing to resolve: they stay where they stand, uncopied. */
static bool take_plain_word(struct parser *parser, struct shell_word *word)
{
	size_t end = parser->at;

	while (end < parser->text.len) {
		const char c = parser->text.ptr[end];

		if (is_blank(c) || is_operator(c))
			break;
		if (c == '\\' || c == '\'' || c == '"' || c == '$' || c == '`')
			return false;
		end++;
	}
	*word = (struct shell_word){
		{ parser->text.ptr + parser->at, end - parser->at }, parser->at, end, false
	};
	parser->at = end;
	return true;
}

/* Returns false where no word stands. */
static bool parse_word(struct parser *parser, struct shell_word *word, const char *closer)
{
	AUTO_BUFFER struct buffer out = { 0 };

	if (take_plain_word(parser, word))
		return word->end > word->start;
	*word = (struct shell_word){ .start = parser->at };
	while (!at_end(parser)) {
		const char c = peek(parser, 0);

		if (is_blank(c) || is_operator(c) || (c == '`' && *closer == '`'))
			break;
		if (c == '\\') {
			if (peek(parser, 1) != '\n' && parser->at + 1 < parser->text.len)
				buffer_add_char(&out, peek(parser, 1));
			parser->at += 2;
		} else if (c == '\'') {
			skip_single_quoted(parser, &out);
		} else if (c == '"') {
			parse_double_quoted(parser, &out, word);
		} else if (c == '$' && (peek(parser, 1) == '\'' || peek(parser, 1) == '"')) {
			parser->at++;
		} else if (c == '$' || c == '`') {
			parse_expansion(parser, &out, word);
		} else {
			buffer_add_char(&out, c);
			parser->at++;
		}
	}
	parser->at = MIN_OF(parser->at, parser->text.len);
	word->end = parser->at;
	if (word->end == word->start)
		return false;
	word->text = (struct text){
		arena_strndup(parser->arena, out.data != NULL ? out.data : "", out.len), out.len
	};
	return true;
}

/* ---- commands ---- */

static bool is_assignment(const struct parser *parser, const struct shell_word *word)
{
	const char *raw = parser->text.ptr + word->start;
	size_t at = 0;

	while (word->start + at < word->end && is_name_char(raw[at]))
		at++;
	if (at == 0 || char_is_digit(raw[0]) || word->start + at >= word->end)
		return false;
	return raw[at] == '='
	       || (raw[at] == '+' && word->start + at + 1 < word->end && raw[at + 1] == '=');
}

/* Words that stand before a command and are not part of it. */
static bool is_reserved(struct text word)
{
	static const char *const words[] = { "if", "then", "else", "elif", "fi", "while", "until",
					     "do", "done", "!",    "{",    "}",  "time",  "esac" };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_is(word, words[i]))
			return true;
	return false;
}

static bool is_wrapper(struct text name)
{
	return text_is(name, "command") || text_is(name, "builtin") || text_is(name, "busybox")
	       || text_is(name, "exec");
}

static struct text command_name(const struct word_list *words)
{
	size_t at = 0;

	if (words->items[0].has_expansion)
		return (struct text){ 0 };
	if (is_wrapper(words->items[0].text) && words->count > 1
	    && !text_starts_with(words->items[1].text, TEXT("-")))
		at = 1;
	return words->items[at].has_expansion ? (struct text){ 0 } : words->items[at].text;
}

static void add_command(struct parser *parser, const struct word_list *words, bool piped)
{
	struct shell_script *script = parser->script;

	if (words->count == 0)
		return;
	if (script->count >= COMMANDS_MAX) {
		script->truncated = true;
		return;
	}
	parser->commands = arena_grow(parser->arena, parser->commands, script->count,
				      &parser->command_capacity, sizeof(*parser->commands));
	parser->commands[script->count++] = (struct shell_command){
		.name = command_name(words),
		.words = words->items,
		.count = words->count,
		.start = words->start,
		.end = words->items[words->count - 1].end,
		.piped = piped,
	};
}

static void add_word(struct parser *parser, struct word_list *words, const struct shell_word *word)
{
	if (++parser->words_total > WORDS_MAX) {
		parser->script->truncated = true;
		return;
	}
	words->items = arena_grow(parser->arena, words->items, words->count, &words->capacity,
				  sizeof(*words->items));
	if (words->count == 0)
		words->start = word->start;
	words->items[words->count++] = *word;
}

/* "> file", "2>&1", "<<EOF": the operator and its word are no arguments. */
static void skip_redirection(struct parser *parser, const char *closer)
{
	struct shell_word target;

	while (peek(parser, 0) == '<' || peek(parser, 0) == '>')
		parser->at++;
	if (peek(parser, 0) == '(') { /* process substitution */
		parser->at++;
		parse_list(parser, ")");
		return;
	}
	if (peek(parser, 0) == '&' || peek(parser, 0) == '|' || peek(parser, 0) == '-')
		parser->at++;
	skip_blanks(parser);
	parse_word(parser, &target, closer);
}

static bool is_descriptor(const struct parser *parser, const struct shell_word *word)
{
	const char next = peek(parser, 0);

	if (next != '<' && next != '>')
		return false;
	for (size_t i = 0; i < word->text.len; i++)
		if (!char_is_digit(word->text.ptr[i]))
			return false;
	return true;
}

/* `for x in …`, `case x in`, `select …`: the words up to the separator are no command. */
static bool is_header(struct text word)
{
	return text_is(word, "for") || text_is(word, "case") || text_is(word, "select")
	       || text_is(word, "function");
}

struct list_state {
	struct word_list words;
	bool in_header;           /* between `for` and its separator */
	bool in_case, in_pattern; /* a pattern ends with ')' */
};

static void take_word(struct parser *parser, struct list_state *state,
		      const struct shell_word *word)
{
	const bool quoted = word->end - word->start != word->text.len;

	if (state->in_header) {
		if (text_is(word->text, "in") && state->in_case) {
			state->in_header = false;
			state->in_pattern = true;
		}
		return;
	}
	if (state->in_pattern) {
		state->in_case = state->in_pattern = !text_is(word->text, "esac");
		return;
	}
	if (state->words.count == 0 && !quoted) {
		if (is_header(word->text)) {
			state->in_header = true;
			state->in_case = text_is(word->text, "case");
			return;
		}
		if (is_reserved(word->text)) {
			state->in_case = state->in_case && !text_is(word->text, "esac");
			return;
		}
	}
	if (state->words.count == 0 && is_assignment(parser, word))
		return;
	add_word(parser, &state->words, word);
}

static void end_command(struct parser *parser, struct list_state *state, bool piped)
{
	add_command(parser, &state->words, piped);
	state->words = (struct word_list){ 0 };
	state->in_header = false;
}

/* At an operator other than a redirection. Returns true where the list is closed. */
static bool take_operator(struct parser *parser, struct list_state *state, const char *closer)
{
	const char c = peek(parser, 0);

	if (state->in_pattern) {
		parser->at++;
		state->in_pattern = c != ')';
		return false;
	}
	if (c == '(') {
		parser->at++;
		if (state->words.count == 1 && peek(parser, 0) == ')') { /* name(): a function */
			parser->at++;
			state->words = (struct word_list){ 0 };
			return false;
		}
		end_command(parser, state, false);
		parse_list(parser, ")");
		return false;
	}
	if (c == ')') {
		parser->at++;
		end_command(parser, state, false);
		return *closer == ')';
	}

	const bool pipe = c == '|' && peek(parser, 1) != '|';

	state->in_pattern = state->in_case && c == ';' && peek(parser, 1) == ';';
	parser->at += (peek(parser, 1) == c && c != '\n') ? 2 : 1;
	if (pipe && peek(parser, 0) == '&')
		parser->at++;
	parser->script->has_pipe |= pipe;
	end_command(parser, state, pipe);
	return false;
}

static void parse_list(struct parser *parser, const char *closer)
{
	struct list_state state = { 0 };

	if (++parser->depth > DEPTH_MAX) {
		parser->script->truncated = true;
		parser->at = parser->text.len;
	}
	while (!at_end(parser)) {
		struct shell_word word;

		skip_blanks(parser);

		const char c = peek(parser, 0);

		if (at_end(parser))
			break;
		if (c == '`' && *closer == '`') {
			parser->at++;
			break;
		}
		if (c == '#') {
			skip_comment(parser);
		} else if (c == '<' || c == '>') {
			skip_redirection(parser, closer);
		} else if (is_operator(c)) {
			if (take_operator(parser, &state, closer)) {
				parser->depth--;
				return;
			}
		} else if (parse_word(parser, &word, closer) && !is_descriptor(parser, &word)) {
			take_word(parser, &state, &word);
		}
	}
	end_command(parser, &state, false);
	parser->depth--;
}

void shell_parse(struct shell_script *out, struct text text, struct arena *arena)
{
	struct parser parser = { .text = text, .arena = arena, .script = out };

	*out = (struct shell_script){ .text = text };
	parse_list(&parser, "");
	out->commands = parser.commands;
}
