/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *out, size_t len)
{
	char *next = out;

	while (len > 0) {
		const ssize_t got = getrandom(next, len, 0);

		if (got < 0)
			abort(); /* only a kernel without getrandom(2) or a filter that forbids it
				  */
		next += got;
		len -= (size_t)got;
	}
}

static uint64_t rotate_left(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

/* xoshiro256** by Blackman and Vigna. */
uint64_t random_cheap(void)
{
	static _Thread_local uint64_t state[4];

	if ((state[0] | state[1] | state[2] | state[3]) == 0)
		random_bytes(state, sizeof(state));

	const uint64_t result = rotate_left(state[1] * 5, 7) * 9;
	const uint64_t t = state[1] << 17;

	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= t;
	state[3] = rotate_left(state[3], 45);
	return result;
}

uint64_t random_below(uint64_t limit)
{
	/* Lemire's multiply-and-shift; its bias is below 2^-32 for any limit we use */
	return (uint64_t)(((unsigned __int128)random_cheap() * limit) >> 64);
}
