/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/log_format.h"

#include <errno.h>
#include <jansson.h>

/* Istio's, where the encoding is TEXT and no format is given. */
static const struct text istio_text =
	TEXT("[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" "
	     "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% "
	     "%CONNECTION_TERMINATION_DETAILS% \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" "
	     "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "
	     "\"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" "
	     "\"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% "
	     "%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% "
	     "%REQUESTED_SERVER_NAME% %ROUTE_NAME%\n");

/* Fixed bytes, then a value. */
struct piece {
	struct text before;
	struct format value;
};

struct log_format {
	bool is_json, reads_response;
	struct piece *pieces;
	size_t count;
	struct text end; /* what follows the last value */
};

/* ---- JSON ---- */

struct json_build {
	struct log_format *format;
	struct arena *arena;
	struct buffer before; /* gathered since the last value */
	size_t capacity;
};

static int add_value(struct json_build *build, const char *text, struct error *err)
{
	struct log_format *format = build->format;

	if (format->count == build->capacity)
		return error_set(err, -E2BIG, "accessLogFormat has more than %zu values",
				 build->capacity);

	struct piece *piece = &format->pieces[format->count++];

	piece->before = (struct text){
		arena_strndup(build->arena, build->before.data, build->before.len),
		build->before.len,
	};
	build->before.len = 0;
	return format_parse(text_of(text), build->arena, &piece->value, err);
}

static void add_key(struct json_build *build, const char *key, bool is_first)
{
	buffer_add_text(&build->before, is_first ? "\"" : ",\"");
	json_escape(&build->before, text_of(key));
	buffer_add_text(&build->before, "\":");
}

static int add_json(struct json_build *build, json_t *value, struct error *err)
{
	const char *key;
	json_t *member;
	bool is_first = true;

	if (json_is_string(value))
		return add_value(build, json_string_value(value), err);
	if (!json_is_object(value)) { /* numbers, lists and the rest stand as they are written */
		AUTO(mem_free_text)
		char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		buffer_add_text(&build->before, text);
		return 0;
	}
	buffer_add_char(&build->before, '{');
	json_object_foreach(value, key, member)
	{
		add_key(build, key, is_first);
		is_first = false;

		const int code = add_json(build, member, err);

		if (code < 0)
			return code;
	}
	buffer_add_char(&build->before, '}');
	return 0;
}

#define JSON_VALUES_MAX 256

static int parse_json(struct text text, struct arena *arena, struct log_format *format,
		      struct error *err)
{
	json_error_t problem;
	json_t *root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &problem);
	struct json_build build = {
		.format = format,
		.arena = arena,
		.capacity = JSON_VALUES_MAX,
	};
	int code;

	if (!json_is_object(root)) {
		json_decref(root);
		return error_set(err, -EINVAL,
				 "with accessLogEncoding JSON it has to be a JSON object%s%s",
				 root == NULL ? ": " : "", root == NULL ? problem.text : "");
	}
	format->is_json = true;
	format->pieces = ARENA_ARRAY(arena, JSON_VALUES_MAX, struct piece);
	code = add_json(&build, root, err);
	buffer_add_char(&build.before, '\n');
	format->end = (struct text){ arena_strndup(arena, build.before.data, build.before.len),
				     build.before.len };
	buffer_done(&build.before);
	json_decref(root);
	return code;
}

/* ---- text ---- */

static int parse_text(struct text text, struct arena *arena, struct log_format *format,
		      struct error *err)
{
	const bool has_end = text.len > 0 && text.ptr[text.len - 1] == '\n';

	format->pieces = ARENA_NEW(arena, struct piece);
	format->count = 1;
	format->end = has_end ? TEXT("") : TEXT("\n");
	return format_parse(text, arena, &format->pieces[0].value, err);
}

int log_format_of_mesh(const struct mesh_config *mesh, struct arena *arena,
		       const struct log_format **out, struct error *err)
{
	const enum access_log_encoding encoding = mesh->access_log_encoding;
	const bool has_format = mesh->access_log_format.len > 0;
	struct log_format *format = ARENA_NEW(arena, struct log_format);
	int code;

	*out = NULL;
	if (!has_format && encoding != ACCESS_LOG_TEXT)
		return 0;
	if (encoding == ACCESS_LOG_JSON)
		code = parse_json(mesh->access_log_format, arena, format, err);
	else
		code = parse_text(has_format ? mesh->access_log_format : istio_text, arena, format,
				  err);
	if (code < 0)
		return error_prefix(err, "accessLogFormat");
	for (size_t i = 0; i < format->count; i++)
		format->reads_response |= format->pieces[i].value.reads_response;
	*out = format;
	return 0;
}

bool log_format_reads_response(const struct log_format *format)
{
	return format != NULL && format->reads_response;
}

/* ---- writing ---- */

static void write_in_text(struct line *line, const struct operator_value *value)
{
	if (value->kind == VALUE_NUMBER)
		line_put_number(line, value->number);
	else if (value->kind == VALUE_TEXT)
		line_put_plain(line, value->text);
	else
		LINE_PUT(line, "-");
}

static void write_text(struct line *line, const struct format *format, bool is_json,
		       const struct operator_subject *subject)
{
	char scratch[OPERATOR_SCRATCH_MAX];

	for (size_t i = 0; i < format->count; i++) {
		const struct format_part *part = &format->parts[i];

		if (part->call == NULL && is_json) {
			line_put_escaped(line, part->literal);
			continue;
		}
		if (part->call == NULL) {
			line_put(line, part->literal);
			continue;
		}

		const struct operator_value value = operator_read(part->call, subject, scratch);

		if (is_json && value.kind == VALUE_TEXT)
			line_put_escaped(line, value.text);
		else
			write_in_text(line, &value);
	}
}

/* A value that is one operator alone keeps its type; absent is null. */
static void write_json_value(struct line *line, const struct format *format,
			     const struct operator_subject *subject)
{
	if (format->count == 1 && format->parts[0].call != NULL) {
		char scratch[OPERATOR_SCRATCH_MAX];
		const struct operator_value value =
			operator_read(format->parts[0].call, subject, scratch);

		if (value.kind == VALUE_ABSENT) {
			LINE_PUT(line, "null");
			return;
		}
		if (value.kind == VALUE_NUMBER) {
			line_put_number(line, value.number);
			return;
		}
		LINE_PUT(line, "\"");
		line_put_escaped(line, value.text);
		LINE_PUT(line, "\"");
		return;
	}
	LINE_PUT(line, "\"");
	write_text(line, format, true, subject);
	LINE_PUT(line, "\"");
}

void log_format_write(const struct log_format *format, const struct operator_subject *subject,
		      struct line *line)
{
	for (size_t i = 0; i < format->count; i++) {
		const struct piece *piece = &format->pieces[i];

		line_put(line, piece->before);
		if (format->is_json)
			write_json_value(line, &piece->value, subject);
		else
			write_text(line, &piece->value, false, subject);
	}
	line_put(line, format->end);
}
