/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/cgroup.h"

/* The first part of the path that is no slice. */
static struct text unit_of_path(struct text path)
{
	while (path.ptr != NULL) {
		const struct text part = text_split(&path, '/');

		if (!text_is_empty(part) && !text_ends_with(part, TEXT(".slice")))
			return part;
	}
	return (struct text){ 0 };
}

/* Of the unified hierarchy ("0::/…") or of systemd's own in version 1 ("1:name=systemd:/…"); a
 * hybrid host has both, and they agree (cgroups(7)). */
struct text cgroup_unit(struct text cgroup)
{
	while (cgroup.ptr != NULL) {
		struct text line = text_split(&cgroup, '\n');

		text_split(&line, ':'); /* the hierarchy's number */

		const struct text controllers = text_split(&line, ':');

		if (line.ptr != NULL && text_starts_with(line, TEXT("/"))
		    && (text_is_empty(controllers) || text_is(controllers, "name=systemd"))) {
			const struct text unit = unit_of_path(line);

			if (!text_is_empty(unit))
				return unit;
		}
	}
	return (struct text){ 0 };
}
