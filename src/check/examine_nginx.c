/* SPDX-License-Identifier: Apache-2.0 */
#include "check/examine.h"
#include "check/families.h"
#include "check/nginx.h"

int examine_nginx(struct examination *exam, struct error *err)
{
	struct nginx nginx;

	(void)err;
	nginx_parse(&nginx, exam->file, exam->text, exam->options->follow_includes, exam->arena);
	exam->nginx = &nginx;
	exam_run_family(exam, &nginx_family);
	exam->nginx = NULL;
	return 0;
}
