/* SPDX-License-Identifier: Apache-2.0 */
/* bench_rules.c — events a second through rule files, on one core, events made up in memory,
 * by CPU time.
 *
 *	bench_rules FILE…        prints one line: rules, events/s, ns an event, matches
 *
 * Nine in ten events open or connect, as on a busy host; most match nothing, some come near. */
#include "rules/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define EVENTS  64 /* they stay in the cache, as what comes from a ring does */
#define SECONDS 2

struct made_event {
	struct rule_event event;
	struct field_value values[FIELD_COUNT];
	union field_item ancestors[4];
};

static void get_value(const struct rule_event *base, const struct field_use *use,
		      struct field_value *out)
{
	const struct made_event *event = CONTAINER_OF(base, struct made_event, event);

	if (use->id == FIELD_PROC_ANAME && use->index > 0)
		*out = use->index <= 4
			       ? (struct field_value){ FIELD_VALUE_TEXT,
						       1,
						       { event->ancestors[use->index - 1] } }
			       : (struct field_value){ 0 };
	else
		*out = event->values[use->id];
}

static struct field_value pick(const char *const *words, size_t count)
{
	return field_value_text(text_of(words[random_below(count)]));
}

#define PICK(...)                                                                                  \
	({                                                                                         \
		static const char *const words_[] = { __VA_ARGS__ };                               \
		pick(words_, COUNT_OF(words_));                                                    \
	})

static void make_process(struct made_event *event)
{
	struct field_value *v = event->values;

	v[FIELD_PROC_NAME] = PICK("nginx", "node", "postgres", "java", "bash", "python3", "systemd",
				  "redis-server");
	v[FIELD_PROC_PNAME] = PICK("systemd", "containerd-shim", "bash", "sshd", "node");
	v[FIELD_PROC_EXE] = PICK("/usr/sbin/nginx", "node", "/usr/bin/python3", "java");
	v[FIELD_PROC_PEXE] = PICK("/sbin/init", "java", "/usr/bin/containerd-shim");
	v[FIELD_PROC_EXEPATH] = PICK("/usr/sbin/nginx", "/usr/bin/node", "/usr/bin/python3.11");
	v[FIELD_PROC_CMDLINE] =
		PICK("nginx -g daemon off;", "node /app/server.js --port 3000",
		     "python3 -m http.server 8000 --directory /srv/www", "bash -c ls");
	v[FIELD_PROC_PCMDLINE] =
		PICK("/sbin/init splash", "containerd-shim -namespace moby -id 0123456789abcdef");
	v[FIELD_PROC_ARGS] = PICK("-g daemon off;", "/app/server.js --port 3000", "-c ls");
	v[FIELD_PROC_CWD] = PICK("/", "/app/", "/srv/www/");
	v[FIELD_PROC_TTY] = field_value_number(0);
	v[FIELD_PROC_DURATION] = field_value_number(60000000000);
	v[FIELD_USER_NAME] = PICK("root", "www-data", "app");
	v[FIELD_USER_UID] = field_value_number(1000);
	v[FIELD_THREAD_CAP_EFFECTIVE] =
		PICK("", "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_NET_RAW");
	v[FIELD_CONTAINER_ID] = PICK("host", "0123456789ab");
	v[FIELD_CONTAINER_IMAGE_REPOSITORY] =
		PICK("docker.io/library/nginx", "registry.example/app");
	v[FIELD_EVT_NUM] = field_value_number(1);
	v[FIELD_EVT_RAWRES] = field_value_number(3);
	v[FIELD_EVT_RES] = field_value_text(TEXT("SUCCESS"));
	for (size_t i = 0; i < 4; i++)
		event->ancestors[i] = PICK("systemd", "containerd-shim", "bash", "sshd").one;
	v[FIELD_PROC_ANAME] = field_value_many(FIELD_VALUE_TEXT, event->ancestors, 4);
}

static void make_open(struct made_event *event)
{
	struct field_value *v = event->values;
	const bool writes = random_below(4) == 0;

	event->event.type = event_type_find(TEXT("openat"));
	v[FIELD_EVT_IS_OPEN_READ] = field_value_bool(!writes);
	v[FIELD_EVT_IS_OPEN_WRITE] = field_value_bool(writes);
	v[FIELD_FD_TYPECHAR] = field_value_text(TEXT("f"));
	v[FIELD_FD_NUM] = field_value_number(7);
	v[FIELD_FD_NAME] =
		PICK("/usr/lib/x86_64-linux-gnu/libc.so.6", "/proc/self/status", "/etc/ld.so.cache",
		     "/app/node_modules/express/lib/router/index.js", "/var/log/nginx/access.log",
		     "/etc/hosts", "/tmp/upload-8127364", "/usr/share/zoneinfo/UTC");
	v[FIELD_FD_NAMERAW] = v[FIELD_FD_NAME];
	v[FIELD_FD_DIRECTORY] =
		PICK("/usr/lib/x86_64-linux-gnu", "/proc/self", "/etc", "/var/log/nginx");
	v[FIELD_FD_FILENAME] = PICK("libc.so.6", "status", "index.js");
}

static void make_connect(struct made_event *event)
{
	static union field_item ends[2];
	struct field_value *v = event->values;

	ip_parse(TEXT("10.0.3.7"), &ends[0].address);
	ip_parse(TEXT("93.184.216.34"), &ends[1].address);
	event->event.type = event_type_find(TEXT("connect"));
	v[FIELD_FD_TYPECHAR] = field_value_text(TEXT("4"));
	v[FIELD_FD_TYPE] = field_value_text(TEXT("ipv4"));
	v[FIELD_FD_L4PROTO] = field_value_text(TEXT("tcp"));
	v[FIELD_FD_IP] = v[FIELD_FD_NET] = field_value_many(FIELD_VALUE_ADDRESS, ends, 2);
	v[FIELD_FD_SIP] = v[FIELD_FD_SNET] = v[FIELD_FD_RIP] = field_value_address(ends[1].address);
	v[FIELD_FD_CIP] = v[FIELD_FD_CNET] = field_value_address(ends[0].address);
	v[FIELD_FD_SPORT] = v[FIELD_FD_RPORT] = field_value_number(443);
	v[FIELD_FD_NAME] = field_value_text(TEXT("10.0.3.7:41234->93.184.216.34:443"));
	v[FIELD_FD_CONNECTED] = field_value_bool(true);
}

static void make_other(struct made_event *event)
{
	event->event.type = event_type_find(
		PICK("execve", "unlinkat", "renameat2", "setuid", "ptrace", "dup2").one.text);
	event->values[FIELD_FD_NAME] = field_value_text(TEXT("/app/tmp/x"));
}

static struct made_event *make_events(void)
{
	struct made_event *events = mem_alloc_array(EVENTS, sizeof(*events));

	for (size_t i = 0; i < EVENTS; i++) {
		const uint64_t dice = random_below(10);

		events[i].event.get = get_value;
		make_process(&events[i]);
		if (dice < 7)
			make_open(&events[i]);
		else if (dice < 9)
			make_connect(&events[i]);
		else
			make_other(&events[i]);
		events[i].values[FIELD_EVT_TYPE] =
			field_value_text(text_of(event_type_name(events[i].event.type)));
	}
	return events;
}

/* Of this thread: others on the machine do not count. */
static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

static void measure(struct ruleset *set, const struct made_event *events)
{
	AUTO(rules_evaluator_free) struct rules_evaluator *evaluator = rules_evaluator_new(set);
	const uint64_t start = cpu_ns();
	size_t rules, count, done = 0, matches = 0;
	uint64_t ns;

	do {
		for (size_t i = 0; i < EVENTS; i++, done++) {
			rules_evaluate(evaluator, &events[i].event, &count);
			matches += count;
		}
		ns = cpu_ns() - start;
	} while (ns < SECONDS * NS_PER_SEC);
	ruleset_rules(set, &rules);
	printf("%zu rules: %.2f million events/s, %.0f ns an event, %.4f matches an event\n", rules,
	       (double)done * 1e3 / (double)ns, (double)ns / (double)done,
	       (double)matches / (double)done);
}

int main(int argc, char **argv)
{
	struct rule_file *files = mem_alloc_array((size_t)argc, sizeof(*files));
	struct buffer *texts = mem_alloc_array((size_t)argc, sizeof(*texts));
	AUTO_BUFFER struct buffer why = { 0 };
	struct rules_report report;
	struct ruleset *set = NULL;
	struct error err = { 0 };

	for (int i = 1; i < argc; i++) {
		if (file_read(argv[i], (size_t)1 << 26, &texts[i], &err) != 0) {
			fprintf(stderr, "bench_rules: %s\n", err.text);
			return 2;
		}
		files[i - 1] =
			(struct rule_file){ .name = argv[i], .text = buffer_text(&texts[i]) };
	}
	if (ruleset_load(files, (size_t)argc - 1, NULL, &set, &report) != 0) {
		rules_report_print(&report, &why);
		fputs(why.data, stderr);
		return 2;
	}

	struct made_event *events = make_events();

	measure(set, events);
	mem_free(events);
	rules_report_done(&report);
	ruleset_unref(set);
	for (int i = 1; i < argc; i++)
		buffer_done(&texts[i]);
	mem_free(texts);
	mem_free(files);
	return 0;
}
