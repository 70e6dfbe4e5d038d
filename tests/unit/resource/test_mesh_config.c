/* SPDX-License-Identifier: Apache-2.0 */
/* MeshConfig: read out of its ConfigMap, with errors that point into the ConfigMap's file. */
#include "resource/resource.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CONFIG_MAP(namespace)                                                                      \
	"apiVersion: v1\n"                                                                         \
	"kind: ConfigMap\n"                                                                        \
	"metadata: {name: istio, namespace: " namespace "}\n"                                      \
							"data:\n"

static int load(const char *yaml, struct diagnostics *found, struct resource_set **set)
{
	diagnostics_init(found);
	return resource_set_parse("mesh.yaml", text_of(yaml), NULL, found, set, NULL);
}

static void without_one_there_are_istios_defaults(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;

	(void)state;
	assert_int_equal(load("# nothing\n", &found, &set), 0);

	const struct mesh_config *mesh = resource_set_mesh_config(set);

	assert_string_equal(mesh->trust_domain.ptr, "cluster.local");
	assert_string_equal(mesh->root_namespace.ptr, "istio-system");
	assert_true(mesh->enable_auto_mtls.value);
	assert_int_equal(mesh->outbound_traffic_mode, OUTBOUND_ALLOW_ANY);
	assert_int_equal(mesh->connect_timeout.ns, 10 * NS_PER_SEC);
}

static void it_is_read_where_istio_keeps_it(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;

	(void)state;
	assert_int_equal(
		load(CONFIG_MAP(
			     "istio-system") "  mesh: |-\n"
					     "    trustDomain: example.org\n"
					     "    trustDomainAliases: [old.example.org]\n"
					     "    enableAutoMtls: false\n"
					     "    accessLogEncoding: JSON\n"
					     "    outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n"
					     "    h2UpgradePolicy: UPGRADE\n"
					     "    pathNormalization: {normalization: "
					     "MERGE_SLASHES}\n"
					     "    meshMTLS: {minProtocolVersion: TLSV1_3}\n"
					     "    defaultConfig:\n"
					     "      concurrency: 2\n"
					     "      discoveryAddress: istiod:15012\n"
					     "      gatewayTopology: {numTrustedProxies: 1}\n"
					     "    extensionProviders:\n"
					     "    - name: opa\n"
					     "      envoyExtAuthzGrpc: {service: opa, port: 9191}\n"
					     "    - name: zipkin\n"
					     "      zipkin: {service: zipkin, port: 9411}\n"
					     "  meshNetworks: 'networks: {}'\n",
		     &found, &set),
		0);
	assert_int_equal(found.count, 0);

	const struct mesh_config *mesh = resource_set_mesh_config(set);

	assert_string_equal(mesh->trust_domain.ptr, "example.org");
	assert_false(mesh->enable_auto_mtls.value);
	assert_int_equal(mesh->access_log_encoding, ACCESS_LOG_JSON);
	assert_int_equal(mesh->outbound_traffic_mode, OUTBOUND_REGISTRY_ONLY);
	assert_int_equal(mesh->path_normalization, NORMALIZE_MERGE_SLASHES);
	assert_int_equal(mesh->h2_upgrade_policy, H2_UPGRADE);
	assert_int_equal(mesh->mesh_mtls->min_protocol_version, TLS_VERSION_1_3);
	assert_int_equal(mesh->default_config->concurrency.value, 2);
	assert_int_equal(mesh->default_config->gateway_topology->num_trusted_proxies, 1);
	assert_int_equal(mesh->extension_providers.items[0].envoy_ext_authz_grpc->port, 9191);
	assert_int_equal(mesh->extension_providers.items[0].at.line, 19);
	assert_int_equal(mesh->extension_providers.items[0].at.column, 7);
	assert_non_null(mesh->extension_providers.items[1].other);
}

static void another_namespaces_is_just_a_config_map(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;

	(void)state;
	assert_int_equal(
		load(CONFIG_MAP("default") "  mesh: '{trustDomain: example.org}'\n", &found, &set),
		0);
	assert_string_equal(resource_set_mesh_config(set)->trust_domain.ptr, "cluster.local");
}

static const struct place_case {
	const char *name, *data, *text, *line;
	unsigned at_line, at_column;
} places[] = {
	{ "a misspelt field", "  mesh: |\n\n    # why\n    trustDomian: a\n",
	  "unknown field 'trustDomian' in MeshConfig; did you mean 'trustDomain'?",
	  "    trustDomian: a", 8, 5 },
	{ "a wrong value, deeper", "  mesh: |-\n      tcpKeepalive:\n        time: soon\n",
	  "'time' must be a duration such as 1h30m, 10s or 250ms, not a text", "        time: soon",
	  7, 15 },
	{ "no YAML", "  mesh: |-\n    a: b\n     c: d\n",
	  "in MeshConfig: not valid YAML: invalid multiline plain key", "    a: b", 6, 8 },
	{ "in quotes there are no lines", "  mesh: \"trustDomain: 5\"\n",
	  "'trustDomain' must be a text, not a whole number; put it in quotes",
	  "  mesh: \"trustDomain: 5\"", 5, 9 },
};

static void check_place(void **state)
{
	const struct place_case *row = *state;
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	AUTO_BUFFER struct buffer yaml = { 0 };

	buffer_printf(&yaml, "%s%s", CONFIG_MAP("istio-system"), row->data);
	load(yaml.data, &found, &set);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.items[0]->error.text, row->text);
	assert_string_equal(found.items[0]->error.at.file, "mesh.yaml");
	assert_int_equal(found.items[0]->error.at.line, row->at_line);
	assert_int_equal(found.items[0]->error.at.column, row->at_column);
	assert_string_equal(found.items[0]->line.ptr, row->line);
}

int main(void)
{
	const struct CMUnitTest plain[] = {
		cmocka_unit_test(without_one_there_are_istios_defaults),
		cmocka_unit_test(it_is_read_where_istio_keeps_it),
		cmocka_unit_test(another_namespaces_is_just_a_config_map),
	};
	struct CMUnitTest tests[COUNT_OF(plain) + COUNT_OF(places)];

	memcpy(tests, plain, sizeof(plain));
	for (size_t i = 0; i < COUNT_OF(places); i++)
		tests[COUNT_OF(plain) + i] =
			(struct CMUnitTest){ .name = places[i].name,
					     .test_func = check_place,
					     .initial_state = (void *)&places[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
