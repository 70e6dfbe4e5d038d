/* SPDX-License-Identifier: Apache-2.0 */
/* template.c — hardened beginnings; what is between '@' is filled in. Every one passes every check,
 * which a test holds it to. */
#include "check/template.h"

#include <string.h>

/* The files of templates/, which the build turns into constants (templates/embed.py). */
extern const char template_dockerfile[], template_deployment[], template_networkpolicy[],
	template_nginx[], template_istio[], template_ci[], template_admission[];

const struct template templates[] = {
	{ "dockerfile", "a Dockerfile in two stages", "Dockerfile", ARTIFACT_DOCKERFILE,
	  template_dockerfile },
	{ "deployment", "Deployment, Service and account", "deployment.yaml", ARTIFACT_MANIFEST,
	  template_deployment },
	{ "networkpolicy", "a NetworkPolicy that names what is allowed", "networkpolicy.yaml",
	  ARTIFACT_MANIFEST, template_networkpolicy },
	{ "nginx", "an nginx configuration", "nginx.conf", ARTIFACT_NGINX, template_nginx },
	{ "istio", "PeerAuthentication and AuthorizationPolicy", "istio.yaml", ARTIFACT_MANIFEST,
	  template_istio },
	{ "admission", "the admission webhook and what it needs", "admission.yaml",
	  ARTIFACT_MANIFEST, template_admission },
	{ "ci", "a workflow that runs check", "check.yml", ARTIFACT_UNKNOWN, template_ci },
	{ NULL, NULL, NULL, ARTIFACT_UNKNOWN, NULL },
};

const struct template *template_find(const char *kind)
{
	for (const struct template *template = templates; template->kind != NULL; template ++)
		if (strcmp(template->kind, kind) == 0)
			return template;
	return NULL;
}

static const char *value_of(const struct template_values *values, struct text key)
{
	return text_is(key, "NAME")        ? values->name
	       : text_is(key, "NAMESPACE") ? values->namespace
	       : text_is(key, "IMAGE")     ? values->image
	       : text_is(key, "PORT")      ? values->port
					   : NULL;
}

void template_write(const struct template *template, const struct template_values *values,
		    struct buffer *out)
{
	struct text rest = text_of(template->text);

	while (rest.ptr != NULL) {
		const struct text before = text_split(&rest, '@');
		const size_t end = rest.ptr != NULL ? text_find_char(rest, '@') : TEXT_NONE;
		const char *value =
			end != TEXT_NONE ? value_of(values, text_until(rest, end)) : NULL;

		buffer_add(out, before.ptr, before.len);
		if (value != NULL) {
			buffer_add_text(out, value);
			rest = text_from(rest, end + 1);
		} else if (rest.ptr != NULL) {
			buffer_add_char(out, '@');
		}
	}
}
