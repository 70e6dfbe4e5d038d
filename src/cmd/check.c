/* SPDX-License-Identifier: Apache-2.0 */
/* check.c — `mangrove check PATH…`: options in, a report out. What is looked for is src/check/. */
#include "cmd/command.h"

#include "check/check.h"
#include "cmd/check_catalog.h"
#include "cmd/check_docker.h"
#include "cmd/check_resources.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SELECTORS_MAX 256
#define FIX_LIMIT     ((size_t)16 << 20)

struct selectors {
	const char *items[SELECTORS_MAX + 1];
	size_t count;
};

struct arguments {
	struct check_options options;
	struct selectors only, skip;
	const struct report_format *format;
	enum finding_severity fail_from;
	const char *baseline, *new_baseline, *output, *explain;
	const char *policy, *hadolint_config;
	const char *shellcheck; /* as named: a path, or "off"; NULL: whatever is found */
	char shellcheck_path[PATH_MAX];
	struct check_config config;
	bool list, show_ignored, fix, diff;
};

enum option_code {
	OPTION_FORMAT = 256,
	OPTION_JSON,
	OPTION_SEVERITY,
	OPTION_FAIL_ON,
	OPTION_ONLY,
	OPTION_SKIP,
	OPTION_BASELINE,
	OPTION_WRITE_BASELINE,
	OPTION_OUTPUT,
	OPTION_SHOW_IGNORED,
	OPTION_NO_PRAGMAS,
	OPTION_THREADS,
	OPTION_EXPLAIN,
	OPTION_LIST,
	OPTION_POD_SECURITY,
	OPTION_POLICY,
	OPTION_CONFIG,
	OPTION_FIX,
	OPTION_DIFF,
	OPTION_SHELLCHECK,
};

static const struct option option_table[] = {
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "severity", required_argument, NULL, OPTION_SEVERITY },
	{ "fail-on", required_argument, NULL, OPTION_FAIL_ON },
	{ "only", required_argument, NULL, OPTION_ONLY },
	{ "skip", required_argument, NULL, OPTION_SKIP },
	{ "baseline", required_argument, NULL, OPTION_BASELINE },
	{ "write-baseline", required_argument, NULL, OPTION_WRITE_BASELINE },
	{ "output", required_argument, NULL, OPTION_OUTPUT },
	{ "show-ignored", no_argument, NULL, OPTION_SHOW_IGNORED },
	{ "disable-ignore-pragma", no_argument, NULL, OPTION_NO_PRAGMAS },
	{ "threads", required_argument, NULL, OPTION_THREADS },
	{ "explain", required_argument, NULL, OPTION_EXPLAIN },
	{ "list", no_argument, NULL, OPTION_LIST },
	{ "policy", required_argument, NULL, OPTION_POLICY },
	{ "hadolint-config", required_argument, NULL, OPTION_CONFIG },
	{ "fix", no_argument, NULL, OPTION_FIX },
	{ "diff", no_argument, NULL, OPTION_DIFF },
	{ "shellcheck", required_argument, NULL, OPTION_SHELLCHECK },
	{ "pod-security", required_argument, NULL, OPTION_POD_SECURITY },
	{ NULL, 0, NULL, 0 },
};

static bool selects_something(const char *selector)
{
	for (size_t i = 0; families[i] != NULL; i++)
		for (size_t j = 0; j < families[i]->count; j++)
			if (check_matches(&families[i]->checks[j], selector))
				return true;
	return false;
}

/* Splits "A,B" in place. */
static int add_selectors(struct selectors *selectors, char *list)
{
	char *rest = NULL;

	for (char *item = strtok_r(list, ",", &rest); item != NULL;
	     item = strtok_r(NULL, ",", &rest)) {
		if (!selects_something(item))
			return command_usage(&check_command,
					     "'%s' is no check: an id (DL3008), a name, a family "
					     "(hadolint) or a beginning (DL30*); --list shows all",
					     item);
		if (selectors->count == SELECTORS_MAX)
			return command_usage(&check_command, "more than %d checks are named",
					     SELECTORS_MAX);
		selectors->items[selectors->count++] = item;
	}
	return 0;
}

/* "error", or a list as Trivy takes it: its lowest counts. */
static int set_severity(enum finding_severity *out, const char *option, const char *value)
{
	struct text rest = text_of(value);

	*out = FINDING_ERROR;
	while (rest.ptr != NULL) {
		enum finding_severity severity;

		if (!finding_severity_parse(text_trim(text_split(&rest, ',')), &severity))
			return command_usage(&check_command,
					     "--%s takes error, warning, info or style, not '%s'",
					     option, value);
		*out = MIN_OF(*out, severity);
	}
	return 0;
}

static int set_format(struct arguments *arguments, const char *name)
{
	arguments->format = report_format_find(name);
	if (arguments->format != NULL)
		return 0;
	return command_usage(&check_command,
			     "--format takes terminal, json, sarif, markdown or junit, not '%s'",
			     name);
}

static int set_threads(struct arguments *arguments, const char *value)
{
	uint64_t number;

	if (!text_parse_number(text_of(value), 64, &number) || number == 0)
		return command_usage(&check_command, "--threads takes 1 to 64, not '%s'", value);
	arguments->options.threads = (unsigned)number;
	return 0;
}

static int set_pod_security(struct arguments *arguments, const char *value)
{
	struct error err = { 0 };

	if (pod_security_parse(value, &arguments->options.pod_security, &err) == 0)
		return 0;
	return command_usage(&check_command, "--pod-security: %s", err.text);
}

static int take_option(struct arguments *arguments, int option)
{
	switch (option) {
	case OPTION_FORMAT:
		return set_format(arguments, optarg);
	case OPTION_JSON:
		return set_format(arguments, "json");
	case OPTION_SEVERITY:
		return set_severity(&arguments->options.show_from, "severity", optarg);
	case OPTION_FAIL_ON:
		return set_severity(&arguments->fail_from, "fail-on", optarg);
	case OPTION_ONLY:
		return add_selectors(&arguments->only, optarg);
	case OPTION_SKIP:
		return add_selectors(&arguments->skip, optarg);
	case OPTION_BASELINE:
		arguments->baseline = optarg;
		return 0;
	case OPTION_WRITE_BASELINE:
		arguments->new_baseline = optarg;
		return 0;
	case OPTION_OUTPUT:
		arguments->output = optarg;
		return 0;
	case OPTION_SHOW_IGNORED:
		arguments->show_ignored = true;
		return 0;
	case OPTION_NO_PRAGMAS:
		arguments->options.no_pragmas = true;
		return 0;
	case OPTION_THREADS:
		return set_threads(arguments, optarg);
	case OPTION_EXPLAIN:
		arguments->explain = optarg;
		return 0;
	case OPTION_LIST:
		arguments->list = true;
		return 0;
	case OPTION_POLICY:
		arguments->policy = optarg;
		return 0;
	case OPTION_CONFIG:
		arguments->hadolint_config = optarg;
		return 0;
	case OPTION_FIX:
		arguments->fix = true;
		return 0;
	case OPTION_DIFF:
		arguments->diff = true;
		return 0;
	case OPTION_SHELLCHECK:
		arguments->shellcheck = optarg;
		return 0;
	case OPTION_POD_SECURITY:
		return set_pod_security(arguments, optarg);
	default:
		return command_usage(&check_command, "unknown option, or one without its value");
	}
}

static int parse_arguments(struct arguments *arguments, int argc, char **argv)
{
	int option;

	*arguments = (struct arguments){ .format = report_format_find("terminal"),
					 .options = { .now_ns = clock_wall_ns(),
						      .follow_includes = true } };
	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "", option_table, NULL)) != -1) {
		const int status = take_option(arguments, option);

		if (status != 0)
			return status;
	}
	arguments->options.only = arguments->only.count > 0 ? arguments->only.items : NULL;
	arguments->options.skip = arguments->skip.items;
	return 0;
}

/* ---- what is printed ---- */

static int write_report(const struct arguments *arguments, const struct check_run *run)
{
	AUTO_BUFFER struct buffer out = { 0 };
	struct error err = { 0 };
	const struct report_input input = {
		.findings = &run->findings,
		.files = run->files,
		.colour = arguments->output == NULL && terminal_has_colour(stdout),
		.show_suppressed = arguments->show_ignored,
	};

	arguments->format->write(&input, &out);
	if (arguments->output == NULL) {
		fwrite(out.data, 1, out.len, stdout);
		return 0;
	}
	if (file_write_atomic(arguments->output, out.data, out.len, 0644, &err) == 0)
		return 0;
	fprintf(stderr, "mangrove check: %s\n", err.text);
	return STATUS_USAGE;
}

/* ---- mending ---- */

static int fix_file(const struct arguments *arguments, const char *file)
{
	AUTO_BUFFER struct buffer before = { 0 }, after = { 0 }, diff = { 0 };
	struct error err = { 0 };
	struct stat status;
	size_t mended;

	if (file_read(file, FIX_LIMIT, &before, &err) != 0
	    || fix_text(&arguments->options, file, buffer_text(&before),
			artifact_detect(file, buffer_text(&before)), &after, &mended, &err)
		       != 0) {
		fprintf(stderr, "mangrove check: %s\n", err.text);
		return STATUS_USAGE;
	}
	if (mended == 0)
		return 0;
	if (arguments->diff) {
		diff_write(file, buffer_text(&before), buffer_text(&after), &diff);
		fwrite(diff.data, 1, diff.len, stdout);
		return 0;
	}
	if (stat(file, &status) != 0
	    || file_write_atomic(file, after.data, after.len, status.st_mode & 07777, &err) != 0) {
		fprintf(stderr, "mangrove check: %s\n", err.code != 0 ? err.text : strerror(errno));
		return STATUS_USAGE;
	}
	fprintf(stderr, "mangrove check: mended %zu in %s\n", mended, file);
	return 0;
}

/* Findings are sorted by file: each file that has something to mend is taken once. */
static int fix_files(const struct arguments *arguments, const struct check_run *run)
{
	const char *last = NULL;

	for (size_t i = 0; i < run->findings.count; i++) {
		const struct finding *finding = &run->findings.items[i];

		if (finding->edit_count == 0 || finding->suppressed != NULL
		    || (last != NULL && strcmp(last, finding->file) == 0))
			continue;
		last = finding->file;
		if (fix_file(arguments, last) != 0)
			return STATUS_USAGE;
	}
	return 0;
}

static void print_problems(const struct check_run *run)
{
	for (size_t i = 0; i < run->problem_count; i++) {
		char text[1024];

		fprintf(stderr, "mangrove check: %s\n",
			error_format(&run->problems[i].error, text, sizeof(text)));
	}
}

static int conclude(struct arguments *arguments, struct check_run *run)
{
	struct error err = { 0 };

	if ((arguments->baseline != NULL
	     && baseline_apply(&run->findings, arguments->baseline, &err) != 0)
	    || (arguments->new_baseline != NULL
		&& baseline_write(&run->findings, arguments->new_baseline, &err) != 0)) {
		fprintf(stderr, "mangrove check: %s\n", err.text);
		return STATUS_USAGE;
	}
	if (write_report(arguments, run) != 0)
		return STATUS_USAGE;
	print_problems(run);
	if (run->problem_count > 0)
		return STATUS_USAGE;
	if (arguments->new_baseline != NULL || arguments->config.no_fail)
		return STATUS_FINE;
	return findings_counted(&run->findings, arguments->fail_from) > 0 ? STATUS_NO : STATUS_FINE;
}

static void find_shellcheck(struct arguments *arguments)
{
	struct check_options *options = &arguments->options;

	if (arguments->shellcheck == NULL
	    && shellcheck_find(arguments->shellcheck_path, sizeof(arguments->shellcheck_path)))
		options->shellcheck = arguments->shellcheck_path;
	else if (arguments->shellcheck != NULL && strcmp(arguments->shellcheck, "off") != 0)
		options->shellcheck = arguments->shellcheck;
}

static int read_configuration(struct arguments *arguments)
{
	struct check_config *config = &arguments->config;
	struct error err = { 0 };
	char text[1024];
	int result;

	check_config_init(config);
	result = arguments->hadolint_config != NULL
			 ? check_config_hadolint_file(config, arguments->hadolint_config, &err)
			 : check_config_hadolint(config, &err);
	if (result == 0 && arguments->policy != NULL)
		result = check_config_policy(config, arguments->policy, arguments->options.now_ns,
					     &err);
	if (result != 0) {
		fprintf(stderr, "mangrove check: %s\n", error_format(&err, text, sizeof(text)));
		return STATUS_USAGE;
	}
	check_config_apply(config, &arguments->options);
	find_shellcheck(arguments);
	if (arguments->fail_from == FINDING_OFF)
		arguments->fail_from = config->fail_from;
	if (arguments->fail_from == FINDING_OFF)
		arguments->fail_from = FINDING_INFO;
	return 0;
}

static int run(int argc, char **argv)
{
	struct arguments arguments;
	struct check_run run;

	if (argc > 1 && strcmp(argv[1], "resources") == 0)
		return check_resources(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "docker") == 0)
		return check_docker(argc - 1, argv + 1);

	int status = parse_arguments(&arguments, argc, argv);

	if (status != 0)
		return status;
	if (arguments.explain != NULL)
		return check_print_explanation(arguments.explain);
	if (arguments.list)
		return check_print_list();
	if (optind == argc)
		return command_usage(&check_command, "no path is named; '.' examines this tree");

	const char *const *paths = (const char *const *)argv + optind;
	const size_t count = (size_t)(argc - optind);

	status = read_configuration(&arguments);
	if (status != 0) {
		check_config_done(&arguments.config);
		return status;
	}
	check_run_init(&run);
	check_paths(&run, &arguments.options, paths, count);
	if (arguments.fix || arguments.diff)
		status = fix_files(&arguments, &run);
	if (status == 0 && arguments.fix && !arguments.diff) { /* what is left */
		check_run_done(&run);
		check_run_init(&run);
		check_paths(&run, &arguments.options, paths, count);
	}
	if (status == 0 && arguments.diff)
		status = run.problem_count > 0 ? STATUS_USAGE : STATUS_FINE;
	else if (status == 0)
		status = conclude(&arguments, &run);
	check_run_done(&run);
	check_config_done(&arguments.config);
	return status;
}

const struct command check_command = {
	.name = "check",
	.arguments = "[OPTION…] PATH…",
	.summary = "Examine Dockerfiles, manifests and nginx configurations.",
	.help = "What each file is, check finds out; directories are examined with all below.\n\n"
		"  --format F          terminal, json, sarif, markdown or junit\n"
		"  --json              the same as --format json\n"
		"  --output FILE       write the report there\n"
		"  --severity S        report S and worse: error, warning, info, style\n"
		"  --fail-on S         exit 1 at S and worse; default info\n"
		"  --only A,B          these checks alone: ids, names, families, DL30*\n"
		"  --skip A,B          all but these\n"
		"  --pod-security L:V  judge pods by this level and version of the Pod Security\n"
		"                      Standards alone: restricted:v1.32, baseline:latest\n"
		"  --baseline FILE     what FILE knows does not count\n"
		"  --write-baseline FILE  make what is found now the baseline\n"
		"  --show-ignored      print what is ignored too, with the reason\n"
		"  --disable-ignore-pragma  honour no ignore written in a file\n"
		"  --threads N         examine N files at a time; default one a core\n"
		"  --policy FILE       CheckPolicy: severities, exceptions with a reason and an "
		"end\n"
		"  --hadolint-config FILE  instead of the .hadolint.yaml that is found\n"
		"  --shellcheck PATH   reads the scripts of RUN; default: the one that is "
		"installed,\n"
		"                      'off' for none\n"
		"  --fix               mend in place what can be mended safely\n"
		"  --diff              show what --fix would do; nothing is written\n"
		"  --explain ID        what a check means, with an example of each side\n"
		"  --list              every check\n\n"
		"'check docker' examines the host's Docker by the CIS benchmark.\n"
		"'check resources PATH…' says whether the mesh would load these files:\n\n"
		"  --strict            what warns is an error\n"
		"  --json              one JSON object\n"
		"  --root-namespace N  where MeshConfig is; default istio-system\n",
	.run = run,
};
