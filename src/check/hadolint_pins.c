/* SPDX-License-Identifier: Apache-2.0 */
/* hadolint_pins.c — what is installed has a version, so that a build today and one tomorrow are
 * the same. A row a package manager: its verbs, the flags with values, what counts as pinned. */
#include "check/hadolint.h"

#define PACKAGES_MAX 512
#define WORDS(...)   ((const char *const[]){ __VA_ARGS__, NULL })

struct pin_rule {
	const char *const *names, *const *verbs;
	const char *const *value_flags; /* whose next word is no package */
	const char *const *exempt_args; /* the command is not judged where it has one of these */
	bool (*is_pinned)(struct text package);
	const char *form; /* "curl=VERSION", with %.*s for the package */
};

static bool contains_any(struct text text, const char *const *parts)
{
	for (; *parts != NULL; parts++)
		if (text_contains(text, text_of(*parts)))
			return true;
	return false;
}

static bool is_one_of(struct text text, const char *const *words)
{
	for (; words != NULL && *words != NULL; words++)
		if (text_is(text, *words))
			return true;
	return false;
}

static bool has_any_arg(const struct shell_command *command, const char *const *args)
{
	for (; args != NULL && *args != NULL; args++)
		if (command_has_arg(command, *args))
			return true;
	return false;
}

static bool is_judged(const struct shell_command *command, const struct pin_rule *rule)
{
	for (const char *const *name = rule->names; *name != NULL; name++)
		if (command_is(command, *name, rule->verbs))
			return !has_any_arg(command, rule->exempt_args);
	return false;
}

/* The first package without a version; absent where all have one. */
static struct text find_unpinned(const struct shell_command *command, const struct pin_rule *rule)
{
	struct text packages[PACKAGES_MAX];
	const size_t count =
		command_operands(command, rule->value_flags, packages, COUNT_OF(packages));

	for (size_t i = 0; i < count; i++) {
		if (text_is(packages[i], "--"))
			break;
		if (!is_one_of(packages[i], rule->verbs) && !text_is(packages[i], "module")
		    && !rule->is_pinned(packages[i]))
			return packages[i];
	}
	return (struct text){ 0 };
}

static void check_run(struct examination *exam, const struct docker_instruction *run,
		      const struct pin_rule *rule)
{
	for (size_t i = 0; i < run->shell->count; i++) {
		const struct shell_command *command = &run->shell->commands[i];
		struct text package;

		if (!is_judged(command, rule))
			continue;
		package = find_unpinned(command, rule);
		if (package.ptr == NULL)
			continue;
		exam_report(exam, run->keyword, "'%.*s' has no version: write %.*s%s",
			    TEXT_ARGS(package), TEXT_ARGS(package), rule->form);
		return;
	}
}

static void check_pins(struct examination *exam, const struct pin_rule *rule)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *run = &file->instructions[i];

		if (run->trigger != NULL)
			run = run->trigger;
		if (run->op == DOCKER_RUN)
			check_run(exam, run, rule);
	}
}

static bool is_apt_pinned(struct text package)
{
	return contains_any(package, WORDS("=", "/")) || text_ends_with(package, TEXT(".deb"));
}

void dl3008_apt_pin(struct examination *exam)
{
	check_pins(exam, &(struct pin_rule){ .names = WORDS("apt-get"),
					     .verbs = WORDS("install"),
					     .value_flags = WORDS("t", "target-release"),
					     .is_pinned = is_apt_pinned,
					     .form = "=VERSION" });
}

static bool is_apk_pinned(struct text package)
{
	return contains_any(package, WORDS("=", "~")) || text_ends_with(package, TEXT(".apk"));
}

void dl3018_apk_pin(struct examination *exam)
{
	check_pins(exam,
		   &(struct pin_rule){ .names = WORDS("apk"),
				       .verbs = WORDS("add"),
				       .value_flags = WORDS("t", "virtual", "repository", "X"),
				       .is_pinned = is_apk_pinned,
				       .form = "=VERSION" });
}

static bool is_rpm_version_char(char c)
{
	return char_is_digit(c) || (char_lower(c) >= 'a' && char_lower(c) <= 'z')
	       || strchr(".~^_:+*${}", c) != NULL;
}

/* "name-1.2.3", where the name may have dashes of its own. */
static bool is_rpm_pinned(struct text package)
{
	bool versioned = false;

	if (text_find_char(package, '-') == TEXT_NONE)
		return false;
	if (text_ends_with(package, TEXT(".rpm")))
		return true;
	text_split(&package, '-');
	while (package.ptr != NULL) {
		const struct text part = text_split(&package, '-');

		for (size_t i = 0; i < part.len; i++)
			if (!is_rpm_version_char(part.ptr[i]))
				return false;
		versioned |= part.len > 0 && (char_is_digit(part.ptr[0]) || part.ptr[0] == '$');
	}
	return versioned;
}

static bool is_module_pinned(struct text module)
{
	return text_find_char(module, ':') != TEXT_NONE;
}

void dl3033_yum_pin(struct examination *exam)
{
	check_pins(exam, &(struct pin_rule){ .names = WORDS("yum"),
					     .verbs = WORDS("install"),
					     .exempt_args = WORDS("module"),
					     .is_pinned = is_rpm_pinned,
					     .form = "-VERSION" });
	check_pins(exam, &(struct pin_rule){ .names = WORDS("yum"),
					     .verbs = WORDS("module"),
					     .exempt_args = WORDS("enable", "disable", "reset",
								  "remove", "list", "info"),
					     .is_pinned = is_module_pinned,
					     .form = ":STREAM" });
}

void dl3041_dnf_pin(struct examination *exam)
{
	check_pins(exam, &(struct pin_rule){ .names = WORDS("dnf", "microdnf"),
					     .verbs = WORDS("install"),
					     .exempt_args = WORDS("module", "group"),
					     .is_pinned = is_rpm_pinned,
					     .form = "-VERSION" });
	check_pins(exam, &(struct pin_rule){ .names = WORDS("dnf", "microdnf"),
					     .verbs = WORDS("module"),
					     .exempt_args = WORDS("enable", "disable", "reset",
								  "remove", "list", "info"),
					     .is_pinned = is_module_pinned,
					     .form = ":STREAM" });
}

static bool is_zypper_pinned(struct text package)
{
	return contains_any(package, WORDS("=", "<", ">")) || text_ends_with(package, TEXT(".rpm"));
}

void dl3037_zypper_pin(struct examination *exam)
{
	check_pins(exam, &(struct pin_rule){ .names = WORDS("zypper"),
					     .verbs = WORDS("install", "in"),
					     .is_pinned = is_zypper_pinned,
					     .form = "=VERSION" });
}

static bool is_gem_pinned(struct text gem)
{
	return text_find_char(gem, ':') != TEXT_NONE;
}

/* "-v VERSION", "--version=VERSION" name the version for all. */
static bool is_gem_versioned(const struct shell_command *command)
{
	for (size_t i = 1; i < command->count; i++)
		if (text_is(command->words[i].text, "-v")
		    || text_is(command->words[i].text, "--version")
		    || text_starts_with(command->words[i].text, TEXT("--version=")))
			return true;
	return false;
}

static const struct pin_rule gem_rule = {
	.names = WORDS("gem"),
	.verbs = WORDS("install", "i"),
	.value_flags = WORDS("use-system-libraries"),
	.is_pinned = is_gem_pinned,
	.form = ":VERSION",
};

static bool is_unpinned_gem(const struct shell_command *command)
{
	return is_judged(command, &gem_rule) && !is_gem_versioned(command)
	       && find_unpinned(command, &gem_rule).ptr != NULL;
}

void dl3028_gem_pin(struct examination *exam)
{
	docker_report_runs(exam, is_unpinned_gem);
}

static bool is_npm_pinned(struct text package)
{
	static const char *const schemes[] = { "git://", "git+ssh://", "git+http://",
					       "git+https://" };
	static const char *const paths[] = { "/", "./", "../", "~/" };
	const size_t scope = text_starts_with(package, TEXT("@")) ? 1 : 0;

	for (size_t i = 0; i < COUNT_OF(schemes); i++)
		if (text_starts_with(package, text_of(schemes[i])))
			return text_find_char(package, '#') != TEXT_NONE;
	for (size_t i = 0; i < COUNT_OF(paths); i++)
		if (text_starts_with(package, text_of(paths[i])))
			return true;
	if (text_ends_with(package, TEXT(".tar")) || text_ends_with(package, TEXT(".tar.gz"))
	    || text_ends_with(package, TEXT(".tgz")))
		return true;
	return text_find_char(text_from(package, scope), '@') != TEXT_NONE;
}

static bool is_unpinned_npm(const struct shell_command *command)
{
	static const char *const value_flags[] = { "loglevel", "registry", NULL };
	struct text words[PACKAGES_MAX];

	if (!text_is(command->name, "npm"))
		return false;

	const size_t count = command_operands(command, value_flags, words, COUNT_OF(words));

	if (count == 0 || !text_is(words[0], "install"))
		return false;
	for (size_t i = 1; i < count; i++)
		if (!is_npm_pinned(words[i]))
			return true;
	return false;
}

void dl3016_npm_pin(struct examination *exam)
{
	docker_report_runs(exam, is_unpinned_npm);
}

static bool is_vcs(struct text package)
{
	static const char *const schemes[] = { "git+", "git:", "hg+", "svn+", "svn:", "bzr+" };

	for (size_t i = 0; i < COUNT_OF(schemes); i++)
		if (text_starts_with(package, text_of(schemes[i])))
			return true;
	return false;
}

static bool is_pip_pinned(struct text package)
{
	if (contains_any(package, WORDS("==", ">", "<", "!=", "~=")))
		return true;
	if (is_vcs(package))
		return text_find_char(package, '@') != TEXT_NONE;
	return text_ends_with(package, TEXT(".whl")) || text_ends_with(package, TEXT(".tar.gz"))
	       || text_find_char(package, '/') != TEXT_NONE;
}

static bool is_unpinned_pip(const struct shell_command *command)
{
	static const char *const value_flags[] = { "abi",
						   "b",
						   "build",
						   "e",
						   "editable",
						   "extra-index-url",
						   "f",
						   "find-links",
						   "i",
						   "index-url",
						   "implementation",
						   "no-binary",
						   "only-binary",
						   "platform",
						   "prefix",
						   "progress-bar",
						   "proxy",
						   "python-version",
						   "root",
						   "src",
						   "t",
						   "target",
						   "trusted-host",
						   "upgrade-strategy",
						   NULL };
	struct text words[PACKAGES_MAX];
	bool installing = false;

	if (!command_is_pip_install(command) || command_has_flag(command, "constraint")
	    || command_has_flag(command, "c") || command_has_flag(command, "requirement")
	    || has_any_arg(command, WORDS("-r", ".")))
		return false;

	const size_t count = command_operands(command, value_flags, words, COUNT_OF(words));

	for (size_t i = 0; i < count; i++) {
		if (installing && !text_is(words[i], "install") && !is_pip_pinned(words[i]))
			return true;
		installing = installing || text_is(words[i], "install");
	}
	return false;
}

void dl3013_pip_pin(struct examination *exam)
{
	docker_report_runs(exam, is_unpinned_pip);
}

static bool is_go_pinned(struct text package)
{
	if (package.ptr[0] == '/' || package.ptr[0] == '.' || text_ends_with(package, TEXT(".go")))
		return true;
	return text_find_char(package, '@') != TEXT_NONE
	       && !text_ends_with(package, TEXT("@latest"));
}

static bool is_unpinned_go(const struct shell_command *command)
{
	static const char *const verbs[] = { "install", "get", "run", NULL };
	static const char *const value_flags[] = { "-C",    "-o",       "-p",        "-ldflags",
						   "-tags", "-gcflags", "-asmflags", "-exec",
						   "-mod",  "-modfile", NULL };
	size_t at = 1;

	if (!text_is(command->name, "go") || command->count < 2
	    || !is_one_of(command->words[1].text, verbs))
		return false;
	while (++at < command->count) {
		const struct text word = command->words[at].text;

		if (is_one_of(word, value_flags))
			at++;
		else if (word.len > 0 && word.ptr[0] != '-' && !text_is(word, "tool"))
			break;
	}
	if (text_is(command->words[1].text, "run"))
		return at < command->count && !is_go_pinned(command->words[at].text);
	for (; at < command->count; at++) {
		const struct text word = command->words[at].text;

		if (word.len > 0 && word.ptr[0] != '-' && !is_go_pinned(word))
			return true;
	}
	return false;
}

void dl3062_go_pin(struct examination *exam)
{
	docker_report_runs(exam, is_unpinned_go);
}
