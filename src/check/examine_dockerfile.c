/* SPDX-License-Identifier: Apache-2.0 */
#include "check/dockerfile.h"
#include "check/examine.h"
#include "check/families.h"
#include "check/hadolint.h"

int examine_dockerfile(struct examination *exam, struct error *err)
{
	struct dockerfile file;
	int result;

	dockerfile_parse(&file, exam->text, exam->arena);
	exam->dockerfile = &file;
	exam_run_family(exam, &hadolint_instructions_family);
	exam_run_family(exam, &hadolint_run_family);
	exam_run_family(exam, &hadolint_packages_family);
	exam_run_family(exam, &hadolint_labels_family);
	exam_run_family(exam, &dockerfile_family);
	result = hadolint_shellcheck(exam, err);
	exam->dockerfile = NULL;
	return result;
}
