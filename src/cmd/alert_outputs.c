/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/alert_outputs.h"

#include <signal.h>

bool alert_outputs_name(struct alert_outputs *outputs, const char *name)
{
	if (outputs->name_count == ALERT_OUTPUTS_MAX)
		return false;
	outputs->names[outputs->name_count++] = name;
	return true;
}

/* Where standard output is all there is, a reader that goes (`| head`) ends the command; else the
 * others have to go on. */
static void keep_running_without_readers(const struct alert_outputs *outputs)
{
	for (size_t i = 0; i < outputs->name_count; i++)
		if (!text_is(text_of(outputs->names[i]), stdout_sink.kind))
			signal(SIGPIPE, SIG_IGN);
}

int alert_outputs_open(struct alert_outputs *outputs, const struct alert_output_options *options,
		       struct error *err)
{
	if (outputs->name_count == 0)
		alert_outputs_name(outputs, stdout_sink.kind);
	keep_running_without_readers(outputs);
	for (; outputs->count < outputs->name_count; outputs->count++) {
		struct alert_output *output =
			alert_output_open(outputs->names[outputs->count], options, err);

		if (output == NULL)
			return err->code;
		outputs->items[outputs->count] = output;
	}
	return 0;
}

int alert_outputs_start(struct alert_outputs *outputs, struct error *err)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < outputs->count; i++)
		result = alert_output_start(outputs->items[i], err);
	return result;
}

void alert_outputs_push(const struct alert_outputs *outputs, const struct alert *alert)
{
	for (size_t i = 0; i < outputs->count; i++)
		alert_output_push(outputs->items[i], alert);
}

bool alert_outputs_close(struct alert_outputs *outputs)
{
	bool is_complete = true;

	for (size_t i = 0; i < outputs->count; i++)
		is_complete &= alert_output_close(outputs->items[i]);
	outputs->count = 0;
	return is_complete;
}
