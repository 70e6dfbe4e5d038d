/* SPDX-License-Identifier: Apache-2.0 */
/* id_audit.c — `mangrove id audit`: the authority's record, and whether it is whole. */
#include "cmd/id.h"

#include <errno.h>
#include <stdio.h>

static void print_for_people(struct text line)
{
	AUTO_ANSWER json_t *record = json_loadb(line.ptr, line.len, 0, NULL);
	const char *name;
	json_t *value;

	printf("%-6lld %.19sZ  %-12s",
	       (long long)json_integer_value(json_object_get(record, "seq")),
	       id_member(record, "time"), id_member(record, "event"));
	json_object_foreach(record, name, value)
	{
		if (json_is_string(value) && strcmp(name, "time") != 0 && strcmp(name, "event") != 0
		    && strcmp(name, "prev") != 0 && strcmp(name, "hash") != 0)
			printf("  %s=%s", name, json_string_value(value));
	}
	putchar('\n');
}

static void print_line(void *owner, struct text line)
{
	const struct id_arguments *arguments = owner;

	if (arguments->verify)
		return;
	if (arguments->json)
		printf("%.*s\n", TEXT_ARGS(line));
	else
		print_for_people(line);
}

static void print_summary(const struct id_arguments *arguments, const struct audit_summary *summary)
{
	if (arguments->json)
		printf("{\"whole\":true,\"records\":%llu,\"head\":\"%s\"}\n",
		       (unsigned long long)summary->records, summary->head);
	else
		printf("%llu records, unbroken; the head is %s\n",
		       (unsigned long long)summary->records, summary->head);
}

static int print_fault(const struct id_arguments *arguments, const struct error *err)
{
	AUTO_BUFFER struct buffer out = { 0 };
	struct json_writer json = { .out = &out };

	if (err->code != -EBADMSG)
		return id_fail(err);
	if (!arguments->json) {
		printf("%s\n", err->text);
		return STATUS_NO;
	}
	json_begin_object(&json);
	json_key(&json, "whole");
	json_bool(&json, false);
	json_key(&json, "fault");
	json_cstring(&json, err->text);
	json_end_object(&json);
	puts(out.data);
	return STATUS_NO;
}

int id_audit(const struct id_arguments *arguments)
{
	AUTO(mem_free_text) char *state = id_state(arguments);
	AUTO(mem_free_text) char *folder = mem_printf("%s/audit", state);
	struct audit_summary summary = { 0 };
	struct error err = { 0 };

	if (audit_verify(folder, arguments->expected, print_line, (void *)(uintptr_t)arguments,
			 &summary, &err)
	    < 0)
		return print_fault(arguments, &err);
	if (arguments->verify || arguments->expected != NULL)
		print_summary(arguments, &summary);
	return STATUS_FINE;
}
