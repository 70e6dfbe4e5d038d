/* SPDX-License-Identifier: Apache-2.0 */
#include "check/examine.h"
#include "check/families.h"
#include "check/pod_security.h"
#include "check/tree.h"

/* Restricted as of today, unless the options name a standard: then by that alone. */
static void judge_pods(struct examination *exam)
{
	struct pod_security standard = { POD_SECURITY_RESTRICTED, POD_SECURITY_LATEST };

	if (exam->options->pod_security.level != POD_SECURITY_NONE)
		standard = exam->options->pod_security;
	for (size_t i = 0; i < exam->manifest->count; i++)
		if (exam->manifest->objects[i].pod_spec != NULL)
			pod_judge(exam, &exam->manifest->objects[i], standard);
}

void examine_objects(struct examination *exam)
{
	exam_run_family(exam, &kubernetes_family);
	exam_run_family(exam, &network_family);
	exam_run_family(exam, &rbac_family);
}

int examine_manifest(struct examination *exam, struct error *err)
{
	struct manifest manifest;
	const int result = manifest_parse(&manifest, exam, err);

	if (result != 0)
		return result;
	exam->manifest = &manifest;
	judge_pods(exam);
	if (exam->options->pod_security.level == POD_SECURITY_NONE) {
		examine_objects(exam);
		examine_mesh_file(exam, tree_add_manifest(exam->seen, exam));
	}
	exam->manifest = NULL;
	return 0;
}
