/* SPDX-License-Identifier: Apache-2.0 */
/* shellcheck_checks.c — ShellCheck's codes as checks: what one means is ShellCheck's to say, so a
 * row has its id alone. 1xxx: how a script is read; 2xxx: what it does; 3xxx: what only some shells
 * know. Gaps are codes that it does not use, or not yet. */
#include "check/families.h"

#define ROW(number)                                                                                \
	{ .id = "SC" #number,                                                                      \
	  .name = "shellcheck-" #number,                                                           \
	  .title = "What ShellCheck calls SC" #number,                                             \
	  .severity = FINDING_WARNING,                                                             \
	  .why = "ShellCheck (www.shellcheck.net) reads the scripts of RUN, where it is "          \
		 "installed.",                                                                     \
	  .mend = "As the message says; its wiki has a page named SC" #number "." },

#define TEN(tens)                                                                                  \
	ROW(tens##0)                                                                               \
	ROW(tens##1)                                                                               \
	ROW(tens##2)                                                                               \
	ROW(tens##3)                                                                               \
	ROW(tens##4) ROW(tens##5) ROW(tens##6) ROW(tens##7) ROW(tens##8) ROW(tens##9)

#define HUNDRED(hundreds)                                                                          \
	TEN(hundreds##0)                                                                           \
	TEN(hundreds##1)                                                                           \
	TEN(hundreds##2)                                                                           \
	TEN(hundreds##3)                                                                           \
	TEN(hundreds##4)                                                                           \
	TEN(hundreds##5)                                                                           \
	TEN(hundreds##6) TEN(hundreds##7) TEN(hundreds##8) TEN(hundreds##9)

static const struct check checks[] = { HUNDRED(10) HUNDRED(11) HUNDRED(20) HUNDRED(21) HUNDRED(22)
					       HUNDRED(23) HUNDRED(30) };

const struct family shellcheck_family = {
	.name = "shellcheck",
	.title = "ShellCheck's codes, where it is installed: SC1000 to SC3099",
	.part_of = "hadolint",
	.is_range = true,
	.artifact = ARTIFACT_DOCKERFILE,
	.checks = checks,
	.count = COUNT_OF(checks),
};
