/* SPDX-License-Identifier: Apache-2.0 */
#include "net/curl.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

static const struct {
	const char *symbol;
	size_t offset;
} functions[] = {
#define CURL_ROW(name) { "curl_" #name, offsetof(struct curl_library, name) },
	CURL_FUNCTIONS(CURL_ROW)
#undef CURL_ROW
};

static struct curl_library library;
static bool is_loaded;
static char why_not[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
	void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; handle != NULL && i < COUNT_OF(functions); i++) {
		void *function = dlsym(handle, functions[i].symbol);

		if (function == NULL)
			break;
		memcpy((char *)&library + functions[i].offset, &function, sizeof(function));
		is_loaded = i + 1 == COUNT_OF(functions);
	}
	if (!is_loaded)
		snprintf(why_not, sizeof(why_not), "%s", dlerror());
	else
		library.global_init(CURL_GLOBAL_DEFAULT);
}

const struct curl_library *curl_library(struct error *err)
{
	pthread_once(&once, load);
	if (is_loaded)
		return &library;
	error_set(err, -ENOENT, "libcurl cannot be loaded: %s; install the package libcurl4",
		  why_not);
	return NULL;
}
