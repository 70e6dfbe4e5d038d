/* SPDX-License-Identifier: Apache-2.0 */
#include "check/baseline.h"

#include "check/catalog.h"

#include <stdlib.h>
#include <string.h>

#define BASELINE_LIMIT ((size_t)64 << 20)

static uint64_t mix(uint64_t hash, const char *text) /* FNV-1a: stable from run to run */
{
	for (; text != NULL && *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return (hash ^ 0xFF) * UINT64_C(1099511628211);
}

void finding_fingerprint(const struct finding *finding, char out[FINGERPRINT_MAX])
{
	uint64_t hash = UINT64_C(14695981039346656037);

	hash = mix(hash, finding->check->id);
	hash = mix(hash, finding->file);
	hash = mix(hash, finding->object);
	hash = mix(hash, finding->source);
	hash = mix(hash, finding->message);
	snprintf(out, FINGERPRINT_MAX, "%016llx", (unsigned long long)hash);
}

int baseline_apply(struct findings *findings, const char *path, struct error *err)
{
	AUTO_BUFFER struct buffer bytes = { 0 };
	AUTO_MAP struct map known = { 0 };
	const int result = file_read(path, BASELINE_LIMIT, &bytes, err);

	if (result != 0)
		return error_prefix(err, "the baseline");
	for (struct text rest = buffer_text(&bytes); rest.ptr != NULL;) {
		struct text line = text_split(&rest, '\n');

		if (line.len > 0 && line.ptr[0] != '#')
			map_put(&known, text_split(&line, ' '), bytes.data);
	}
	for (size_t i = 0; i < findings->count; i++) {
		struct finding *finding = &findings->items[i];
		char print[FINGERPRINT_MAX];

		finding_fingerprint(finding, print);
		if (finding->suppressed == NULL && map_get(&known, text_of(print)) != NULL)
			finding->suppressed = "known from the baseline";
	}
	return 0;
}

int baseline_write(const struct findings *findings, const char *path, struct error *err)
{
	AUTO_BUFFER struct buffer out = { 0 };

	buffer_add_text(&out, "# findings known to 'mangrove check --baseline'\n");
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		char print[FINGERPRINT_MAX];

		if (finding->suppressed != NULL)
			continue;
		finding_fingerprint(finding, print);
		buffer_printf(&out, "%s %s %s\n", print, finding->check->id, finding->file);
	}
	return file_write_atomic(path, out.data, out.len, 0644, err);
}
