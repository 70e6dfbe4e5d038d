/* SPDX-License-Identifier: Apache-2.0 */
#include "check/compose.h"
#include "check/examine.h"
#include "check/families.h"

int examine_compose(struct examination *exam, struct error *err)
{
	struct compose compose;
	const int result = compose_parse(&compose, exam, err);

	if (result != 0)
		return result;
	exam->compose = &compose;
	exam_run_family(exam, &compose_family);
	exam->compose = NULL;
	return 0;
}
