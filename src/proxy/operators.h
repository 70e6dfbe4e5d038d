/* SPDX-License-Identifier: Apache-2.0 */
/* operators.h — Envoy's command operators: "%REQ(:METHOD)% %RESPONSE_CODE%".
 *
 * A format is parsed once, when a plan is made, and filled in for each request: for access logs
 * (log_format.h). What a request does not have is absent; a text then shows "-".
 * Source: envoy docs/root/configuration/advanced/substitution_formatter.rst. */
#pragma once

#include "base/base.h"

struct downstream;
struct exchange;

/* What a value is read from. */
struct operator_subject {
	const struct exchange *exchange;     /* NULL: the connection was refused */
	const struct downstream *downstream; /* never NULL */
	const char *details;                 /* why it was refused; NULL: see the exchange */
};

struct operator_value {
	enum operator_value_kind { VALUE_ABSENT = 0, VALUE_TEXT, VALUE_NUMBER } kind;
	struct text text;
	uint64_t number;
};

struct operator_call; /* one "%NAME(argument?alternative):length%" */

struct format_part {
	struct text literal;              /* where call is NULL */
	const struct operator_call *call; /* in the arena */
};

struct format {
	struct format_part *parts;
	size_t count;
	bool reads_response; /* fields of the answer: they have to be kept until it is logged */
};

/* Texts and parts lie in the arena. -EINVAL: an operator that is unknown or malformed; err says
 * which and what is allowed. "%%" is a percent sign. */
int format_parse(struct text text, struct arena *arena, struct format *out, struct error *err);

#define OPERATOR_SCRATCH_MAX 128
/* Texts are borrowed from the subject, or lie in scratch. Nothing is allocated. */
struct operator_value operator_read(const struct operator_call *call,
				    const struct operator_subject *subject,
				    char scratch[OPERATOR_SCRATCH_MAX]);
