/* SPDX-License-Identifier: Apache-2.0 */
/* bench_identity.c — what identities cost: issuing SVIDs and tokens, and judging a peer.
 *
 * Prints operations per second of this thread's own CPU time, so a busy machine does not matter. */
#include "identity/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUN_NS (2 * NS_PER_SEC)

struct bench {
	struct ca *ca;
	EVP_PKEY *key;
	struct svid *svid;
	X509 *leaf; /* its own, as a peer has it */
	int64_t now_ns;
};

static const struct text web = { "spiffe://bench.test/ns/default/sa/web", 37 };

static uint64_t cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * NS_PER_SEC + (uint64_t)time.tv_nsec;
}

static void must(int result, const struct error *err)
{
	if (result == 0)
		return;
	fprintf(stderr, "bench_identity: %s\n", err->text);
	exit(1);
}

static void issue_for_given_key(struct bench *bench)
{
	AUTO(svid_unref) struct svid *svid = NULL;
	struct error err = { 0 };

	must(ca_issue(bench->ca, web, bench->key, bench->now_ns, &svid, &err), &err);
}

static void issue_with_new_key(struct bench *bench)
{
	AUTO(svid_unref) struct svid *svid = NULL;
	struct error err = { 0 };

	must(ca_issue(bench->ca, web, NULL, bench->now_ns, &svid, &err), &err);
}

static void issue_token(struct bench *bench)
{
	const struct text audience = TEXT("api");
	AUTO_BUFFER struct buffer token = { 0 };
	struct error err = { 0 };

	must(ca_issue_jwt(bench->ca, web, &audience, 1, bench->now_ns, &token, &err), &err);
}

static void judge_peer(struct bench *bench)
{
	struct peer_identity peer;
	struct error err = { 0 };

	must(identity_verify_peer(ca_bundles(bench->ca), bench->leaf, bench->svid->chain,
				  TLS_ROLE_CLIENT, bench->now_ns, &peer, &err),
	     &err);
}

/* As a peer has it, who got bytes. */
static X509 *receive_leaf(const struct svid *svid)
{
	unsigned char *der = NULL;
	const int len = i2d_X509(svid_leaf(svid), &der);
	const unsigned char *next = der;
	X509 *leaf = d2i_X509(NULL, &next, len);

	OPENSSL_free(der);
	return leaf;
}

static void decode_certificate(struct bench *bench)
{
	X509_free(receive_leaf(bench->svid));
}

static const struct {
	const char *name;
	void (*run)(struct bench *bench);
} rows[] = {
	{ "issue an SVID for a given key", issue_for_given_key },
	{ "issue an SVID with a new key", issue_with_new_key },
	{ "issue a token", issue_token },
	{ "decode a certificate (OpenSSL)", decode_certificate },
	{ "judge a peer's chain", judge_peer },
};

static double rate_of(void (*run)(struct bench *bench), struct bench *bench)
{
	const uint64_t start = cpu_ns();
	uint64_t spent, count = 0;

	do {
		for (int i = 0; i < 50; i++)
			run(bench);
		count += 50;
		spent = cpu_ns() - start;
	} while (spent < RUN_NS);
	return (double)count * (double)NS_PER_SEC / (double)spent;
}

int main(void)
{
	char directory[] = "/tmp/mangrove-bench-XXXXXX";
	struct bench bench = { .now_ns = clock_wall_ns() };
	const struct ca_options unlimited = { .limits = { 100000000, 100000000 } };
	struct error err = { 0 };

	log_set_level(LOG_LEVEL_WARN);
	if (mkdtemp(directory) == NULL)
		return 1;
	must(ca_open(directory, "bench.test", &unlimited, &bench.ca, &err), &err);
	bench.key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	must(ca_issue(bench.ca, web, bench.key, bench.now_ns, &bench.svid, &err), &err);
	bench.leaf = receive_leaf(bench.svid);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		printf("%-32s %8.0f a CPU second\n", rows[i].name, rate_of(rows[i].run, &bench));
	X509_free(bench.leaf);
	svid_unref(bench.svid);
	EVP_PKEY_free(bench.key);
	ca_close(bench.ca);

	AUTO(mem_free_text) char *remove = mem_printf("rm -rf '%s'", directory);

	/* a folder of our own making */
	return system(remove) == 0 ? 0 : 1; // NOLINT(cert-env33-c)
}
