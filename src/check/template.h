/* SPDX-License-Identifier: Apache-2.0 */
/* template.h — hardened beginnings for a service: `mangrove init KIND NAME`. */
#pragma once

#include "check/artifact.h"

struct template
{
	const char *kind, *title; /* "deployment", as init takes it */
	const char *file;         /* the name it usually has */
	enum artifact artifact;
	const char *text;
};

struct template_values {
	const char *name, *namespace, *image, *port;
};

extern const struct template templates[]; /* kind NULL ends it */

const struct template *template_find(const char *kind);
void template_write(const struct template *template, const struct template_values *values,
		    struct buffer *out);
