/* SPDX-License-Identifier: Apache-2.0 */
/* wait_ready.c — `mangrove wait-ready`: ends when the proxy is ready; for scripts and units that
 * start what needs it afterwards. */
#include "cmd/command.h"

#include "net/net.h"

#include <getopt.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_NS (50 * NS_PER_MS)

struct arguments {
	const char *admin;
	uint64_t timeout_ns;
};

static const struct option option_table[] = {
	{ "admin", required_argument, NULL, 'a' },
	{ "timeout", required_argument, NULL, 't' },
	{ 0 },
};

static size_t keep_body(char *bytes, size_t size, size_t count, void *into)
{
	buffer_add(into, bytes, size * count);
	return size * count;
}

/* What /ready says; -1 where nobody answers. */
static long ask(const struct curl_library *curl, const char *url, struct buffer *body)
{
	CURL *easy = curl->easy_init();
	long status = -1;

	curl->easy_setopt(easy, CURLOPT_URL, url);
	curl->easy_setopt(easy, CURLOPT_PROXY, ""); /* the environment's is not for us */
	curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
	curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, 2000L);
	curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
	curl->easy_setopt(easy, CURLOPT_WRITEDATA, body);
	if (curl->easy_perform(easy) == CURLE_OK)
		curl->easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl->easy_cleanup(easy);
	return status;
}

static int wait_until_ready(const struct arguments *arguments)
{
	const uint64_t end = clock_monotonic_ns() + arguments->timeout_ns;
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	AUTO(mem_free_text) char *url = mem_printf("http://%s/ready", arguments->admin);
	AUTO_BUFFER struct buffer body = { 0 };
	struct error err = { 0 };
	const struct curl_library *curl = curl_library(&err);

	if (curl == NULL) {
		fprintf(stderr, "mangrove wait-ready: %s\n", err.text);
		return STATUS_FORBIDDEN;
	}
	for (;;) {
		body.len = 0;

		const long status = ask(curl, url, &body);

		if (status == 200)
			return STATUS_FINE;
		if (clock_monotonic_ns() >= end) {
			fprintf(stderr, "mangrove wait-ready: not ready in time: %.*s",
				status < 0 ? 0 : (int)body.len, body.len > 0 ? body.data : "");
			if (status < 0 || body.len == 0)
				fprintf(stderr, "no proxy answers at %s\n", arguments->admin);
			return STATUS_NO;
		}
		nanosleep(&pause, NULL);
	}
}

static int run(int argc, char **argv)
{
	struct arguments arguments = { "127.0.0.1:15000", 60 * NS_PER_SEC };
	int option;

	while ((option = getopt_long(argc, argv, "", option_table, NULL)) != -1) {
		if (option == 'a')
			arguments.admin = optarg;
		else if (option != 't')
			return command_usage(&wait_ready_command, "see its options");
		else if (!duration_parse(text_of(optarg), &arguments.timeout_ns))
			return command_usage(&wait_ready_command,
					     "--timeout wants a duration like 30s");
	}
	if (optind < argc)
		return command_usage(&wait_ready_command, "'%s': it takes options alone",
				     argv[optind]);
	return wait_until_ready(&arguments);
}

const struct command wait_ready_command = {
	.name = "wait-ready",
	.arguments = "[OPTION…]",
	.summary = "Wait until the proxy is ready: identities there, a plan in force.",
	.help = "--admin ADDRESS:PORT   the proxy's admin port (127.0.0.1:15000)\n"
		"--timeout DURATION     then give up, with exit status 1, and say what is missing "
		"(60s)\n",
	.run = run,
};
