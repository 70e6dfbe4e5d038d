/* SPDX-License-Identifier: Apache-2.0 */
/* admit.c — `mangrove admit`: the checks as a Kubernetes ValidatingAdmissionWebhook. */
#include "cmd/command.h"

#include "cmd/admit_server.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define LIST_MAX 256

struct names { /* NULL-terminated */
	const char *items[LIST_MAX + 1];
	size_t count;
};

struct arguments {
	struct admit_settings settings;
	struct admit_tls tls;
	struct check_options options;
	struct check_config config;
	struct names namespaces, exempt_namespaces, exempt_users, exempt_classes;
	const char *policy, *review;
};

enum option_code {
	OPTION_LISTEN = 256,
	OPTION_ADMIN,
	OPTION_CERTIFICATE,
	OPTION_KEY,
	OPTION_CLIENT_CA,
	OPTION_NAMESPACES,
	OPTION_ENFORCE,
	OPTION_AUDIT,
	OPTION_WARN,
	OPTION_DENY_ON,
	OPTION_WARN_ON,
	OPTION_AUDIT_ON,
	OPTION_EXEMPT_NAMESPACE,
	OPTION_EXEMPT_USER,
	OPTION_EXEMPT_CLASS,
	OPTION_POLICY,
	OPTION_FAIL,
	OPTION_DRY_RUN,
	OPTION_REVIEW,
	OPTION_LOG_LEVEL,
};

static const struct option option_table[] = {
	{ "listen", required_argument, NULL, OPTION_LISTEN },
	{ "admin", required_argument, NULL, OPTION_ADMIN },
	{ "certificate", required_argument, NULL, OPTION_CERTIFICATE },
	{ "key", required_argument, NULL, OPTION_KEY },
	{ "client-ca", required_argument, NULL, OPTION_CLIENT_CA },
	{ "namespaces", required_argument, NULL, OPTION_NAMESPACES },
	{ "enforce", required_argument, NULL, OPTION_ENFORCE },
	{ "audit", required_argument, NULL, OPTION_AUDIT },
	{ "warn", required_argument, NULL, OPTION_WARN },
	{ "deny-on", required_argument, NULL, OPTION_DENY_ON },
	{ "warn-on", required_argument, NULL, OPTION_WARN_ON },
	{ "audit-on", required_argument, NULL, OPTION_AUDIT_ON },
	{ "exempt-namespace", required_argument, NULL, OPTION_EXEMPT_NAMESPACE },
	{ "exempt-user", required_argument, NULL, OPTION_EXEMPT_USER },
	{ "exempt-runtime-class", required_argument, NULL, OPTION_EXEMPT_CLASS },
	{ "policy", required_argument, NULL, OPTION_POLICY },
	{ "fail", required_argument, NULL, OPTION_FAIL },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "review", required_argument, NULL, OPTION_REVIEW },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ NULL, 0, NULL, 0 },
};

static int set_address(struct address *out, const char *option)
{
	struct error err = { 0 };

	if (address_parse(text_of(optarg), out, &err) == 0)
		return 0;
	return command_usage(&admit_command, "--%s: %s", option, err.text);
}

static int set_standard(struct pod_security *out, const char *option)
{
	struct error err = { 0 };

	if (pod_security_parse(optarg, out, &err) == 0)
		return 0;
	return command_usage(&admit_command, "--%s: %s", option, err.text);
}

static int set_severity(enum finding_severity *out, const char *option)
{
	if (finding_severity_parse(text_of(optarg), out))
		return 0;
	return command_usage(&admit_command,
			     "--%s takes error, warning, info, style or off, not '%s'", option,
			     optarg);
}

static int add_name(struct names *names, const char *option)
{
	if (names->count == LIST_MAX)
		return command_usage(&admit_command, "--%s: more than %d", option, LIST_MAX);
	names->items[names->count++] = optarg;
	return 0;
}

static int set_fail(struct arguments *arguments)
{
	arguments->settings.admission.fail_open = strcmp(optarg, "open") == 0;
	if (arguments->settings.admission.fail_open || strcmp(optarg, "closed") == 0)
		return 0;
	return command_usage(&admit_command, "--fail is open or closed, not '%s'", optarg);
}

static int set_log_level(void)
{
	enum log_level level;

	if (!log_level_parse(optarg, &level))
		return command_usage(&admit_command, "--log-level is error, warn, info or debug");
	log_set_level(level);
	return 0;
}

static int set_path(const char **out)
{
	*out = optarg;
	return 0;
}

static int set_flag(bool *out)
{
	*out = true;
	return 0;
}

static int take_option(struct arguments *arguments, int option)
{
	struct admission_settings *admission = &arguments->settings.admission;

	switch (option) {
	case OPTION_LISTEN:
		return set_address(&arguments->settings.listen, "listen");
	case OPTION_ADMIN:
		return set_address(&arguments->settings.admin, "admin");
	case OPTION_CERTIFICATE:
		return set_path(&arguments->tls.certificate);
	case OPTION_KEY:
		return set_path(&arguments->tls.key);
	case OPTION_CLIENT_CA:
		return set_path(&arguments->tls.client_ca);
	case OPTION_NAMESPACES:
		return add_name(&arguments->namespaces, "namespaces");
	case OPTION_ENFORCE:
		return set_standard(&admission->standards.enforce, "enforce");
	case OPTION_AUDIT:
		return set_standard(&admission->standards.audit, "audit");
	case OPTION_WARN:
		return set_standard(&admission->standards.warn, "warn");
	case OPTION_DENY_ON:
		return set_severity(&admission->deny_from, "deny-on");
	case OPTION_WARN_ON:
		return set_severity(&admission->warn_from, "warn-on");
	case OPTION_AUDIT_ON:
		return set_severity(&admission->audit_from, "audit-on");
	case OPTION_EXEMPT_NAMESPACE:
		return add_name(&arguments->exempt_namespaces, "exempt-namespace");
	case OPTION_EXEMPT_USER:
		return add_name(&arguments->exempt_users, "exempt-user");
	case OPTION_EXEMPT_CLASS:
		return add_name(&arguments->exempt_classes, "exempt-runtime-class");
	case OPTION_POLICY:
		return set_path(&arguments->policy);
	case OPTION_FAIL:
		return set_fail(arguments);
	case OPTION_DRY_RUN:
		return set_flag(&admission->dry_run);
	case OPTION_REVIEW:
		return set_path(&arguments->review);
	case OPTION_LOG_LEVEL:
		return set_log_level();
	default:
		return command_usage(&admit_command, "unknown option, or one without its value");
	}
}

static void set_defaults(struct arguments *arguments)
{
	const struct pod_security baseline = { POD_SECURITY_BASELINE, POD_SECURITY_LATEST };
	const struct pod_security restricted = { POD_SECURITY_RESTRICTED, POD_SECURITY_LATEST };

	*arguments = (struct arguments){
		.options = { .now_ns = clock_wall_ns() },
		.settings.admission = { .standards = { baseline, restricted, restricted },
					.deny_from = FINDING_ERROR,
					.warn_from = FINDING_WARNING,
					.audit_from = FINDING_INFO },
	};
	address_parse(TEXT("0.0.0.0:8443"), &arguments->settings.listen, NULL);
}

static int parse_arguments(struct arguments *arguments, int argc, char **argv)
{
	struct admission_settings *admission = &arguments->settings.admission;
	int option;

	set_defaults(arguments);
	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "", option_table, NULL)) != -1) {
		const int status = take_option(arguments, option);

		if (status != 0)
			return status;
	}
	if (optind < argc)
		return command_usage(&admit_command, "'%s' is one word too many", argv[optind]);
	if (arguments->review == NULL
	    && (arguments->tls.certificate == NULL || arguments->tls.key == NULL))
		return command_usage(&admit_command,
				     "Kubernetes asks webhooks over TLS alone: name the PEM files "
				     "with --certificate and --key");
	admission->options = &arguments->options;
	admission->exempt_namespaces = arguments->exempt_namespaces.items;
	admission->exempt_users = arguments->exempt_users.items;
	admission->exempt_runtime_classes = arguments->exempt_classes.items;
	arguments->settings.namespaces = arguments->namespaces.items;
	arguments->settings.namespace_count = arguments->namespaces.count;
	arguments->settings.tls = &arguments->tls;
	return 0;
}

static int load_namespaces(const struct arguments *arguments, struct admission *admission,
			   struct error *err)
{
	const struct resource_options options = { 0 };
	AUTO_DIAGNOSTICS struct diagnostics diagnostics;
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	int result;

	diagnostics_init(&diagnostics);
	if (arguments->namespaces.count == 0)
		return 0;
	result = resource_set_load(arguments->namespaces.items, arguments->namespaces.count,
				   &options, &diagnostics, &set, err);
	if (result == 0)
		admission_set_namespaces(admission, set);
	return result;
}

/* One review from a file, answered on standard output: to try a configuration. */
static int answer_file(const struct arguments *arguments, struct error *err)
{
	const char *path = strcmp(arguments->review, "-") == 0 ? "/dev/stdin" : arguments->review;
	struct admission *admission = admission_new(&arguments->settings.admission);
	AUTO_BUFFER struct buffer review = { 0 }, answer = { 0 };
	struct admission_outcome outcome = { 0 };
	int result = load_namespaces(arguments, admission, err);

	if (result == 0)
		result = file_read(path, ADMISSION_REVIEW_MAX, &review, err);
	if (result == 0)
		result = admission_review(admission, buffer_text(&review),
					  (struct pod_security){ 0 }, &answer, &outcome, err);
	admission_free(admission);
	if (result != 0)
		return result;
	fwrite(answer.data, 1, answer.len, stdout);
	return outcome.allowed ? STATUS_FINE : STATUS_NO;
}

/* It holds a private key: no core dumps, nobody may trace it, and nothing it starts gains rights.
 */
static void protect_key(void)
{
	const struct rlimit no_core = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &no_core);
}

static int serve(struct arguments *arguments, struct error *err)
{
	bool changed;
	int result;

	protect_key();
	log_set_role("admit");
	result = admit_tls_load(&arguments->tls, &changed, err);
	if (result == 0)
		result = admit_serve(&arguments->settings, err);
	admit_tls_done(&arguments->tls);
	return result;
}

static int run(int argc, char **argv)
{
	struct arguments arguments;
	struct error err = { 0 };
	char text[sizeof(err.text) + 256];
	int result = parse_arguments(&arguments, argc, argv);

	if (result != 0)
		return result;
	check_config_init(&arguments.config);
	if (arguments.policy != NULL)
		result = check_config_policy(&arguments.config, arguments.policy,
					     arguments.options.now_ns, &err);
	check_config_apply(&arguments.config, &arguments.options);
	if (result == 0)
		result = arguments.review != NULL ? answer_file(&arguments, &err)
						  : serve(&arguments, &err);
	check_config_done(&arguments.config);
	if (result >= 0)
		return result;
	fprintf(stderr, "mangrove admit: %s\n", error_format(&err, text, sizeof(text)));
	return err.code == -EACCES || err.code == -EPERM ? STATUS_FORBIDDEN : STATUS_USAGE;
}

const struct command admit_command = {
	.name = "admit",
	.arguments = "--certificate FILE --key FILE [OPTION…]",
	.summary = "Serve the checks as a Kubernetes admission webhook.",
	.help = "Pods are judged by the Pod Security Standards of their namespace, every object by "
		"the\nchecks of 'mangrove check'; 'mangrove init admission' writes what installs "
		"it.\n\n"
		"  --listen ADDRESS:PORT  default 0.0.0.0:8443\n"
		"  --certificate FILE, --key FILE  PEM; read again when they change\n"
		"  --client-ca FILE    only clients with a certificate of this authority\n"
		"  --admin ADDRESS:PORT  /healthz, /readyz and /metrics without TLS, too\n"
		"  --namespaces PATH   files with the Namespaces and their labels, watched (again "
		"for more)\n"
		"  --enforce L:V       where a namespace says nothing; default baseline:latest\n"
		"  --audit L:V, --warn L:V  the same for those modes; default restricted:latest\n"
		"  --deny-on S         refuse what other checks find at S and worse; default "
		"error\n"
		"  --warn-on S, --audit-on S  default warning, and info; 'off' for never\n"
		"  --exempt-namespace NAME, --exempt-user NAME, --exempt-runtime-class NAME\n"
		"                      allowed unseen (again for more)\n"
		"  --policy FILE       CheckPolicy: severities, exceptions with a reason and an "
		"end\n"
		"  --fail MODE         what cannot be examined is refused (closed, the default) "
		"or\n"
		"                      let through with a warning (open)\n"
		"  --dry-run           refuse nothing: what would have been is a warning\n"
		"  --review FILE       answer this one AdmissionReview ('-': standard input) and "
		"end;\n"
		"                      exit 1 where it is refused\n"
		"  --log-level LEVEL   error, warn, info or debug\n",
	.run = run,
};
