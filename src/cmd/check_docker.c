/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/check_docker.h"

#include "check/check.h"
#include "cmd/command.h"

#include <getopt.h>
#include <stdio.h>

static const struct option option_table[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "root", required_argument, NULL, 'r' },
	{ "socket", required_argument, NULL, 's' },
	{ NULL, 0, NULL, 0 },
};

static int conclude(const struct check_run *run, bool json, bool is_blind)
{
	const struct report_input input = { .findings = &run->findings,
					    .colour = terminal_has_colour(stdout) };
	AUTO_BUFFER struct buffer out = { 0 };

	(json ? report_json : report_terminal)(&input, &out);
	fwrite(out.data, 1, out.len, stdout);
	for (size_t i = 0; i < run->problem_count; i++)
		fprintf(stderr, "mangrove check docker: %s\n", run->problems[i].error.text);
	if (findings_counted(&run->findings, FINDING_INFO) > 0)
		return STATUS_NO;
	return is_blind ? STATUS_FORBIDDEN : STATUS_FINE;
}

int check_docker(int argc, char **argv)
{
	struct host_options host = { .root = "", .socket = "/var/run/docker.sock" };
	const struct check_options options = { 0 };
	struct check_run run;
	struct error err = { 0 };
	bool json = false;
	int option, status;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "", option_table, NULL)) != -1) {
		if (option == 'j')
			json = true;
		else if (option == 'r')
			host.root = optarg;
		else if (option == 's')
			host.socket = optarg;
		else
			return command_usage(
				&check_command,
				"docker: takes --json, --socket PATH and --root DIRECTORY");
	}
	check_run_init(&run);
	status = check_docker_host(&run, &options, &host, &err);
	status = conclude(&run, json, status != 0);
	check_run_done(&run);
	return status;
}
