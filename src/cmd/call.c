/* SPDX-License-Identifier: Apache-2.0 */
/* call.c — `mangrove call`: curl for a mesh. The caller shows its own SVID, and the answer is shown
 * only if the server is who it should be. */
#include "cmd/call.h"

#include "cmd/command.h"
#include "cmd/id.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#define BODY_MAX    (64 << 20)
#define SECONDS_MAX 86400
#define LAST_FINE   399 /* status codes above are errors */

enum long_option {
	OPTION_EXPECT = 256,
	OPTION_AS,
	OPTION_TOKEN,
	OPTION_WORKLOAD_API,
	OPTION_STATE,
	OPTION_MAX_TIME,
	OPTION_CONNECT_TIMEOUT,
	OPTION_CONNECT_TO,
	OPTION_RESOLVE,
};

static const struct option option_table[] = {
	{ "expect", required_argument, NULL, OPTION_EXPECT },
	{ "as", required_argument, NULL, OPTION_AS },
	{ "token", optional_argument, NULL, OPTION_TOKEN },
	{ "workload-api", required_argument, NULL, OPTION_WORKLOAD_API },
	{ "state", required_argument, NULL, OPTION_STATE },
	{ "max-time", required_argument, NULL, OPTION_MAX_TIME },
	{ "connect-timeout", required_argument, NULL, OPTION_CONNECT_TIMEOUT },
	{ "connect-to", required_argument, NULL, OPTION_CONNECT_TO },
	{ "resolve", required_argument, NULL, OPTION_RESOLVE },
	{ "request", required_argument, NULL, 'X' },
	{ "header", required_argument, NULL, 'H' },
	{ "data", required_argument, NULL, 'd' },
	{ "output", required_argument, NULL, 'o' },
	{ "include", no_argument, NULL, 'i' },
	{ "silent", no_argument, NULL, 's' },
	{ "fail", no_argument, NULL, 'f' },
	{ 0 },
};

/* ---- options; each returns NULL, or what is wrong with it ---- */

static const char *add_expected(struct call_options *options, const char *id)
{
	if (options->expected_count == CALL_EXPECTED_MAX)
		return "--expect may be given 16 times";
	options->expected[options->expected_count++] = id;
	return NULL;
}

/* Seconds with a fraction, as curl takes them, or a duration with its unit. */
static const char *set_time(long *out_ms, const char *value)
{
	AUTO(mem_free_text) char *in_seconds = mem_printf("%ss", value);
	uint64_t ns;

	if ((!duration_parse(text_of(in_seconds), &ns) && !duration_parse(text_of(value), &ns))
	    || ns < NS_PER_MS || ns > SECONDS_MAX * NS_PER_SEC)
		return "a time is given in seconds, like 2 or 0.5, a day at most";
	*out_ms = (long)(ns / NS_PER_MS);
	return NULL;
}

/* A line end would begin a header, or a request, that nobody asked for. */
static const char *add_header(const struct curl_library *curl, struct call_options *options,
			      const char *header)
{
	if (header[0] == ':' || strchr(header, ':') == NULL || strpbrk(header, "\r\n") != NULL)
		return "-H takes one line, NAME: VALUE";
	options->headers = curl->slist_append(options->headers, header);
	return NULL;
}

static const char *add_data(struct call_options *options, const char *data, struct error *err)
{
	const bool is_file = data[0] == '@';
	const char *path = strcmp(data, "@-") == 0 ? "/dev/stdin" : data + 1;

	if (options->has_body)
		buffer_add_char(&options->body, '&');
	options->has_body = true;
	if (!is_file)
		buffer_add_text(&options->body, data);
	else if (file_read(path, BODY_MAX, &options->body, err) < 0)
		return err->text;
	return NULL;
}

static const char *take_text_option(const struct curl_library *curl, int option,
				    struct call_options *options, struct error *err)
{
	switch (option) {
	case OPTION_EXPECT:
		return add_expected(options, optarg);
	case OPTION_MAX_TIME:
		return set_time(&options->max_time_ms, optarg);
	case OPTION_CONNECT_TIMEOUT:
		return set_time(&options->connect_timeout_ms, optarg);
	case OPTION_CONNECT_TO:
		options->connect_to = curl->slist_append(options->connect_to, optarg);
		return NULL;
	case OPTION_RESOLVE:
		options->resolve = curl->slist_append(options->resolve, optarg);
		return NULL;
	case 'H':
		return add_header(curl, options, optarg);
	case 'd':
		return add_data(options, optarg, err);
	case 'X':
		options->method = optarg;
		return strpbrk(optarg, " \t\r\n") == NULL && optarg[0] != '\0'
			       ? NULL
			       : "-X takes a method like PUT";
	default:
		return "see its options";
	}
}

static const char *take_option(const struct curl_library *curl, int option,
			       struct call_options *options, struct error *err)
{
	switch (option) {
	case OPTION_AS:
		options->as = optarg;
		break;
	case OPTION_TOKEN:
		options->wants_token = true;
		options->audience = optarg;
		break;
	case OPTION_WORKLOAD_API:
		options->workload_api = optarg;
		break;
	case OPTION_STATE:
		options->state = optarg;
		break;
	case 'o':
		options->output = optarg;
		break;
	case 'i':
		options->shows_head = true;
		break;
	case 's':
		options->is_silent = true;
		break;
	case 'f':
		options->fails_on_error = true;
		break;
	default:
		return take_text_option(curl, option, options, err);
	}
	return NULL;
}

static const char *read_options(const struct curl_library *curl, int argc, char **argv,
				struct call_options *options, struct error *err)
{
	struct text authority;
	int option;

	while ((option = getopt_long(argc, argv, "X:H:d:o:isf", option_table, NULL)) != -1) {
		const char *problem = take_option(curl, option, options, err);

		if (problem != NULL)
			return problem;
	}
	if (argc - optind != 1)
		return "one URL is needed";
	options->url = argv[optind];
	if (!call_authority(options->url, &authority))
		return "the URL must begin with https:// and a host, without a password: what is "
		       "not proven by certificates is not called";
	return NULL;
}

static void free_options(const struct curl_library *curl, struct call_options *options)
{
	curl->slist_free_all(options->headers);
	curl->slist_free_all(options->connect_to);
	curl->slist_free_all(options->resolve);
	buffer_done(&options->body);
}

/* ---- the call ---- */

/* A random UUID (RFC 9562, version 4), as proxies make them. */
static void make_request_id(char out[CALL_REQUEST_ID_MAX + 1])
{
	unsigned char bytes[16];
	size_t len = 0;

	random_bytes(bytes, sizeof(bytes));
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[len++] = '-';
		len += (size_t)snprintf(out + len, 3, "%02x", bytes[i]);
	}
}

/* The caller's own, where a header gives one: the log then has the ID that the servers see. */
static void choose_request_id(struct call *call)
{
	static const struct text name = { "x-request-id:", sizeof("x-request-id:") - 1 };

	make_request_id(call->request_id);
	for (const struct curl_slist *each = call->options->headers; each != NULL;
	     each = each->next)
		if (text_starts_with_nocase(text_of(each->data), name))
			snprintf(call->request_id, sizeof(call->request_id), "%s",
				 each->data + name.len + strspn(each->data + name.len, " \t"));
}

static int choose_identity(struct call *call, const struct id_arguments *whom, struct error *err)
{
	const char *as = call->options->as;
	int result = id_fetch(whom, &call->identities, err);

	if (result < 0) {
		error_prefix(err, "no identity");
		return err->code = -EPERM;
	}
	if (as != NULL)
		call->svid = identity_set_find(call->identities, text_of(as));
	else if (call->identities->svid_count > 0)
		call->svid = call->identities->svids[0];
	return call->svid != NULL ? 0
				  : error_set(err, -EPERM,
					      "'%s' is not among the identities of this "
					      "process; 'mangrove id list' has them",
					      as != NULL ? as : "");
}

static int fetch_token(struct call *call, const struct id_arguments *whom, struct error *err)
{
	AUTO(mem_free_text) char *endpoint = id_endpoint(whom);
	const char *audience = call->options->audience;

	if (!call->options->wants_token)
		return 0;
	return identity_fetch_token(endpoint, audience != NULL ? audience : call->expected[0],
				    call->svid->id, &call->token, err);
}

static int make_call(struct call *call, struct error *err)
{
	const struct id_arguments whom = { .socket = call->options->workload_api,
					   .state = call->options->state };
	int result;

	choose_request_id(call);
	result = choose_identity(call, &whom, err);
	if (result == 0)
		result = call_expect(call, err);
	if (result == 0)
		result = fetch_token(call, &whom, err);
	return result == 0 ? call_perform(call, err) : result;
}

static int status_of(const struct call *call, const struct error *err)
{
	if (err->code == -EPERM)
		return STATUS_FORBIDDEN;
	if (err->code == -EINVAL)
		return STATUS_USAGE;
	if (err->code < 0)
		return STATUS_NO;
	return call->options->fails_on_error && call->status > LAST_FINE ? STATUS_NO : STATUS_FINE;
}

static int run(int argc, char **argv)
{
	struct call_options options = { 0 };
	struct call call = { .options = &options };
	struct error err = { 0 };
	const char *problem;
	int status;

	log_set_level(LOG_LEVEL_ERROR); /* the line of call_log.c says what went wrong */
	call.curl = curl_library(&err);
	if (call.curl == NULL) {
		fprintf(stderr, "mangrove call: %s\n", err.text);
		return STATUS_FORBIDDEN;
	}
	problem = read_options(call.curl, argc, argv, &options, &err);
	if (problem != NULL) {
		status = command_usage(&call_command, "%s", problem);
	} else {
		const bool went_well = make_call(&call, &err) == 0;

		if (!options.is_silent)
			call_log(&call, went_well ? NULL : &err);
		status = status_of(&call, &err);
	}
	identity_set_unref(call.identities);
	buffer_done(&call.token);
	free_options(call.curl, &options);
	return status;
}

const struct command call_command = {
	.name = "call",
	.arguments = "[OPTION…] https://HOST[:PORT]/PATH",
	.summary =
		"One request to a service of the mesh, with mutual TLS and this process's SPIFFE "
		"identity.",
	.help = "--expect SPIFFE-ID     who the server must be; may be given again. Without it, "
		"the "
		"host must be\n"
		"                       NAME.NAMESPACE.svc…: the service account NAME of our trust "
		"domain\n"
		"--as SPIFFE-ID         which of our identities to show (the first)\n"
		"--token[=AUDIENCE]     send a JWT-SVID in Authorization, for AUDIENCE (the "
		"expected "
		"server)\n"
		"--workload-api SOCKET  the Workload API to ask (SPIFFE_ENDPOINT_SOCKET, or the "
		"one in "
		"--state)\n"
		"--state DIR            the state directory of the identity role\n"
		"-X, --request METHOD   the method (GET; POST where there is data)\n"
		"-H, --header LINE      a header, NAME: VALUE; may be given again\n"
		"-d, --data DATA        a body; @FILE sends a file as it is, @- standard input\n"
		"-o, --output FILE      where the answer's body goes\n"
		"-i, --include          show the answer's head, too\n"
		"-s, --silent           no log line on standard error\n"
		"-f, --fail             exit status 1 where the answer's status is 400 or above\n"
		"--max-time SECONDS, --connect-timeout SECONDS\n"
		"--connect-to HOST:PORT:ADDRESS:PORT, --resolve HOST:PORT:ADDRESS   as curl has "
		"them\n",
	.run = run,
};
