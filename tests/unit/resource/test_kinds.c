/* SPDX-License-Identifier: Apache-2.0 */
/* A full example of each kind, and that each value arrives where it belongs. */
#include "resource/resource.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct loaded {
	struct diagnostics found;
	struct resource_set *set;
};

static int set_up(void **state)
{
	struct loaded *loaded = MEM_NEW(struct loaded);

	diagnostics_init(&loaded->found);
	*state = loaded;
	return 0;
}

static int tear_down(void **state)
{
	struct loaded *loaded = *state;

	resource_set_unref(loaded->set);
	diagnostics_done(&loaded->found);
	mem_free(loaded);
	return 0;
}

/* The one resource of the text, which loads without a word. */
static const struct resource *load(void **state, enum resource_kind kind, const char *yaml)
{
	struct loaded *loaded = *state;
	struct error err = { 0 };

	if (resource_set_parse("kind.yaml", text_of(yaml), NULL, &loaded->found, &loaded->set, &err)
		    != 0
	    || loaded->found.count > 0)
		fail_msg("%u: %s", loaded->found.items[0]->error.at.line,
			 loaded->found.items[0]->error.text);

	const struct resource_list list = resource_set_list(loaded->set, kind);

	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0]->kind, kind);
	return list.items[0];
}

#define assert_text(text, wanted) assert_string_equal((text).ptr, wanted)

static void peer_authentication(void **state)
{
	const struct peer_authentication *policy =
		peer_authentication_of(load(state, KIND_PEER_AUTHENTICATION,
					    "apiVersion: security.istio.io/v1beta1\n"
					    "kind: PeerAuthentication\n"
					    "metadata:\n"
					    "  name: default\n"
					    "  namespace: foo\n"
					    "  labels: {team: a}\n"
					    "  annotations: {istio.io/dry-run: 'true'}\n"
					    "  creationTimestamp: 2026-01-02T03:04:05Z\n"
					    "spec:\n"
					    "  selector: {matchLabels: {app: finance}}\n"
					    "  mtls: {mode: STRICT}\n"
					    "  portLevelMtls:\n"
					    "    8080: {mode: DISABLE}\n"
					    "    8443: {}\n"));

	assert_text(policy->meta.name, "default");
	assert_text(policy->meta.namespace, "foo");
	assert_int_equal(policy->meta.at.line, 1);
	assert_int_equal(policy->meta.name_at.line, 4);
	assert_int_equal(policy->meta.created_ns / 1000000000, 1767323045);
	assert_text(text_map_get(&policy->meta.annotations, TEXT("istio.io/dry-run")), "true");
	assert_text(text_map_get(&policy->selector->match_labels, TEXT("app")), "finance");
	assert_int_equal(policy->mtls->mode, PEER_MTLS_STRICT);
	assert_int_equal(policy->mtls->at.line, 11);
	assert_int_equal(policy->port_level_mtls.count, 2);
	assert_int_equal(policy->port_level_mtls.items[0].port, 8080);
	assert_int_equal(policy->port_level_mtls.items[0].mode, PEER_MTLS_DISABLE);
	assert_int_equal(policy->port_level_mtls.items[0].at.line, 13);
	assert_int_equal(policy->port_level_mtls.items[1].mode, PEER_MTLS_UNSET);
}

static void request_authentication(void **state)
{
	const struct request_authentication *policy = request_authentication_of(
		load(state, KIND_REQUEST_AUTHENTICATION,
		     "apiVersion: security.istio.io/v1\n"
		     "kind: RequestAuthentication\n"
		     "metadata: {name: jwt}\n"
		     "spec:\n"
		     "  targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: g}]\n"
		     "  jwtRules:\n"
		     "  - issuer: https://a.example\n"
		     "    jwks_uri: https://a.example/keys\n"
		     "    audiences: [a, b]\n"
		     "    fromHeaders: [{name: x-token, prefix: 'Token '}]\n"
		     "    fromParams: [token]\n"
		     "    fromCookies: [session]\n"
		     "    outputPayloadToHeader: x-payload\n"
		     "    outputClaimToHeaders: [{header: x-sub, claim: sub}]\n"
		     "    forwardOriginalToken: true\n"
		     "    timeout: 2.5s\n"
		     "    spaceDelimitedClaims: [roles]\n"));
	const struct jwt_rule *rule = &policy->jwt_rules.items[0];

	assert_text(policy->meta.namespace, "default");
	assert_text(policy->target_refs.items[0].kind, "Gateway");
	assert_int_equal(rule->at.line, 7);
	assert_text(rule->jwks_uri, "https://a.example/keys");
	assert_null(rule->jwks.ptr);
	assert_int_equal(rule->audiences.count, 2);
	assert_text(rule->from_headers.items[0].prefix, "Token ");
	assert_text(rule->output_claim_to_headers.items[0].claim, "sub");
	assert_true(rule->forward_original_token);
	assert_true(rule->timeout.is_set);
	assert_int_equal(rule->timeout.ns, 2500 * NS_PER_MS);
}

static void authorization_policy(void **state)
{
	const struct authorization_policy *policy = authorization_policy_of(
		load(state, KIND_AUTHORIZATION_POLICY,
		     "apiVersion: security.istio.io/v1\n"
		     "kind: AuthorizationPolicy\n"
		     "metadata: {name: a, namespace: foo}\n"
		     "spec:\n"
		     "  action: CUSTOM\n"
		     "  provider: {name: opa}\n"
		     "  rules:\n"
		     "  - from:\n"
		     "    - source:\n"
		     "        principals: [one, two]\n"
		     "        notIpBlocks: [10.0.0.0/8]\n"
		     "    - source: {serviceAccounts: [ns/sa]}\n"
		     "    to:\n"
		     "    - operation: {methods: [GET], notPaths: [/admin*], ports: ['80']}\n"
		     "    when:\n"
		     "    - key: request.headers[x]\n"
		     "      values: ['*']\n"
		     "  - {}\n"));
	const struct authorization_rule *rule = &policy->rules.items[0];

	assert_int_equal(policy->action, AUTHORIZATION_CUSTOM);
	assert_text(policy->provider->name, "opa");
	assert_int_equal(policy->rules.count, 2);
	assert_int_equal(rule->from.count, 2);
	assert_text(rule->from.items[0].source->principals.items[1], "two");
	assert_int_equal(rule->from.items[0].source->principals.at[1].line, 10);
	assert_int_equal(rule->from.items[0].source->principals.at[1].column, 27);
	assert_text(rule->from.items[1].source->service_accounts.items[0], "ns/sa");
	assert_text(rule->to.items[0].operation->not_paths.items[0], "/admin*");
	assert_text(rule->to.items[0].operation->ports.items[0], "80");
	assert_text(rule->when.items[0].key, "request.headers[x]");
	assert_int_equal(rule->when.items[0].at.line, 16);
	assert_int_equal(policy->rules.items[1].from.count, 0);
	assert_int_equal(policy->rules.items[1].at.line, 18);
}

static void gateway(void **state)
{
	const struct gateway *gateway =
		gateway_of(load(state, KIND_GATEWAY,
				"apiVersion: networking.istio.io/v1\n"
				"kind: Gateway\n"
				"metadata: {name: public}\n"
				"spec:\n"
				"  selector: {istio: ingressgateway}\n"
				"  servers:\n"
				"  - port: {number: 80, name: http, protocol: HTTP}\n"
				"    hosts: ['*.example.com']\n"
				"    tls: {httpsRedirect: true}\n"
				"  - port: {number: 443, name: https, protocol: HTTPS}\n"
				"    hosts: [ns/app.example.com, ./b.example.com]\n"
				"    tls:\n"
				"      mode: MUTUAL\n"
				"      credentialName: cert\n"
				"      minProtocolVersion: TLSV1_3\n"
				"      cipherSuites: [ECDHE-ECDSA-AES256-GCM-SHA384]\n"));

	assert_text(text_map_get(&gateway->selector, TEXT("istio")), "ingressgateway");
	assert_true(gateway->servers.items[0].tls->https_redirect);
	assert_int_equal(gateway->servers.items[1].port->number, 443);
	assert_text(gateway->servers.items[1].hosts.items[0], "ns/app.example.com");
	assert_int_equal(gateway->servers.items[1].tls->mode, SERVER_TLS_MUTUAL);
	assert_int_equal(gateway->servers.items[1].tls->min_protocol_version, TLS_VERSION_1_3);
	assert_int_equal(gateway->servers.items[1].at.line, 10);
}

static const char virtual_service_yaml[] =
	"apiVersion: networking.istio.io/v1\n"
	"kind: VirtualService\n"
	"metadata: {name: reviews}\n"
	"spec:\n"
	"  hosts: [reviews]\n"
	"  gateways: [mesh, public]\n"
	"  exportTo: ['.']\n"
	"  http:\n"
	"  - name: main\n"
	"    match:\n"
	"    - uri: {prefix: /api/}\n"
	"      ignoreUriCase: true\n"
	"      headers:\n"
	"        x-user: {exact: jason}\n"
	"        x-any: {}\n"
	"      queryParams: {q: {regex: '[0-9]+'}}\n"
	"      port: 80\n"
	"    - {}\n"
	"    rewrite: {uriRegexRewrite: {match: ^/api/, rewrite: /}}\n"
	"    route:\n"
	"    - destination: {host: reviews, subset: v2, port: {number: 8080}}\n"
	"      weight: 90\n"
	"      headers: {request: {set: {a: b}, remove: [c]}}\n"
	"    - destination: {host: reviews}\n"
	"      weight: 10\n"
	"    timeout: 3s\n"
	"    retries: {attempts: 3, perTryTimeout: 1s, retryOn: '5xx', retryRemoteLocalities: "
	"true}\n"
	"    fault:\n"
	"      delay: {percentage: {value: 0.5}, fixedDelay: 7s}\n"
	"      abort: {percentage: {}, httpStatus: 503}\n"
	"    mirror: {host: shadow}\n"
	"    mirrorPercentage: {value: 12.5}\n"
	"    corsPolicy: {allowOrigins: [{exact: 'https://a'}], maxAge: 24h, "
	"allowCredentials: false}\n"
	"  - redirect: {uri: /new, redirectCode: 308, derivePort: FROM_REQUEST_PORT}\n"
	"  - directResponse: {status: 404, body: {string: gone}}\n"
	"  - delegate: {name: other, namespace: b}\n"
	"  tls:\n"
	"  - match: [{sniHosts: ['*.example.com'], port: 443}]\n"
	"    route: [{destination: {host: a}}]\n"
	"  tcp:\n"
	"  - route: [{destination: {host: b}, weight: 5}]\n";

static void virtual_service_matches(void **state)
{
	const struct virtual_service *service =
		virtual_service_of(load(state, KIND_VIRTUAL_SERVICE, virtual_service_yaml));
	const struct http_match_request *match = &service->http.items[0].match.items[0];

	assert_int_equal(service->http.items[0].match.count, 2);
	assert_int_equal(match->uri->type, STRING_MATCH_PREFIX);
	assert_text(match->uri->value, "/api/");
	assert_true(match->ignore_uri_case);
	assert_text(match->headers.items[0].key, "x-user");
	assert_int_equal(match->headers.items[0].type, STRING_MATCH_EXACT);
	assert_int_equal(match->headers.items[1].type, STRING_MATCH_PRESENT);
	assert_int_equal(match->query_params.items[0].type, STRING_MATCH_REGEX);
	assert_int_equal(match->port, 80);
	assert_null(service->http.items[0].match.items[1].uri); /* matches everything */
	assert_text(service->tls.items[0].match.items[0].sni_hosts.items[0], "*.example.com");
	assert_int_equal(service->tcp.items[0].route.items[0].weight.value, 5);
}

static void virtual_service_actions(void **state)
{
	const struct virtual_service *service =
		virtual_service_of(load(state, KIND_VIRTUAL_SERVICE, virtual_service_yaml));
	const struct http_route *route = &service->http.items[0];

	assert_text(route->rewrite->uri_regex_rewrite->match, "^/api/");
	assert_text(route->route.items[0].destination->subset, "v2");
	assert_int_equal(route->route.items[0].destination->port, 8080);
	assert_int_equal(route->route.items[0].weight.value, 90);
	assert_text(route->route.items[0].headers->request->remove.items[0], "c");
	assert_int_equal(route->timeout.ns, 3 * NS_PER_SEC);
	assert_int_equal(route->retries->attempts, 3);
	assert_true(route->retries->retry_remote_localities.value);
	assert_false(route->retries->retry_ignore_previous_hosts.is_set);
	assert_true(route->fault->delay->percentage.value > 0.49);
	assert_true(route->fault->abort->percentage.is_set);
	assert_int_equal(route->fault->abort->http_status.value, 503);
	assert_text(route->mirror->host, "shadow");
	assert_true(route->mirror_percentage.value > 12.4);
	assert_true(route->cors_policy->allow_credentials.is_set);
	assert_int_equal(service->http.items[1].redirect->redirect_code, 308);
	assert_int_equal(service->http.items[1].redirect->derive_port, DERIVE_PORT_FROM_REQUEST);
	assert_text(service->http.items[2].direct_response->body, "gone");
	assert_text(service->http.items[3].delegate->name, "other");
}

static void destination_rule(void **state)
{
	const struct destination_rule *rule = destination_rule_of(load(
		state, KIND_DESTINATION_RULE,
		"apiVersion: networking.istio.io/v1alpha3\n"
		"kind: DestinationRule\n"
		"metadata: {name: reviews}\n"
		"spec:\n"
		"  host: reviews.default.svc.cluster.local\n"
		"  trafficPolicy:\n"
		"    loadBalancer:\n"
		"      consistentHash: {httpCookie: {name: user, ttl: 0s}, maglev: {tableSize: "
		"101}}\n"
		"      localityLbSetting: {distribute: [{from: a, to: {a: 80, b: 20}}]}\n"
		"    connectionPool:\n"
		"      tcp: {maxConnections: 100, connectTimeout: 30ms, tcpKeepalive: {time: 2h}}\n"
		"      http: {http2MaxRequests: 1000, h2UpgradePolicy: UPGRADE}\n"
		"    outlierDetection: {consecutive5xxErrors: 0, interval: 5m, "
		"outlierDetectionHttpErrorCodes: [500, 503]}\n"
		"    portLevelSettings:\n"
		"    - port: {number: 80}\n"
		"      loadBalancer: {simple: ROUND_ROBIN}\n"
		"  subsets:\n"
		"  - name: v1\n"
		"    labels: {version: v1}\n"
		"    trafficPolicy: {tls: {mode: SIMPLE, sni: a, insecureSkipVerify: false}}\n"));
	const struct traffic_policy *policy = rule->traffic_policy;
	const struct locality_distribute *distribute =
		&policy->load_balancer->locality_lb_setting->distribute.items[0];

	assert_true(policy->load_balancer->consistent_hash->is_maglev);
	assert_int_equal(policy->load_balancer->consistent_hash->maglev_table_size.value, 101);
	assert_true(policy->load_balancer->consistent_hash->http_cookie->ttl.is_set);
	assert_text(distribute->to.items[1].key, "b");
	assert_int_equal(distribute->to.items[1].weight, 20);
	assert_int_equal(policy->connection_pool->tcp->connect_timeout.ns, 30 * NS_PER_MS);
	assert_int_equal(policy->connection_pool->http->h2_upgrade_policy, H2_UPGRADE);
	assert_true(policy->outlier_detection->consecutive_5xx_errors.is_set);
	assert_int_equal(policy->outlier_detection->consecutive_5xx_errors.value, 0);
	assert_false(policy->outlier_detection->consecutive_gateway_errors.is_set);
	assert_int_equal(policy->outlier_detection->http_error_codes.items[1], 503);
	assert_int_equal(policy->port_level_settings.items[0].port, 80);
	assert_int_equal(policy->port_level_settings.items[0].load_balancer->simple,
			 LOAD_BALANCER_ROUND_ROBIN);
	assert_int_equal(rule->subsets.items[0].traffic_policy->tls->mode, CLIENT_TLS_SIMPLE);
}

static void service_entry(void **state)
{
	const struct service_entry *entry = service_entry_of(
		load(state, KIND_SERVICE_ENTRY,
		     "apiVersion: networking.istio.io/v1\n"
		     "kind: ServiceEntry\n"
		     "metadata: {name: voice}\n"
		     "spec:\n"
		     "  hosts: [voice.alpha.svc.cluster.local]\n"
		     "  addresses: [240.0.0.1, 10.1.0.0/16]\n"
		     "  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 3000}]\n"
		     "  location: MESH_INTERNAL\n"
		     "  resolution: STATIC\n"
		     "  endpoints:\n"
		     "  - {address: 127.0.0.1, ports: {http: 3001}, serviceAccount: voice}\n"
		     "  - {address: unix:///run/app.sock}\n"));

	assert_int_equal(entry->location, SERVICE_MESH_INTERNAL);
	assert_int_equal(entry->resolution, RESOLUTION_STATIC);
	assert_int_equal(entry->ports.items[0].target_port, 3000);
	assert_text(entry->endpoints.items[0].ports.items[0].key, "http");
	assert_int_equal(entry->endpoints.items[0].ports.items[0].port, 3001);
	assert_text(entry->endpoints.items[0].service_account, "voice");
}

static void workload_entry(void **state)
{
	const struct workload_entry *entry =
		workload_entry_of(load(state, KIND_WORKLOAD_ENTRY,
				       "apiVersion: networking.istio.io/v1\n"
				       "kind: WorkloadEntry\n"
				       "metadata: {name: vm-1, namespace: a}\n"
				       "spec:\n"
				       "  address: 10.0.0.5\n"
				       "  ports: {http: 8080}\n"
				       "  labels: {app: reviews}\n"
				       "  serviceAccount: reviews\n"
				       "  locality: region/zone\n"
				       "  weight: 7\n"));

	assert_text(entry->endpoint.address, "10.0.0.5");
	assert_text(text_map_get(&entry->endpoint.labels, TEXT("app")), "reviews");
	assert_int_equal(entry->endpoint.weight, 7);
	assert_int_equal(entry->endpoint.ports.items[0].port, 8080);
}

static void sidecar(void **state)
{
	const struct sidecar *sidecar =
		sidecar_of(load(state, KIND_SIDECAR,
				"apiVersion: networking.istio.io/v1\n"
				"kind: Sidecar\n"
				"metadata: {name: a}\n"
				"spec:\n"
				"  workloadSelector: {labels: {app: a}}\n"
				"  ingress:\n"
				"  - port: {number: 9080, protocol: HTTP, name: web}\n"
				"    bind: 10.0.0.1\n"
				"    defaultEndpoint: 127.0.0.1:8080\n"
				"  egress:\n"
				"  - hosts: ['./*', istio-system/*]\n"
				"  - port: {number: 9443, protocol: HTTP, name: out}\n"
				"    captureMode: NONE\n"
				"    hosts: ['*/db.example.com']\n"
				"  outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n"));

	assert_text(text_map_get(&sidecar->workload_selector->match_labels, TEXT("app")), "a");
	assert_int_equal(sidecar->ingress.items[0].port->number, 9080);
	assert_text(sidecar->ingress.items[0].default_endpoint, "127.0.0.1:8080");
	assert_null(sidecar->egress.items[0].port);
	assert_int_equal(sidecar->egress.items[1].capture_mode, CAPTURE_NONE);
	assert_int_equal(sidecar->outbound_traffic_policy->mode, OUTBOUND_REGISTRY_ONLY);
}

static void kubernetes_service(void **state)
{
	const struct service *service =
		service_of(load(state, KIND_SERVICE,
				"apiVersion: v1\n"
				"kind: Service\n"
				"metadata: {name: a}\n"
				"spec:\n"
				"  selector: {app: a}\n"
				"  clusterIP: None\n"
				"  ports:\n"
				"  - {name: http, port: 80, targetPort: web, appProtocol: http}\n"
				"  - {name: tcp, port: 81, targetPort: 8081, protocol: TCP}\n"
				"status: {loadBalancer: {}}\n"));

	assert_text(service->cluster_ip, "None");
	assert_text(service->ports.items[0].target_port.name, "web");
	assert_int_equal(service->ports.items[1].target_port.number, 8081);
}

static void endpoint_slice(void **state)
{
	const struct endpoint_slice *slice = endpoint_slice_of(
		load(state, KIND_ENDPOINT_SLICE,
		     "apiVersion: discovery.k8s.io/v1\n"
		     "kind: EndpointSlice\n"
		     "metadata: {name: a, labels: {kubernetes.io/service-name: a}}\n"
		     "addressType: IPv4\n"
		     "ports: [{name: http, port: 8080}]\n"
		     "endpoints:\n"
		     "- addresses: [10.1.2.3]\n"
		     "  conditions: {ready: false, serving: true}\n"
		     "  targetRef: {kind: Pod, name: a-1, namespace: default}\n"
		     "  hints: {forZones: [{name: z1}]}\n"));
	const struct endpoint *endpoint = &slice->endpoints.items[0];

	assert_int_equal(slice->address_type, ENDPOINT_ADDRESS_IPV4);
	assert_int_equal(slice->ports.items[0].port.value, 8080);
	assert_true(endpoint->ready.is_set && !endpoint->ready.value);
	assert_true(endpoint->serving.value);
	assert_false(endpoint->terminating.is_set);
	assert_text(endpoint->target_name, "a-1");
	assert_text(endpoint->zone_hints.items[0].name, "z1");
	assert_int_equal(endpoint->at.line, 7);
}

static void pod(void **state)
{
	const struct pod *pod = pod_of(load(state, KIND_POD,
					    "apiVersion: v1\n"
					    "kind: Pod\n"
					    "metadata: {name: a, labels: {app: a}}\n"
					    "spec:\n"
					    "  containers:\n"
					    "  - name: main\n"
					    "    image: nginx\n"
					    "    ports: [{name: http, containerPort: 80}]\n"
					    "    securityContext: {runAsUser: 1000}\n"
					    "status:\n"
					    "  podIP: 10.1.2.3\n"
					    "  podIPs: [{ip: 10.1.2.3}, {ip: 'fd00::1'}]\n"
					    "  conditions: [{type: Ready, status: 'True'}]\n"
					    "  qosClass: BestEffort\n"));
	int64_t user = 0;

	assert_text(pod->service_account_name, "default");
	assert_text(pod->pod_ips.items[1].ip, "fd00::1");
	assert_true(pod->is_ready);
	assert_int_equal(pod->containers.items[0].ports.items[0].container_port, 80);
	assert_true(value_as_int(
		value_find(pod->containers.items[0].rest, "securityContext.runAsUser"), &user));
	assert_int_equal(user, 1000);
}

static void secret(void **state)
{
	const struct secret *secret = secret_of(load(state, KIND_SECRET,
						     "apiVersion: v1\n"
						     "kind: Secret\n"
						     "metadata: {name: a}\n"
						     "type: kubernetes.io/tls\n"
						     "data:\n"
						     "  tls.key: AAEC\n"
						     "  tls.crt: |\n"
						     "    aGVs\n"
						     "    bG8=\n"
						     "stringData: {note: plain}\n"));
	const struct text key = secret_get(secret, "tls.key");

	assert_int_equal(key.len, 3);
	assert_memory_equal(key.ptr, "\0\1\2", 3);
	assert_text(secret_get(secret, "tls.crt"), "hello");
	assert_text(secret_get(secret, "note"), "plain");
	assert_null(secret_get(secret, "none").ptr);
}

static void network_policy(void **state)
{
	const struct network_policy *policy = network_policy_of(
		load(state, KIND_NETWORK_POLICY,
		     "apiVersion: networking.k8s.io/v1\n"
		     "kind: NetworkPolicy\n"
		     "metadata: {name: a}\n"
		     "spec:\n"
		     "  podSelector:\n"
		     "    matchExpressions: [{key: tier, operator: In, values: [a, b]}]\n"
		     "  ingress:\n"
		     "  - from:\n"
		     "    - namespaceSelector: {matchLabels: {name: x}}\n"
		     "    - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}\n"
		     "    ports: [{port: 80, endPort: 90}, {protocol: UDP, port: dns}]\n"));
	const struct text_pair pair = { .key = TEXT("tier"), .value = TEXT("b") };
	const struct text_map labels = { &pair, 1 }, none = { NULL, 0 };

	assert_true(policy->isolates_ingress);
	assert_false(policy->isolates_egress);
	assert_true(label_selector_matches(policy->pod_selector, &labels));
	assert_false(label_selector_matches(policy->pod_selector, &none));
	assert_int_equal(policy->ingress.items[0].peers.count, 2);
	assert_int_equal(policy->ingress.items[0].ports.items[0].end_port, 90);
	assert_int_equal(policy->ingress.items[0].ports.items[1].protocol, NETWORK_UDP);
	assert_text(policy->ingress.items[0].ports.items[1].port.name, "dns");
}

static void workload(void **state)
{
	const struct workload *workload =
		workload_of(load(state, KIND_WORKLOAD,
				 "apiVersion: mangrove.dev/v1\n"
				 "kind: Workload\n"
				 "metadata: {name: voice, labels: {app: voice}}\n"
				 "spec:\n"
				 "  processes:\n"
				 "  - {uid: 1001, path: /usr/bin/voice}\n"
				 "  - docker: {image: 'voice:*', labels: {a: b}}\n"
				 "  ports: [{name: http, number: 3001, protocol: HTTP}]\n"
				 "  roles: [internal-service]\n"));

	assert_text(workload->service_account, "default");
	assert_text(text_map_get(&workload->labels, TEXT("app")), "voice");
	assert_int_equal(workload->processes.items[0].uid.value, 1001);
	assert_text(workload->processes.items[1].docker->image, "voice:*");
}

static void access_policy(void **state)
{
	const struct access_policy *policy = access_policy_of(
		load(state, KIND_ACCESS_POLICY,
		     "apiVersion: mangrove.dev/v1\n"
		     "kind: AccessPolicy\n"
		     "metadata: {name: voice}\n"
		     "spec:\n"
		     "  operations:\n"
		     "  - {name: process_command, methods: [POST], paths: [/commands]}\n"
		     "  rules:\n"
		     "  - name: by-day\n"
		     "    priority: 200\n"
		     "    sources: [api-gateway, 'voice-*']\n"
		     "    target: voice-terminal\n"
		     "    operations: [process_command, GET /status]\n"
		     "    conditions:\n"
		     "    - {field: time.hour, operator: between, value: [6, 22]}\n"
		     "    - {field: source.namespace, operator: equals, value: alpha}\n"
		     "    action: ALLOW\n"));
	const struct access_rule *rule = &policy->rules.items[0];

	assert_int_equal(rule->priority, 200);
	assert_int_equal(rule->action, ACCESS_ALLOW);
	assert_text(rule->operations.items[1], "GET /status");
	assert_int_equal(rule->conditions.items[0].comparison, ACCESS_BETWEEN);
	assert_text(rule->conditions.items[0].values.items[1], "22");
	assert_int_equal(rule->conditions.items[1].values.count, 1);
}

static void our_other_kinds(void **state)
{
	struct loaded *loaded = *state;

	load(state, KIND_EDGE_POLICY,
	     "apiVersion: mangrove.dev/v1\n"
	     "kind: EdgePolicy\n"
	     "metadata: {name: a}\n"
	     "spec:\n"
	     "  gateways: [public]\n"
	     "  cors: {origins: ['https://app.example.com'], credentials: true, maxAge: 24h}\n"
	     "  securityHeaders: {strictTransportSecurity: {maxAge: 8760h, preload: true}}\n"
	     "  rateLimits: [{name: api, paths: ['/api/*'], requests: 100, per: 15m}]\n"
	     "  tokens: {publicPaths: [/api/health]}\n"
	     "  inputValidation: {sqlInjection: DENY}\n"
	     "  limits: {bodyBytes: 1048576}\n"
	     "  compression: {algorithms: [br, gzip]}\n"
	     "  staticFiles: [{path: /, root: /srv/www}]\n"
	     "---\n"
	     "apiVersion: mangrove.dev/v1\n"
	     "kind: RuntimePolicy\n"
	     "metadata: {name: a}\n"
	     "spec:\n"
	     "  thresholds: {confirmScore: 7}\n"
	     "  responses: [{score: 9, actions: [ISOLATE, KILL]}]\n"
	     "---\n"
	     "apiVersion: mangrove.dev/v1\n"
	     "kind: Quarantine\n"
	     "metadata: {name: a}\n"
	     "spec: {workload: voice, reason: read /etc/shadow, since: 2026-11-21T09:30:00Z}\n"
	     "---\n"
	     "apiVersion: mangrove.dev/v1\n"
	     "kind: CheckPolicy\n"
	     "metadata: {name: a}\n"
	     "spec: {failOn: HIGH, checks: [{id: DL3008, enabled: false}]}\n");

	const struct runtime_policy *runtime =
		runtime_policy_of(resource_set_list(loaded->set, KIND_RUNTIME_POLICY).items[0]);
	const struct check_policy *check =
		check_policy_of(resource_set_list(loaded->set, KIND_CHECK_POLICY).items[0]);

	assert_int_equal(runtime->responses.items[0].actions,
			 1u << RUNTIME_ISOLATE | 1u << RUNTIME_KILL);
	assert_int_equal(check->fail_on, CHECK_HIGH);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(peer_authentication),
		TEST(request_authentication),
		TEST(authorization_policy),
		TEST(gateway),
		TEST(virtual_service_matches),
		TEST(virtual_service_actions),
		TEST(destination_rule),
		TEST(service_entry),
		TEST(workload_entry),
		TEST(sidecar),
		TEST(kubernetes_service),
		TEST(endpoint_slice),
		TEST(pod),
		TEST(secret),
		TEST(network_policy),
		TEST(workload),
		TEST(access_policy),
		TEST(our_other_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
