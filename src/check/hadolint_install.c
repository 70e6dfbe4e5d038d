/* SPDX-License-Identifier: Apache-2.0 */
/* hadolint_install.c — package managers: the switches they need and the caches they leave. */
#include "check/hadolint.h"

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* "These commands with these verbs need one of these flags." */
struct flag_rule {
	const char *const *names, *const *verbs, *const *flags;
	const char *allowed_arg;     /* that does as well, or NULL */
	const char *cache_directory; /* mounted, the flag is not needed; or NULL */
	const char *insert;          /* behind the verb, to mend */
};

static bool is_at_fault(const struct shell_command *command, const struct flag_rule *rule)
{
	for (const char *const *name = rule->names; *name != NULL; name++)
		if (command_is(command, *name, rule->verbs)
		    && !command_has_any_flag(command, rule->flags)
		    && (rule->allowed_arg == NULL || !command_has_arg(command, rule->allowed_arg)))
			return true;
	return false;
}

static const struct shell_word *find_verb(const struct shell_command *command,
					  const char *const *verbs)
{
	for (size_t i = 1; i < command->count; i++)
		for (const char *const *verb = verbs; *verb != NULL; verb++)
			if (text_is(command->words[i].text, *verb))
				return &command->words[i];
	return NULL;
}

static void mend_flag(struct examination *exam, struct finding *finding,
		      const struct docker_instruction *run, const struct shell_command *command,
		      const struct flag_rule *rule)
{
	const struct shell_word *verb = find_verb(command, rule->verbs);

	if (verb == NULL)
		return;

	const struct range at = docker_place_word(run, verb);

	if (at.start != run->keyword.start)
		exam_mend(exam, finding, (struct range){ at.end, at.end }, " %s", rule->insert);
}

static void check_flag(struct examination *exam, const struct docker_instruction *run,
		       const struct flag_rule *rule)
{
	struct finding *finding = NULL;

	if (rule->cache_directory != NULL && docker_has_cache_mount(run, rule->cache_directory))
		return;
	for (size_t i = 0; i < run->shell->count; i++) {
		const struct shell_command *command = &run->shell->commands[i];

		if (!is_at_fault(command, rule))
			continue;
		if (finding == NULL)
			finding = docker_report(exam, run);
		mend_flag(exam, finding, run, command, rule);
	}
}

/* RUN at top level and behind ONBUILD. */
static void check_runs(struct examination *exam, const struct flag_rule *rule)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *run = &file->instructions[i];

		if (run->trigger != NULL)
			run = run->trigger;
		if (run->op == DOCKER_RUN)
			check_flag(exam, run, rule);
	}
}

void dl3014_apt_yes(struct examination *exam)
{
	check_runs(exam, &(struct flag_rule){ .names = WORDS("apt-get"),
					      .verbs = WORDS("install"),
					      .flags = WORDS("y", "yes", "q", "assume-yes"),
					      .insert = "-y" });
}

void dl3015_apt_recommends(struct examination *exam)
{
	check_runs(exam, &(struct flag_rule){ .names = WORDS("apt-get"),
					      .verbs = WORDS("install"),
					      .flags = WORDS("no-install-recommends"),
					      .allowed_arg = "APT::Install-Recommends=false",
					      .insert = "--no-install-recommends" });
}

void dl3019_apk_cache(struct examination *exam)
{
	check_runs(exam, &(struct flag_rule){ .names = WORDS("apk"),
					      .verbs = WORDS("add"),
					      .flags = WORDS("no-cache"),
					      .cache_directory = "/var/cache/apk",
					      .insert = "--no-cache" });
}

void dl3030_yum_yes(struct examination *exam)
{
	check_runs(exam,
		   &(struct flag_rule){ .names = WORDS("yum"),
					.verbs = WORDS("install", "groupinstall", "localinstall"),
					.flags = WORDS("y", "assumeyes"),
					.insert = "-y" });
}

void dl3034_zypper_yes(struct examination *exam)
{
	check_runs(exam,
		   &(struct flag_rule){ .names = WORDS("zypper"),
					.verbs = WORDS("install", "in", "remove", "rm",
						       "source-install", "si", "patch"),
					.flags = WORDS("y", "n", "no-confirm", "non-interactive"),
					.insert = "-y" });
}

void dl3038_dnf_yes(struct examination *exam)
{
	check_runs(exam,
		   &(struct flag_rule){ .names = WORDS("dnf", "microdnf"),
					.verbs = WORDS("install", "groupinstall", "localinstall"),
					.flags = WORDS("y", "assumeyes"),
					.insert = "-y" });
}

static bool is_apt(const struct shell_command *command)
{
	return text_is(command->name, "apt");
}

void dl3027_apt(struct examination *exam)
{
	docker_report_runs(exam, is_apt);
}

static bool is_dist_upgrade(const struct shell_command *command)
{
	return command_is(command, "zypper", WORDS("dist-upgrade", "dup"));
}

void dl3035_zypper_upgrade(struct examination *exam)
{
	docker_report_runs(exam, is_dist_upgrade);
}

/* ---- caches ---- */

/* "After installing, this has to follow in the same RUN." */
struct clean_rule {
	const char *name;
	const char *const *install, *const *clean;
	const char *removed;         /* by rm, does as well; or NULL */
	const char *cache_directory; /* mounted, nothing is left; or NULL */
};

static bool cleans(const struct shell_command *command, const struct clean_rule *rule)
{
	return command_is(command, rule->name, rule->clean)
	       || (rule->removed != NULL && text_is(command->name, "rm")
		   && command_has_arg(command, rule->removed));
}

static bool leaves_cache(const struct docker_instruction *run, const struct clean_rule *rule)
{
	bool installed = false;

	if (rule->cache_directory != NULL && docker_has_cache_mount(run, rule->cache_directory))
		return false;
	for (size_t i = 0; i < run->shell->count; i++) {
		const struct shell_command *command = &run->shell->commands[i];

		if (command_is(command, rule->name, rule->install))
			installed = true;
		else if (installed && cleans(command, rule))
			return false;
	}
	return installed;
}

static void check_clean(struct examination *exam, const struct clean_rule *rules, size_t count)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *run = &file->instructions[i];
		bool left = false;

		if (run->trigger != NULL)
			run = run->trigger;
		if (run->op != DOCKER_RUN)
			continue;
		for (size_t j = 0; j < count && !left; j++)
			left = leaves_cache(run, &rules[j]);
		if (left)
			docker_report(exam, run);
	}
}

void dl3032_yum_clean(struct examination *exam)
{
	check_clean(exam,
		    &(struct clean_rule){ "yum", WORDS("install"), WORDS("clean", "all"),
					  "/var/cache/yum/*", "/var/cache/yum" },
		    1);
}

void dl3036_zypper_clean(struct examination *exam)
{
	check_clean(exam,
		    &(struct clean_rule){ "zypper", WORDS("install", "in"), WORDS("clean", "cc"),
					  NULL, "/var/cache/zypp" },
		    1);
}

void dl3040_dnf_clean(struct examination *exam)
{
	const struct clean_rule rules[] = {
		{ "dnf", WORDS("install"), WORDS("clean", "all"), "/var/cache/yum/*",
		  "/var/cache/libdnf5" },
		{ "microdnf", WORDS("install"), WORDS("clean", "all"), "/var/cache/yum/*",
		  "/var/cache/libdnf5" },
	};

	check_clean(exam, rules, COUNT_OF(rules));
}

/* The lists matter in the image that is shipped: in the last stage, and in stages others build on.
 */
static bool is_stage_kept(const struct dockerfile *file, size_t stage)
{
	if (stage + 1 == file->stage_count)
		return true;
	for (size_t i = 1; stage > 0 && i < file->stage_count; i++)
		if (text_equal(file->stages[i].image.whole, file->stages[stage].image.alias))
			return true;
	return false;
}

static bool keeps_apt_lists(const struct docker_instruction *run)
{
	bool updates = false;

	if (docker_has_cache_mount(run, "/var/lib/apt/lists")
	    || (docker_has_cache_mount(run, "/var/lib/apt")
		&& docker_has_cache_mount(run, "/var/cache/apt")))
		return false;
	for (size_t i = 0; i < run->shell->count; i++) {
		const struct shell_command *command = &run->shell->commands[i];

		updates |= command_is(command, "apt-get", WORDS("update"));
		if (command_is(command, "rm", WORDS("-rf", "/var/lib/apt/lists/*")))
			return false;
	}
	return updates;
}

static bool keeps_yarn_cache(const struct docker_instruction *run)
{
	bool installs = false;

	if (docker_has_cache_mount(run, ".cache/yarn"))
		return false;
	for (size_t i = 0; i < run->shell->count; i++) {
		installs |= command_is(&run->shell->commands[i], "yarn", WORDS("install"));
		if (command_is(&run->shell->commands[i], "yarn", WORDS("cache", "clean")))
			return false;
	}
	return installs;
}

static void check_kept(struct examination *exam,
		       bool (*keeps)(const struct docker_instruction *run))
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *run = &file->instructions[i];
		const bool triggered = run->trigger != NULL;

		if (triggered)
			run = run->trigger;
		if (run->op == DOCKER_RUN && keeps(run)
		    && (triggered || is_stage_kept(file, run->stage)))
			docker_report(exam, run);
	}
}

void dl3009_apt_lists(struct examination *exam)
{
	check_kept(exam, keeps_apt_lists);
}

void dl3060_yarn_cache(struct examination *exam)
{
	check_kept(exam, keeps_yarn_cache);
}

/* ---- pip ---- */

static bool is_followed_by(const struct shell_command *command, const char *const *words)
{
	for (size_t i = 1; i < command->count; i++) {
		size_t matched = 0;

		while (words[matched] != NULL && i + matched < command->count
		       && text_is(command->words[i + matched].text, words[matched]))
			matched++;
		if (words[matched] == NULL)
			return true;
	}
	return false;
}

bool command_is_pip_install(const struct shell_command *command)
{
	if (text_starts_with(command->name, TEXT("pip")))
		return command_has_arg(command, "install");
	return text_starts_with(command->name, TEXT("python"))
	       && is_followed_by(command, WORDS("-m", "pip", "install"));
}

static bool is_pip_wrapper(const struct shell_command *command)
{
	return text_contains(command->name, TEXT("pipx"))
	       || text_contains(command->name, TEXT("pipenv"))
	       || is_followed_by(command, WORDS("-m", "pipx"))
	       || is_followed_by(command, WORDS("-m", "pipenv"));
}

static bool is_true(struct text value)
{
	return text_is(value, "1") || text_equal_nocase(value, TEXT("true"))
	       || text_equal_nocase(value, TEXT("on")) || text_equal_nocase(value, TEXT("yes"));
}

static bool env_disables_pip_cache(const struct docker_instruction *env)
{
	for (size_t i = 0; env->op == DOCKER_ENV && i < env->pair_count; i++)
		if (text_is(env->pairs[i].key, "PIP_NO_CACHE_DIR") && is_true(env->pairs[i].value))
			return true;
	return false;
}

/* Set by ENV above in the stage, or in a stage it builds on. */
static bool is_pip_cache_off(const struct dockerfile *file, size_t stage, size_t before)
{
	for (unsigned depth = 0; depth < 64; depth++) {
		for (size_t i = file->stages[stage].first; i < before; i++)
			if (env_disables_pip_cache(&file->instructions[i]))
				return true;
		stage = file->stages[stage].parent;
		if (stage == 0)
			return false;
		before = file->stages[stage].last + 1;
	}
	return false;
}

static bool run_disables_pip_cache(const struct docker_instruction *run)
{
	const struct text name = TEXT("PIP_NO_CACHE_DIR="), script = run->shell->text;
	const char *hit =
		script.len > 0 ? memmem(script.ptr, script.len, name.ptr, name.len) : NULL;

	if (hit == NULL)
		return false;

	struct text value = text_from(script, (size_t)(hit - script.ptr) + name.len);
	size_t end = 0;

	while (end < value.len && !char_is_space(value.ptr[end]) && value.ptr[end] != ';')
		end++;
	return is_true(docker_unquote(text_until(value, end)));
}

static const struct flag_rule pip_cache_rule = {
	.verbs = WORDS("install"),
	.insert = "--no-cache-dir",
};

static void check_pip_cache(struct examination *exam, const struct docker_instruction *run,
			    size_t index)
{
	struct finding *finding = NULL;

	if (is_pip_cache_off(exam->dockerfile, run->stage, index) || run_disables_pip_cache(run)
	    || docker_has_cache_mount(run, ".cache/pip"))
		return;
	for (size_t i = 0; i < run->shell->count; i++) {
		const struct shell_command *command = &run->shell->commands[i];

		if (!command_is_pip_install(command) || is_pip_wrapper(command)
		    || command_has_arg(command, "--no-cache-dir"))
			continue;
		if (finding == NULL)
			finding = docker_report(exam, run);
		mend_flag(exam, finding, run, command, &pip_cache_rule);
	}
}

void dl3042_pip_cache(struct examination *exam)
{
	const struct dockerfile *file = exam->dockerfile;

	for (size_t i = 0; i < file->count; i++) {
		const struct docker_instruction *run = &file->instructions[i];

		if (run->trigger != NULL)
			run = run->trigger;
		if (run->op == DOCKER_RUN)
			check_pip_cache(exam, run, i);
	}
}
