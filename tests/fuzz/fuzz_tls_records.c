/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a peer: forged ones are found; sealed ones may hold anything and are never larger than
 * they were. */
#include "net/tls_pair.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void try_forged(struct tls_records *records, const uint8_t *data, size_t size)
{
	char content[TLS_RECORD_MAX];
	const ssize_t record = tls_record_size((const char *)data, size);
	size_t len;

	if (record > 0 && (size_t)record <= size)
		require(tls_records_open(records, (const char *)data, (size_t)record, content, &len)
			== TLS_OPENED_BROKEN);
}

/* Its first byte is the type of what is sealed. */
static bool try_sealed(struct tls_pair *pair, const uint8_t *data, size_t size)
{
	static char record[TLS_RECORD_MAX], content[TLS_RECORD_MAX];
	const size_t carried = MIN_OF(size - 1, (size_t)TLS_RECORD_CONTENT);
	enum tls_opened opened;
	size_t len;

	memcpy(record + TLS_RECORD_HEAD, data + 1, carried);
	require(tls_records_seal(pair->theirs, data[0], record + TLS_RECORD_HEAD, carried) == 0);
	opened = tls_records_open(pair->ours, record, TLS_RECORD_HEAD + carried + TLS_RECORD_TAIL,
				  content, &len);
	require(len <= carried && (len == 0 || opened == TLS_OPENED_DATA));
	require(opened != TLS_OPENED_DATA || memcmp(content, data + 1, len) == 0);
	if (opened == TLS_OPENED_UPDATE || (opened == TLS_OPENED_NOTHING && data[0] == 22))
		return false; /* perhaps with a new key, which `theirs` does not have */
	return opened != TLS_OPENED_BROKEN && opened != TLS_OPENED_END;
}

/* First byte: whose end we are; then records, each behind its length in two bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_pair pair;
	bool goes_on = true;

	if (size < 4)
		return 0;
	tls_pair_init(&pair, "TLS_AES_128_GCM_SHA256", data[0] & 1);
	try_forged(pair.ours, data + 1, size - 1);
	for (size_t at = 1; goes_on && at + 3 <= size;) {
		const size_t part =
			MIN_OF(((size_t)data[at] << 8 | data[at + 1]) + 1, size - at - 2);

		goes_on = try_sealed(&pair, data + at + 2, part);
		at += 2 + part;
	}
	tls_pair_done(&pair);
	return 0;
}
