/* SPDX-License-Identifier: Apache-2.0 */
/* ownership.h — ownership made visible: AUTO releases at the end of the scope, TAKE hands over.
 *
 *	AUTO(policy_unref) struct policy *policy = policy_new();   released on every return
 *	*out = TAKE(policy);                                       handed over, visibly
 *
 * Every destructor used with AUTO accepts NULL. */
#pragma once

#include <stddef.h>

/* "unused": a variable may be there only to release what it holds. */
#define AUTO(release) __attribute__((cleanup(release##_auto), unused))

#define DEFINE_AUTO(type, release)                                                                 \
	static inline void release##_auto(type **slot)                                             \
	{                                                                                          \
		release(*slot);                                                                    \
	}

#define TAKE(ptr)                                                                                  \
	({                                                                                         \
		__typeof__(ptr) taken_ = (ptr);                                                    \
		(ptr) = NULL;                                                                      \
		taken_;                                                                            \
	})

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define MIN_OF(a, b)                                                                               \
	({                                                                                         \
		__typeof__(a) a_ = (a);                                                            \
		__typeof__(b) b_ = (b);                                                            \
		a_ < b_ ? a_ : b_;                                                                 \
	})

#define MAX_OF(a, b)                                                                               \
	({                                                                                         \
		__typeof__(a) a_ = (a);                                                            \
		__typeof__(b) b_ = (b);                                                            \
		a_ > b_ ? a_ : b_;                                                                 \
	})
