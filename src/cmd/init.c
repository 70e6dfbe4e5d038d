/* SPDX-License-Identifier: Apache-2.0 */
/* init.c — `mangrove init KIND NAME`: a hardened, commented beginning for a service. */
#include "cmd/command.h"

#include "check/check.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_LENGTH 63 /* a DNS label, which Kubernetes wants */

struct arguments {
	const struct template *template;
	struct template_values values;
	const char *output;
	bool force;
};

static const struct option option_table[] = {
	{ "namespace", required_argument, NULL, 'n' }, { "image", required_argument, NULL, 'i' },
	{ "port", required_argument, NULL, 'p' },      { "output", required_argument, NULL, 'o' },
	{ "force", no_argument, NULL, 'f' },           { NULL, 0, NULL, 0 },
};

static bool is_label(const char *name)
{
	const size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!char_is_digit(name[i]) && (name[i] < 'a' || name[i] > 'z')
		    && (name[i] != '-' || i == 0 || i + 1 == len))
			return false;
	return len > 0 && len <= NAME_MAX_LENGTH;
}

static bool is_port(const char *text)
{
	uint64_t number;

	return text_parse_number(text_of(text), 65535, &number) && number > 1023;
}

/* Nothing that would end a value in one of the formats. */
static bool is_image(const char *text)
{
	return text[0] != '\0' && strpbrk(text, " \t\r\n\"'#{}[]") == NULL;
}

static int take_option(struct arguments *arguments, int option)
{
	switch (option) {
	case 'n':
		arguments->values.namespace = optarg;
		return is_label(optarg) ? 0
					: command_usage(&init_command,
							"'%s' is no namespace's name", optarg);
	case 'i':
		arguments->values.image = optarg;
		return is_image(optarg) ? 0
					: command_usage(&init_command, "'%s' is no image", optarg);
	case 'p':
		arguments->values.port = optarg;
		return is_port(optarg)
			       ? 0
			       : command_usage(&init_command,
					       "--port takes 1024 to 65535, not '%s'", optarg);
	case 'o':
		arguments->output = optarg;
		return 0;
	case 'f':
		arguments->force = true;
		return 0;
	default:
		return command_usage(&init_command, "unknown option, or one without its value");
	}
}

static int parse_arguments(struct arguments *arguments, int argc, char **argv)
{
	int option;

	*arguments = (struct arguments){ .values = { .namespace = "default", .port = "8080" } };
	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "", option_table, NULL)) != -1) {
		const int status = take_option(arguments, option);

		if (status != 0)
			return status;
	}
	if (argc - optind != 2)
		return command_usage(&init_command, "a kind and a service's name are expected");
	arguments->template = template_find(argv[optind]);
	if (arguments->template == NULL)
		return command_usage(&init_command,
				     "there is no template '%s'; dockerfile, deployment, "
				     "networkpolicy, nginx, istio, admission and ci are",
				     argv[optind]);
	arguments->values.name = argv[optind + 1];
	if (!is_label(arguments->values.name))
		return command_usage(&init_command,
				     "'%s' is no name: lower-case letters, digits and dashes",
				     arguments->values.name);
	return 0;
}

static int write_output(const struct arguments *arguments, const struct buffer *text)
{
	struct error err = { 0 };

	if (arguments->output == NULL) {
		fwrite(text->data, 1, text->len, stdout);
		return STATUS_FINE;
	}
	if (file_exists(arguments->output) && !arguments->force)
		return command_usage(&init_command, "%s is there already; --force replaces it",
				     arguments->output);
	if (file_write_atomic(arguments->output, text->data, text->len, 0644, &err) == 0)
		return STATUS_FINE;
	fprintf(stderr, "mangrove init: %s\n", err.text);
	return STATUS_USAGE;
}

static int run(int argc, char **argv)
{
	struct arguments arguments;
	AUTO_BUFFER struct buffer text = { 0 };
	AUTO(mem_free_text) char *image = NULL;
	const int status = parse_arguments(&arguments, argc, argv);

	if (status != 0)
		return status;
	if (arguments.values.image == NULL) {
		/* no such image: whoever forgets to put the real digest here is told by the pull */
		image = mem_printf("registry.example.com/%s:1.0.0@sha256:%064d",
				   arguments.values.name, 0);
		arguments.values.image = image;
	}
	template_write(arguments.template, &arguments.values, &text);
	return write_output(&arguments, &text);
}

const struct command init_command = {
	.name = "init",
	.arguments = "KIND NAME [OPTION…]",
	.summary = "Write a hardened Dockerfile, manifest or configuration to begin with.",
	.help = "KIND is dockerfile, deployment, networkpolicy, nginx, istio, admission or ci; "
		"NAME the\nservice's.\n\n"
		"  --namespace NS      default 'default'\n"
		"  --image IMAGE       with its digest\n"
		"  --port N            where the service listens; default 8080\n"
		"  --output FILE       write there instead of printing; never over a file\n"
		"  --force             … except with this\n",
	.run = run,
};
