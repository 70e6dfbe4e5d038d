/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/check_catalog.h"

#include "check/check.h"
#include "cmd/command.h"

#include <stdio.h>

static void print_example(const char *title, const char *text)
{
	printf("\n%s:\n", title);
	for (struct text rest = text_of(text); rest.len > 0;) {
		const struct text line = text_split(&rest, '\n');

		printf("    %.*s\n", TEXT_ARGS(line));
	}
}

int check_print_explanation(const char *id)
{
	const struct check *check = check_find(text_of(id));

	if (check == NULL)
		return command_usage(&check_command, "there is no check '%s'; --list shows all",
				     id);
	printf("%s %s (%s, %s)\n\n%s.\n\n%s\n%s\n", check->id, check->name,
	       check->severity == FINDING_OFF ? "only when asked for"
					      : finding_severity_name(check->severity),
	       check_family(check)->title, check->title, check->why, check->mend);
	if (check->bad != NULL)
		print_example("Fires", check->bad);
	if (check->good != NULL)
		print_example("Silent", check->good);
	printf("\nTo ignore it here: # mangrove ignore=%s until=YYYY-MM-DD why\n", check->id);
	return STATUS_FINE;
}

int check_print_list(void)
{
	for (size_t i = 0; families[i] != NULL; i++) {
		printf("%s: %s\n", families[i]->name, families[i]->title);
		for (size_t j = 0; j < families[i]->count && !families[i]->is_range; j++) {
			const struct check *check = &families[i]->checks[j];

			printf("  %-8s %-8s %-26s %s\n", check->id,
			       finding_severity_name(check->severity), check->name, check->title);
		}
	}
	return STATUS_FINE;
}
