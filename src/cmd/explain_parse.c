/* SPDX-License-Identifier: Apache-2.0 */
/* explain_parse.c — requests as lines of JSON: the batch contract, and the proxy's own access log.
 */
#include "cmd/explain_request.h"

#include <errno.h>
#include <jansson.h>

struct parse {
	struct explain_request *request;
	struct error *err;
	int result;
};

static void fail(struct parse *parse, const char *field, const char *problem)
{
	if (parse->result == 0)
		parse->result = error_set(parse->err, -EINVAL, "'%s': %s", field, problem);
}

static struct text copy_text(struct parse *parse, const json_t *value)
{
	size_t len = json_string_length(value);

	return (struct text){ arena_strndup(parse->request->arena, json_string_value(value), len),
			      len };
}

/* The text of a member; absent where it is missing or null. */
static struct text text_member(struct parse *parse, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (value == NULL || json_is_null(value))
		return (struct text){ 0 };
	if (json_is_string(value))
		return copy_text(parse, value);
	fail(parse, name, "it is a string");
	return (struct text){ 0 };
}

static const json_t *object_member(struct parse *parse, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (value != NULL && !json_is_null(value) && !json_is_object(value))
		fail(parse, name, "it is an object");
	return value;
}

static void take(struct parse *parse, const char *field, const char *problem)
{
	if (problem != NULL)
		fail(parse, field, problem);
}

static void read_labels(struct parse *parse, const json_t *labels)
{
	AUTO_BUFFER struct buffer text = { 0 };
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)labels, key, value)
		buffer_printf(&text, "%s%s=%s", text.len > 0 ? "," : "", key,
			      json_is_string(value) ? json_string_value(value) : "");
	if (text.len == 0)
		buffer_add_char(&text, '=');
	parse->request->workload =
		(struct text){ arena_strndup(parse->request->arena, text.data, text.len),
			       text.len };
}

static void read_destination(struct parse *parse, const json_t *destination)
{
	struct explain_request *request = parse->request;
	struct text namespace = text_member(parse, destination, "namespace");
	struct text ip = text_member(parse, destination, "ip");
	const json_t *labels = object_member(parse, destination, "labels");
	const json_t *port = json_object_get(destination, "port");

	if (namespace.len > 0)
		request->namespace = namespace;
	request->workload = text_member(parse, destination, "workload");
	if (json_is_object(labels) && request->workload.len == 0)
		read_labels(parse, labels);
	if (ip.ptr != NULL)
		take(parse, "destination.ip",
		     explain_set_ip(&request->input.facts.destination_ip, ip));
	if (port == NULL || json_is_null(port))
		return;
	if (!json_is_integer(port) || json_integer_value(port) < 0
	    || json_integer_value(port) > UINT16_MAX)
		fail(parse, "destination.port", "it is a number up to 65535");
	else
		request->input.facts.destination_port = (uint16_t)json_integer_value(port);
}

static void read_source(struct parse *parse, const json_t *source)
{
	struct request_facts *facts = &parse->request->input.facts;
	struct text principal = text_member(parse, source, "principal");
	struct text ip = text_member(parse, source, "ip");
	struct text remote_ip = text_member(parse, source, "remote_ip");

	if (principal.ptr != NULL)
		take(parse, "source.principal", explain_set_principal(parse->request, principal));
	if (ip.ptr != NULL)
		take(parse, "source.ip", explain_set_ip(&facts->source_ip, ip));
	if (remote_ip.ptr != NULL)
		take(parse, "source.remote_ip", explain_set_ip(&facts->remote_ip, remote_ip));
}

static void read_headers(struct parse *parse, const json_t *headers)
{
	const char *name;
	json_t *value, *item;
	size_t i;

	json_object_foreach((json_t *)headers, name, value)
	{
		if (json_is_string(value))
			take(parse, "request.headers",
			     explain_add_header(parse->request, text_of(name),
						copy_text(parse, value)));
		json_array_foreach(value, i, item)
		{
			take(parse, "request.headers",
			     explain_add_header(parse->request, text_of(name),
						copy_text(parse, item)));
		}
	}
}

static void read_request(struct parse *parse, const json_t *request)
{
	struct request_facts *facts = &parse->request->input.facts;
	struct text protocol = text_member(parse, request, "protocol");
	struct text method = text_member(parse, request, "method");
	struct text path = text_member(parse, request, "path");
	struct text host = text_member(parse, request, "host");
	struct text token = text_member(parse, request, "token");

	if (text_is(protocol, "tcp"))
		facts->protocol = REQUEST_TCP;
	else if (protocol.ptr != NULL && !text_is(protocol, "http"))
		fail(parse, "request.protocol", "it is \"http\" or \"tcp\"");
	if (method.len > 0)
		facts->method = method;
	if (path.len > 0)
		facts->path = path;
	if (host.ptr != NULL)
		facts->host = host;
	facts->sni = text_member(parse, request, "sni");
	read_headers(parse, object_member(parse, request, "headers"));
	if (token.len > 0)
		explain_add_header(parse->request, TEXT("authorization"),
				   text_of(arena_printf(parse->request->arena, "Bearer %.*s",
							TEXT_ARGS(token))));
}

static void read_id(struct parse *parse, const json_t *id)
{
	struct explain_request *request = parse->request;

	if (json_is_string(id)) {
		request->id = copy_text(parse, id);
	} else if (json_is_integer(id)) {
		request->id = text_of(
			arena_printf(request->arena, "%lld", (long long)json_integer_value(id)));
		request->id_is_number = true;
	} else if (id != NULL && !json_is_null(id)) {
		fail(parse, "id", "it is a string or a number");
	}
}

static struct text member_text(const json_t *json, const char *name)
{
	return text_of(json_string_value(json_object_get(json, name)));
}

static void read_contract(struct parse *parse, const json_t *json)
{
	read_id(parse, json_object_get(json, "id"));
	read_destination(parse, object_member(parse, json, "destination"));
	read_source(parse, object_member(parse, json, "source"));
	read_request(parse, object_member(parse, json, "request"));
}

/* What the proxy writes: the same facts side by side. */
static void read_access_log(struct parse *parse, const json_t *json)
{
	struct explain_request *request = parse->request;
	struct request_facts *facts = &request->input.facts;
	struct text principal = text_member(parse, json, "source_principal");
	struct text source_ip = text_member(parse, json, "source_ip");
	struct text method = text_member(parse, json, "method");
	struct text path = text_member(parse, json, "path");

	request->namespace = text_member(parse, json, "namespace");
	request->workload = text_member(parse, json, "workload");
	facts->destination_port = (uint16_t)json_integer_value(json_object_get(json, "port"));
	if (principal.len > 0)
		explain_set_principal(request, principal);
	if (source_ip.len > 0)
		take(parse, "source_ip", explain_set_ip(&facts->source_ip, source_ip));
	facts->host = text_member(parse, json, "authority");
	if (method.len > 0)
		facts->method = method;
	if (path.len > 0)
		facts->path = path;
}

/* An outbound request is judged at its other end, a failed handshake by no policy. */
static bool has_no_decision(const json_t *json)
{
	return text_is(member_text(json, "listener"), "outbound")
	       || text_is(member_text(json, "stage"), "handshake");
}

int explain_request_parse(struct explain_request *request, struct text line, struct error *err)
{
	struct parse parse = { .request = request, .err = err };
	json_error_t problem;
	json_t *json = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, &problem);
	struct text time;

	if (!json_is_object(json)) {
		json_decref(json);
		return error_set(err, -EINVAL, "it is no JSON object: %s",
				 json == NULL ? problem.text : "another type");
	}
	if (has_no_decision(json))
		parse.result = error_set(err, -ENOMSG, "no policy decided this");
	else if (json_object_get(json, "source_ip") != NULL)
		read_access_log(&parse, json);
	else
		read_contract(&parse, json);
	time = text_member(&parse, json, "time");
	if (time.ptr != NULL)
		take(&parse, "time", explain_set_time(request, time));
	json_decref(json);
	return parse.result;
}
