/* SPDX-License-Identifier: Apache-2.0 */
/* bench_workload_api.c — ten thousand workloads of one node stream their identities: how much
 * memory the authority takes, and how long a new root takes to reach them all.
 *
 * The authority is a process of its own, with as many Workloads as there are streams; the callers
 * are this process, so all of them fit the last Workload. */
#include "identity/identity.h"
#include "net/net.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define STREAMS    10000
#define AT_A_TIME  200 /* connections being opened */
#define PATIENCE_S 60
#define NOBODY     65534

struct stream {
	struct grpc_client *client;
	struct grpc_request request;
	unsigned messages;
	struct bench *bench;
};

struct bench {
	char directory[64];
	pid_t authority;
	struct loop *loop;
	struct stream *streams;
	size_t opened;
	size_t reached;  /* streams that got the message of this round */
	unsigned wanted; /* messages of each */
	struct timer patience;
};

static void fail(struct bench *bench, const char *why)
{
	fprintf(stderr, "bench_workload_api: %s\n", why);
	kill(bench->authority, SIGKILL);
	exit(1);
}

/* ---- the authority ---- */

static void write_workloads(const struct bench *bench)
{
	AUTO(mem_free_text) char *path = mem_printf("%s/workloads.yaml", bench->directory);
	FILE *file = fopen(path, "we");

	for (unsigned i = 0; file != NULL && i < STREAMS; i++)
		fprintf(file,
			"---\napiVersion: mangrove.dev/v1\nkind: Workload\n"
			"metadata: {name: w%u, namespace: bench}\n"
			"spec: {serviceAccount: w%u, processes: [{uid: %u}]}\n",
			i, i, i + 1 < STREAMS ? 100000 + i : getuid());
	if (file == NULL || fclose(file) != 0)
		abort();
}

static void run_authority(const struct bench *bench)
{
	AUTO(mem_free_text) char *state = mem_printf("%s/state", bench->directory);
	AUTO(mem_free_text) char *path = mem_printf("%s/workloads.yaml", bench->directory);
	const char *const paths[] = { path };
	const struct identity_role options = {
		.state = state,
		.proxy_uid = NOBODY,
		.paths = paths,
		.path_count = 1,
		.ca.limits = { .total_rate = 100000 },
	};
	struct error err = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_set_level(LOG_LEVEL_ERROR);
	if (identity_role_run(&options, &err) < 0)
		fprintf(stderr, "bench_workload_api: %s\n", err.text);
	exit(0);
}

static char *state_of(const struct bench *bench)
{
	return mem_printf("%s/state", bench->directory);
}

static void wait_for_authority(struct bench *bench)
{
	AUTO(mem_free_text) char *socket = mem_printf("%s/state/admin.sock", bench->directory);

	for (int i = 0; i < PATIENCE_S * 100 && !file_exists(socket); i++)
		usleep(10000);
	if (!file_exists(socket))
		fail(bench, "the authority does not start");
}

static unsigned long resident_kib(const struct bench *bench)
{
	AUTO(mem_free_text) char *path = mem_printf("/proc/%d/status", (int)bench->authority);
	AUTO_BUFFER struct buffer status = { 0 };

	if (file_read(path, 65536, &status, NULL) < 0)
		return 0;

	const char *line = strstr(status.data, "VmRSS:");

	return line != NULL ? strtoul(line + strlen("VmRSS:"), NULL, 10) : 0;
}

/* ---- the callers ---- */

static void open_next(struct bench *bench);

static void on_message(struct grpc_request *request, struct text message)
{
	struct stream *stream = CONTAINER_OF(request, struct stream, request);
	struct bench *bench = stream->bench;

	(void)message;
	if (++stream->messages != bench->wanted)
		return;
	if (bench->wanted == 1 && bench->opened < STREAMS)
		open_next(bench);
	if (++bench->reached == STREAMS)
		loop_stop(bench->loop);
}

static void on_end(struct grpc_request *request, enum grpc_status status, struct text message)
{
	struct stream *stream = CONTAINER_OF(request, struct stream, request);

	(void)message;
	fail(stream->bench, grpc_status_name(status));
}

static void on_closed(void *owner, const struct error *err)
{
	fail(owner, err->text);
}

static void open_next(struct bench *bench)
{
	static const struct grpc_metadata metadata[] = { { "workload.spiffe.io", { "true", 4 } } };
	AUTO(mem_free_text)
	char *socket = mem_printf("unix://%s/state/workload-api.sock", bench->directory);
	struct stream *stream = &bench->streams[bench->opened++];
	struct address address;
	struct error err = { 0 };

	stream->bench = bench;
	stream->request = (struct grpc_request){ .path = "/SpiffeWorkloadAPI/FetchX509SVID",
						 .metadata = metadata,
						 .metadata_count = COUNT_OF(metadata),
						 .response_limit = 65536,
						 .on_message = on_message,
						 .on_end = on_end };
	if (address_parse(text_of(socket), &address, &err) < 0
	    || grpc_client_connect(bench->loop, &address, on_closed, bench, &stream->client, &err)
		       < 0)
		fail(bench, err.text);
	grpc_client_call(stream->client, &stream->request, TEXT(""));
}

static void give_up(struct timer *timer)
{
	fail(CONTAINER_OF(timer, struct bench, patience), "some streams heard nothing");
}

/* Until every stream had its message of this round; the seconds it took. */
static double run_round(struct bench *bench)
{
	const uint64_t started = clock_monotonic_ns();

	timer_set(bench->loop, &bench->patience, started + PATIENCE_S * NS_PER_SEC);
	loop_run(bench->loop);
	timer_cancel(bench->loop, &bench->patience);
	return (double)(clock_monotonic_ns() - started) / (double)NS_PER_SEC;
}

static void rotate(struct bench *bench)
{
	AUTO(mem_free_text) char *state = state_of(bench);
	AUTO_BUFFER struct buffer answer = { 0 };
	struct error err = { 0 };

	bench->wanted++;
	bench->reached = 0;
	if (admin_ask(state, "Rotate", TEXT("{\"kind\":\"root\"}"), &answer, &err) < 0)
		fail(bench, err.text);
}

static void raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static int finish(struct bench *bench)
{
	AUTO(mem_free_text) char *remove = mem_printf("rm -rf '%s'", bench->directory);

	kill(bench->authority, SIGTERM);
	waitpid(bench->authority, NULL, 0);
	return system(remove) == 0 ? 0 : 1; // NOLINT(cert-env33-c): a folder of our own making
}

int main(void)
{
	struct bench bench = { .directory = "/tmp/mangrove-bench-XXXXXX",
			       .patience.fire = give_up,
			       .wanted = 1 };
	unsigned long idle;
	double opening, rotation;

	raise_limits();
	if (mkdtemp(bench.directory) == NULL)
		return 1;
	write_workloads(&bench);
	bench.authority = fork();
	if (bench.authority == 0)
		run_authority(&bench);
	wait_for_authority(&bench);
	idle = resident_kib(&bench);
	bench.loop = loop_new();
	bench.streams = mem_alloc_array(STREAMS, sizeof(struct stream));
	for (int i = 0; i < AT_A_TIME; i++)
		open_next(&bench);
	opening = run_round(&bench);
	printf("%d streams opened in %.1f s; memory %lu MiB (%lu MiB before)\n", STREAMS, opening,
	       resident_kib(&bench) / 1024, idle / 1024);
	rotate(&bench);
	rotation = run_round(&bench);
	printf("a new root reached all of them in %.2f s; memory %lu MiB\n", rotation,
	       resident_kib(&bench) / 1024);
	return finish(&bench);
}
