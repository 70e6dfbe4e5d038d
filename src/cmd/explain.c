/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c — may this request pass, and why: the same engine as the proxy's, asked on paper. */
#include "cmd/command.h"
#include "cmd/explain_batch.h"
#include "cmd/explain_compare.h"
#include "cmd/explain_print.h"

#include <stdio.h>
#include <string.h>

#define PATHS_MAX 64

struct explain_arguments {
	const char *paths[PATHS_MAX], *keys[PATHS_MAX];
	size_t path_count, key_count;
	const char *requests, *old, *new, *log;
	bool json, has_target;
	struct explain_request *request;
};

/* ---- options ---- */

static const char *set_header(struct explain_request *request, struct text value)
{
	struct text name = text_split(&value, ':');

	return value.ptr == NULL ? "it is 'NAME: VALUE'"
				 : explain_add_header(request, name, text_trim(value));
}

static const char *set_token(struct explain_request *request, struct text value)
{
	return explain_add_header(
		request, TEXT("authorization"),
		text_of(arena_printf(request->arena, "Bearer %.*s", TEXT_ARGS(value))));
}

static const char *set_method(struct explain_request *request, struct text value)
{
	request->input.facts.method = value;
	return NULL;
}

static const char *set_host(struct explain_request *request, struct text value)
{
	request->input.facts.host = value;
	return NULL;
}

static const char *set_sni(struct explain_request *request, struct text value)
{
	request->input.facts.sni = value;
	return NULL;
}

static const char *set_ip(struct explain_request *request, struct text value)
{
	return explain_set_ip(&request->input.facts.source_ip, value);
}

static const char *set_remote_ip(struct explain_request *request, struct text value)
{
	return explain_set_ip(&request->input.facts.remote_ip, value);
}

static const char *set_destination_ip(struct explain_request *request, struct text value)
{
	return explain_set_ip(&request->input.facts.destination_ip, value);
}

static const struct request_option {
	const char *name;
	const char *(*set)(struct explain_request *request, struct text value);
} request_options[] = {
	{ "--from", explain_set_principal },
	{ "--to", explain_set_target },
	{ "--port", explain_set_port },
	{ "--method", set_method },
	{ "--path", explain_set_path },
	{ "--host", set_host },
	{ "--header", set_header },
	{ "--token", set_token },
	{ "--ip", set_ip },
	{ "--remote-ip", set_remote_ip },
	{ "--destination-ip", set_destination_ip },
	{ "--sni", set_sni },
	{ "--at", explain_set_time },
};

static int set_request_option(struct explain_arguments *arguments, const char *option,
			      const char *value)
{
	for (size_t i = 0; i < COUNT_OF(request_options); i++) {
		const char *problem;

		if (strcmp(request_options[i].name, option) != 0)
			continue;
		if (value == NULL)
			return command_usage(&explain_command, "%s needs a value", option);
		problem = request_options[i].set(arguments->request, text_of(value));
		if (problem != NULL)
			return command_usage(&explain_command, "%s %s: %s", option, value, problem);
		arguments->has_target = arguments->has_target || strcmp(option, "--to") == 0;
		return STATUS_FINE;
	}
	return command_usage(&explain_command, "there is no option '%s'", option);
}

/* Options of the command itself; how many words were taken, 0 if it is none of them. */
static int take_option(struct explain_arguments *arguments, int left, char **words)
{
	const struct {
		const char *name;
		const char **value;
	} texts[] = {
		{ "--requests", &arguments->requests },
		{ "--log", &arguments->log },
	};

	if (strcmp(words[0], "--json") == 0) {
		arguments->json = true;
		return 1;
	}
	if (strcmp(words[0], "--tcp") == 0) {
		arguments->request->input.facts.protocol = REQUEST_TCP;
		return 1;
	}
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (strcmp(words[0], texts[i].name) == 0 && left > 1) {
			*texts[i].value = words[1];
			return 2;
		}
	if (strcmp(words[0], "--compare") == 0 && left > 2) {
		arguments->old = words[1];
		arguments->new = words[2];
		return 3;
	}
	if (strcmp(words[0], "--jwks") == 0 && left > 1 && arguments->key_count < PATHS_MAX) {
		arguments->keys[arguments->key_count++] = words[1];
		return 2;
	}
	if (strcmp(words[0], "-f") == 0 && left > 1 && arguments->path_count < PATHS_MAX) {
		arguments->paths[arguments->path_count++] = words[1];
		return 2;
	}
	return 0;
}

/* What stands alone is another path: -f may be followed by several. */
static int parse_arguments(struct explain_arguments *arguments, int argc, char **argv)
{
	for (int i = 1; i < argc;) {
		int taken = take_option(arguments, argc - i, argv + i);

		if (taken > 0) {
			i += taken;
		} else if (argv[i][0] != '-' && arguments->path_count < PATHS_MAX) {
			arguments->paths[arguments->path_count++] = argv[i++];
		} else {
			int status = set_request_option(arguments, argv[i],
							i + 1 < argc ? argv[i + 1] : NULL);

			if (status != STATUS_FINE)
				return status;
			i += 2;
		}
	}
	if (arguments->old != NULL)
		return arguments->log != NULL
			       ? STATUS_FINE
			       : command_usage(&explain_command,
					       "--compare OLD NEW needs --log ACCESS.jsonl");
	if (arguments->path_count == 0)
		return command_usage(&explain_command, "-f PATH: name the resources");
	if (arguments->requests == NULL && !arguments->has_target)
		return command_usage(&explain_command,
				     "--to NAMESPACE/WORKLOAD: whom does the request go to?");
	return STATUS_FINE;
}

/* ---- one request ---- */

static int explain_one(struct explain_world *world, const struct explain_arguments *arguments)
{
	AUTO_BUFFER struct buffer out = { 0 };
	struct explain_request *request = arguments->request;
	struct explanation explanation;
	const struct explain_workload *workload =
		explain_world_find(world, request->namespace, request->workload);
	int status;

	if (workload == NULL)
		return command_usage(&explain_command, "--to: the name is too long");
	if (explain_request_finish(request, world, workload) != 0) {
		puts("DENY  400  the path cannot be normalised: it does not begin with '/', or has "
		     "an escaped NUL");
		return STATUS_NO;
	}
	policy_explain(workload->policy, &request->input, &explanation);
	status = explanation.evaluation.decision.verdict == VERDICT_ALLOW ? STATUS_FINE : STATUS_NO;
	if (arguments->json)
		explain_write_json(&out, request, &explanation);
	else
		explain_write_text(&out, request, workload, &explanation,
				   terminal_has_colour(stdout));
	fwrite(out.data, 1, out.len, stdout);
	explanation_done(&explanation);
	return status;
}

static int add_keys(struct explain_world *world, const struct explain_arguments *arguments)
{
	struct error err = { 0 };

	for (size_t i = 0; i < arguments->key_count; i++)
		if (explain_world_add_keys(world, arguments->keys[i], &err) != 0) {
			fprintf(stderr, "mangrove explain: --jwks %s\n", err.text);
			return STATUS_USAGE;
		}
	return STATUS_FINE;
}

static int explain_resources(const struct explain_arguments *arguments)
{
	struct explain_world world;
	int status = STATUS_USAGE;

	if (explain_world_open(&world, arguments->paths, arguments->path_count,
			       arguments->requests == NULL && !arguments->json)
		    == 0
	    && add_keys(&world, arguments) == STATUS_FINE)
		status = arguments->requests != NULL ? explain_batch(&world, arguments->requests)
						     : explain_one(&world, arguments);
	explain_world_done(&world);
	return status;
}

static int run(int argc, char **argv)
{
	AUTO_ARENA struct arena arena;
	struct explain_request request;
	struct explain_arguments arguments = { .request = &request };
	int status;

	arena_init(&arena, 4096);
	explain_request_init(&request, &arena);
	request.input.facts.time_ns = clock_wall_ns();
	status = parse_arguments(&arguments, argc, argv);
	if (status != STATUS_FINE)
		return status;
	if (arguments.old != NULL)
		return explain_compare(arguments.old, arguments.new, arguments.log, arguments.json);
	return explain_resources(&arguments);
}

const struct command explain_command = {
	.name = "explain",
	.arguments = "-f PATH… --to NAMESPACE/WORKLOAD [OPTION…]",
	.summary = "Say whether a request may pass, and which rule decides.",
	.help = "  -f PATH…               resources: files and directories\n"
		"  --to NS/WORKLOAD       whom it goes to; or NS/label=value,…\n"
		"  --from PRINCIPAL       who calls, TD/ns/N/sa/S; without: plaintext\n"
		"  --port N --tcp         the workload's port; a TCP connection instead of HTTP\n"
		"  --method M --path P --host H --header 'NAME: VALUE' --sni NAME\n"
		"  --token JWT            as 'Authorization: Bearer'\n"
		"  --jwks [ISSUER=]FILE   the keys that jwksUri would fetch\n"
		"  --ip A --remote-ip A --destination-ip A\n"
		"  --at TIME              2026-11-21T09:30:00Z instead of now\n"
		"  --json                 one JSON object\n"
		"  --requests FILE.jsonl  many requests, an object a line; '-': standard input\n"
		"  --compare OLD NEW --log ACCESS.jsonl\n"
		"                         which recorded requests would be judged otherwise\n"
		"\nExit status: 0 allowed, 1 denied, 2 bad input.\n",
	.run = run,
};
