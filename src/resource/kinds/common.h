/* SPDX-License-Identifier: Apache-2.0 */
/* common.h — messages that several Istio kinds share. */
#pragma once

#include "resource/types.h"

struct workload_selector { /* istio.type.v1beta1; networking's is spelt `labels` and means the same
			    */
	struct source_pos at;
	struct text_map match_labels;
};

struct policy_target_reference {
	struct source_pos at;
	struct text group, kind, name, namespace;
};

enum string_match_type {
	STRING_MATCH_PRESENT = 0, /* {} : there at all */
	STRING_MATCH_EXACT,
	STRING_MATCH_PREFIX,
	STRING_MATCH_REGEX, /* RE2 syntax; must match the whole */
};

struct string_match {
	struct source_pos at;
	struct text key; /* of a header or query parameter; otherwise absent */
	enum string_match_type type;
	struct text value;
	struct text exact, prefix, regex; /* as written; `type` and `value` say it better */
};

struct network_port { /* Gateway, ServiceEntry, Sidecar */
	struct source_pos at;
	uint32_t number;
	struct text protocol, name;
	uint32_t target_port; /* 0: as number */
};

enum tls_version {
	TLS_VERSION_AUTO = 0,
	TLS_VERSION_1_0,
	TLS_VERSION_1_1,
	TLS_VERSION_1_2,
	TLS_VERSION_1_3,
};
