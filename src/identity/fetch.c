/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/fetch.h"

#include "identity/openssl.h"
#include "identity/source.h"
#include "net/net.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define CERTIFICATE_FILE_MAX 1048576

char *identity_default_state(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (geteuid() == 0)
		return mem_strdup("/var/lib/mangrove");
	if (state != NULL && state[0] == '/')
		return mem_printf("%s/mangrove", state);
	return mem_printf("%s/.local/state/mangrove", home != NULL ? home : "");
}

char *identity_state_endpoint(const char *state)
{
	AUTO(mem_free_text) char *absolute = realpath(state, NULL);

	return mem_printf("unix://%s/workload-api.sock", absolute != NULL ? absolute : state);
}

struct fetch {
	struct loop *loop;
	struct timer patience;
	struct identity_set *set;
};

static void on_change(void *owner, struct identity_set *set)
{
	struct fetch *fetch = owner;

	identity_set_unref(fetch->set);
	fetch->set = identity_set_ref(set);
	loop_stop(fetch->loop);
}

static void give_up(struct timer *timer)
{
	loop_stop(CONTAINER_OF(timer, struct fetch, patience)->loop);
}

int identity_fetch(const char *endpoint, uint64_t patience_ns, struct identity_set **out,
		   struct error *err)
{
	AUTO(loop_free) struct loop *loop = loop_new();
	AUTO(identity_source_free) struct identity_source *source = NULL;
	struct fetch fetch = { .loop = loop, .patience.fire = give_up };
	const int result =
		identity_source_from_workload_api(loop, endpoint, on_change, &fetch, &source, err);

	if (result < 0)
		return result;
	timer_set(loop, &fetch.patience, clock_monotonic_ns() + patience_ns);
	loop_run(loop);
	timer_cancel(loop, &fetch.patience);
	if (fetch.set == NULL)
		return error_set(err, -ETIMEDOUT, "%s", identity_source_problem(source));
	*out = fetch.set;
	return 0;
}

int identity_read_certificates(const char *path, STACK_OF(X509) * *out, struct error *err)
{
	AUTO_BUFFER struct buffer pem = { 0 };
	int result = file_read(path, CERTIFICATE_FILE_MAX, &pem, err);

	if (result < 0)
		return result;
	result = pem_read_certificates(buffer_text(&pem), out, err);
	return result < 0 ? error_prefix(err, "%s", path) : 0;
}
