/* SPDX-License-Identifier: Apache-2.0 */
/* What engines say of containers: a socket that answers as Docker does, a bundle on disk. */
#include "sensor/sensor.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char docker_answer[] =
	"{\"Name\":\"/shop\",\"Image\":\"sha256:feed\",\"Config\":{\"Image\":\"nginx:1.25\","
	"\"Labels\":{\"io.kubernetes.pod.name\":\"shop-0\",\"tier\":\"front\"}},"
	"\"HostConfig\":{\"Privileged\":true,\"PidMode\":\"host\",\"NetworkMode\":\"bridge\"},"
	"\"NetworkSettings\":{\"IPAddress\":\"172.17.0.2\"},"
	"\"State\":{\"StartedAt\":\"2023-11-14T22:13:20Z\"},"
	"\"Mounts\":[{\"Source\":\"/var/run/docker.sock\",\"Destination\":\"/sock\",\"RW\":true}]}";

static const char bundle[] =
	"{\"annotations\":{\"io.kubernetes.cri.container-name\":\"web\","
	"\"io.kubernetes.cri.image-name\":\"docker.io/library/nginx:1.25\","
	"\"io.kubernetes.cri.sandbox-name\":\"web-7\","
	"\"io.kubernetes.cri.sandbox-namespace\":\"prod\"},"
	"\"process\":{\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_SYS_ADMIN\"]}},"
	"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"}]},"
	"\"mounts\":[{\"type\":\"proc\",\"source\":\"proc\",\"destination\":\"/proc\"},"
	"{\"type\":\"bind\",\"source\":\"/etc\",\"destination\":\"/host\",\"options\":[\"ro\"]}]}";

struct engine {
	char folder[64], socket[96];
	int listener;
	pthread_t thread;
	const char *answer;
};

/* One question, one answer, as HTTP/1.0 has it. */
static void *answer_once(void *context)
{
	struct engine *engine = context;
	AUTO_FD int peer = accept(engine->listener, NULL, NULL);
	char request[512];
	AUTO_BUFFER struct buffer out = { 0 };

	if (peer < 0 || recv(peer, request, sizeof(request), 0) <= 0)
		return NULL;
	buffer_printf(&out, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n%s",
		      engine->answer);
	send(peer, out.data, out.len, MSG_NOSIGNAL);
	return NULL;
}

static int start_engine(void **state)
{
	static struct engine engine;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	engine = (struct engine){ .answer = docker_answer };
	snprintf(engine.folder, sizeof(engine.folder), "/tmp/test_containers_XXXXXX");
	assert_non_null(mkdtemp(engine.folder));
	snprintf(engine.socket, sizeof(engine.socket), "%s/engine.sock", engine.folder);
	memcpy(address.sun_path, engine.socket, strlen(engine.socket));
	engine.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(engine.listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(engine.listener, 4), 0);
	pthread_create(&engine.thread, NULL, answer_once, &engine);
	*state = &engine;
	return 0;
}

static int stop_engine(void **state)
{
	struct engine *engine = *state;
	char command[128];

	shutdown(engine->listener, SHUT_RDWR);
	pthread_join(engine->thread, NULL);
	close(engine->listener);
	snprintf(command, sizeof(command), "rm -rf %s", engine->folder);
	return system(command);
}

static struct container_info *wait_for_answer(struct inspector *inspector,
					      char id[CONTAINER_ID_MAX + 1])
{
	struct container_info *info = NULL;

	for (int i = 0; i < 1000 && info == NULL; i++) {
		info = inspector_take(inspector, id);
		usleep(10000);
	}
	assert_non_null(info);
	return info;
}

static void docker_is_asked_by_its_socket(void **state)
{
	const struct engine *engine = *state;
	AUTO(inspector_free)
	struct inspector *inspector =
		inspector_new(&(struct inspector_options){ .docker_socket = engine->socket });
	AUTO(container_info_free) struct container_info *info = NULL;
	char id[CONTAINER_ID_MAX + 1];

	inspector_ask(inspector, ID, CONTAINER_ENGINE_DOCKER);
	info = wait_for_answer(inspector, id);
	assert_string_equal(id, ID);
	assert_true(text_is(info->name, "shop"));
	assert_true(text_is(info->repository, "nginx"));
	assert_true(text_is(info->tag, "1.25"));
	assert_true(text_is(info->image_id, "feed"));
	assert_true(text_is(info->pod, "shop-0"));
	assert_true(text_is(info->ip, "172.17.0.2"));
	assert_true(info->privileged && info->host_pid && !info->host_network);
	assert_true(info->started_ns == 1700000000 * (int64_t)NS_PER_SEC);
	assert_true(text_is(container_info_label(info, TEXT("tier")), "front"));
	assert_true(text_is(info->mounts[0].destination, "/sock") && info->mounts[0].writable);
}

static void containerds_bundle_is_read(void **state)
{
	const struct engine *engine = *state;
	AUTO(inspector_free)
	struct inspector *inspector =
		inspector_new(&(struct inspector_options){ .root = engine->folder });
	AUTO(container_info_free) struct container_info *info = NULL;
	char id[CONTAINER_ID_MAX + 1], path[512];

	snprintf(path, sizeof(path), "%s/run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID,
		 engine->folder);
	assert_int_equal(file_make_directory(path, 0755, NULL), 0);
	strncat(path, "/config.json", sizeof(path) - strlen(path) - 1);
	assert_int_equal(file_write_atomic(path, bundle, strlen(bundle), 0644, NULL), 0);
	inspector_ask(inspector, ID, CONTAINER_ENGINE_CONTAINERD);
	info = wait_for_answer(inspector, id);
	assert_true(text_is(info->name, "web"));
	assert_true(text_is(info->pod, "web-7"));
	assert_true(text_is(info->pod_namespace, "prod"));
	assert_true(text_is(info->repository, "docker.io/library/nginx"));
	assert_true(info->privileged && info->host_network && !info->host_pid);
	assert_int_equal(info->mount_count, 1);
	assert_false(info->mounts[0].writable);
}

/* A container that is not there when it is first asked about; and one that never is. */
static void what_is_not_known_is_not_waited_for(void **state)
{
	const struct engine *engine = *state;
	AUTO(inspector_free)
	struct inspector *inspector = inspector_new(
		&(struct inspector_options){ .docker_socket = "/nowhere", .root = engine->folder });
	char id[CONTAINER_ID_MAX + 1];

	for (int i = 0; i < 3000; i++)
		inspector_ask(inspector, ID, CONTAINER_ENGINE_DOCKER);
	assert_null(inspector_take(inspector, id));
}

static void nonsense_is_no_answer(void **state)
{
	struct text id;

	(void)state;
	assert_null(container_info_of_docker(TEXT("")));
	assert_null(container_info_of_docker(TEXT("[1]")));
	assert_null(container_info_of_bundle(TEXT("{")));
	assert_null(container_info_of_event(TEXT("{\"container\": 3}"), &id));
	container_info_free(container_info_of_docker(
		TEXT("{\"Config\": 3, \"Mounts\": {}, \"Name\": [], \"Labels\": \"x\"}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(docker_is_asked_by_its_socket, start_engine,
						stop_engine),
		cmocka_unit_test_setup_teardown(containerds_bundle_is_read, start_engine,
						stop_engine),
		cmocka_unit_test_setup_teardown(what_is_not_known_is_not_waited_for, start_engine,
						stop_engine),
		cmocka_unit_test(nonsense_is_no_answer),
	};

	return cmocka_run_group_tests_name("containers", tests, NULL, NULL);
}
