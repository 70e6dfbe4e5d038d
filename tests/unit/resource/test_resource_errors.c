/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a resource, in the words and at the place that the user sees. Each row is the
 * spec of a kind; line 6 of the file is its first line. */
#include "resource/resource.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECURITY   "security.istio.io/v1"
#define NETWORKING "networking.istio.io/v1"
#define OURS       "mangrove.dev/v1"

static const struct problem_case {
	const char *name, *api_version, *kind, *spec;
	const char *found; /* "LINE:COLUMN: severity: text" of the first; NULL: nothing is wrong */
} rows[] = {
	/* any kind */
	{ "a misspelt field", SECURITY, "AuthorizationPolicy",
	  "  rules:\n  - from:\n    - source:\n        princpals: [a]\n",
	  "9:9: warning: unknown field 'princpals' in source; did you mean 'principals'?" },
	{ "a field like none", SECURITY, "PeerAuthentication", "  colour: red\n",
	  "6:3: warning: unknown field 'colour' in PeerAuthentication; it has selector, mtls, "
	  "portLevelMtls" },
	{ "snake case is the same field", SECURITY, "PeerAuthentication",
	  "  selector: {match_labels: {app: a}}\n", NULL },
	{ "null is absence", SECURITY, "PeerAuthentication", "  mtls:\n  selector: ~\n", NULL },
	{ "a word that is no choice", SECURITY, "PeerAuthentication", "  mtls:\n    mode: strict\n",
	  "7:11: error: 'mode' cannot be 'strict'; allowed: UNSET, DISABLE, PERMISSIVE, STRICT" },
	{ "a number for a text", NETWORKING, "DestinationRule", "  host: 5\n",
	  "6:9: error: 'host' must be a text, not a whole number; put it in quotes" },
	{ "a boolean for a text", NETWORKING, "DestinationRule",
	  "  host: a\n  subsets:\n  - {name: v1, labels: {version: yes}}\n",
	  "8:34: error: 'labels' must be a text, not a boolean; put it in quotes" },
	{ "a text for a number", NETWORKING, "WorkloadEntry",
	  "  address: 10.0.0.1\n  weight: '5'\n",
	  "7:11: error: 'weight' must be a whole number, not a text; leave the quotes away" },
	{ "a mapping for a list", SECURITY, "AuthorizationPolicy", "  rules: {from: []}\n",
	  "6:10: error: 'rules' must be a list, not a mapping" },
	{ "a list for a mapping", SECURITY, "PeerAuthentication", "  mtls: [STRICT]\n",
	  "6:9: error: mtls must be a mapping, not a list" },
	{ "no duration", NETWORKING, "VirtualService",
	  "  hosts: [a]\n  http:\n  - route: [{destination: {host: a}}]\n    timeout: 5\n",
	  "9:14: error: 'timeout' must be a duration such as 1h30m, 10s or 250ms, not a whole "
	  "number" },
	/* AuthorizationPolicy */
	{ "an empty policy denies all and is fine", SECURITY, "AuthorizationPolicy", "  {}\n",
	  NULL },
	{ "a selector beside targetRefs", SECURITY, "AuthorizationPolicy",
	  "  selector: {matchLabels: {a: b}}\n  targetRefs: [{kind: Gateway, name: g}]\n",
	  "7:3: error: 'selector' and 'targetRefs' exclude each other in AuthorizationPolicy; keep "
	  "one" },
	{ "an empty from", SECURITY, "AuthorizationPolicy", "  rules:\n  - from: []\n",
	  "7:5: error: 'from' of a rule must not be empty" },
	{ "an empty source", SECURITY, "AuthorizationPolicy",
	  "  rules:\n  - from: [{source: {}}]\n",
	  "7:13: error: 'source' of an item of from must not be empty" },
	{ "a condition that compares nothing", SECURITY, "AuthorizationPolicy",
	  "  rules:\n  - when: [{key: source.ip}]\n",
	  "7:12: error: a condition needs 'values' or 'notValues'" },
	/* PeerAuthentication */
	{ "ports without a selector", SECURITY, "PeerAuthentication",
	  "  portLevelMtls: {80: {mode: DISABLE}}\n",
	  "6:3: error: 'portLevelMtls' needs a selector with labels: ports belong to a workload" },
	{ "no port", SECURITY, "PeerAuthentication",
	  "  selector: {matchLabels: {a: b}}\n  portLevelMtls: {http: {mode: DISABLE}}\n",
	  "7:19: error: 'http' in 'portLevelMtls' is not a port from 1 to 65535" },
	/* Gateway */
	{ "a certificate is missing", NETWORKING, "Gateway",
	  "  servers:\n  - port: {number: 443, name: https, protocol: HTTPS}\n"
	  "    hosts: ['*']\n    tls: {mode: SIMPLE}\n",
	  "9:11: error: this mode presents a certificate: give 'credentialName', or "
	  "'serverCertificate' and 'privateKey'" },
	{ "TLS without tls", NETWORKING, "Gateway",
	  "  servers:\n  - port: {number: 443, name: https, protocol: HTTPS}\n"
	  "    hosts: ['*']\n",
	  "7:5: error: a server that speaks HTTPS needs 'tls'" },
	{ "an unknown protocol", NETWORKING, "Gateway",
	  "  servers:\n  - port: {number: 80, name: x, protocol: GOPHER}\n    hosts: ['*']\n",
	  "7:43: error: protocol 'GOPHER' is unknown; allowed: HTTP, HTTPS, HTTP2, GRPC, "
	  "GRPC-WEB, TLS, TCP, MONGO, MYSQL, REDIS, UDP" },
	{ "a port too high", NETWORKING, "Gateway",
	  "  servers:\n  - port: {number: 80000, name: x, protocol: HTTP}\n    hosts: ['*']\n",
	  "7:20: error: 'number' must be from 1 to 65535, not 80000" },
	{ "no host", NETWORKING, "Gateway",
	  "  servers:\n  - port: {number: 80, name: x, protocol: HTTP}\n"
	  "    hosts: ['*.a.b', '*-x.a.b', ns/a.b, a..b]\n",
	  "8:41: error: 'a..b' in 'hosts' is not a host name such as app.example.com, "
	  "*.example.com or namespace/app.example.com" },
	{ "no servers", NETWORKING, "Gateway", "  selector: {istio: a}\n",
	  "6:3: error: Gateway needs 'servers'" },
	/* VirtualService */
	{ "a route that goes nowhere", NETWORKING, "VirtualService",
	  "  hosts: [a]\n  http:\n  - match: [{uri: {prefix: /}}]\n",
	  "8:5: error: an HTTP route needs 'route', 'redirect', 'directResponse' or 'delegate'" },
	{ "two ways to match", NETWORKING, "VirtualService",
	  "  hosts: [a]\n  http:\n  - match: [{uri: {prefix: /, exact: /a}}]\n"
	  "    route: [{destination: {host: a}}]\n",
	  "8:31: error: 'prefix' and 'exact' exclude each other in a match; keep one" },
	{ "the whole mesh", NETWORKING, "VirtualService",
	  "  hosts: ['*']\n  http:\n  - route: [{destination: {host: a}}]\n",
	  "6:11: error: host '*' would take over the whole mesh; name hosts, or bind to a gateway "
	  "with 'gateways'" },
	{ "no weight at all", NETWORKING, "VirtualService",
	  "  hosts: [a]\n  http:\n  - route:\n    - {destination: {host: a}}\n"
	  "    - {destination: {host: b}}\n",
	  "8:5: error: all weights are 0: no request would find a destination" },
	/* DestinationRule */
	{ "the seed's circuit breaker", NETWORKING, "DestinationRule",
	  "  host: a\n  trafficPolicy:\n    circuitBreaker: {interval: 30s}\n",
	  "8:5: warning: 'circuitBreaker' is not Istio's; it is honoured here, but the portable "
	  "spelling is outlierDetection" },
	{ "an old name for LEAST_REQUEST", NETWORKING, "DestinationRule",
	  "  host: a\n  trafficPolicy: {loadBalancer: {simple: LEAST_CONN}}\n",
	  "7:42: warning: 'LEAST_CONN' is not portable; write LEAST_REQUEST, which is what it "
	  "means" },
	{ "MUTUAL without a certificate", NETWORKING, "DestinationRule",
	  "  host: a\n  trafficPolicy: {tls: {mode: MUTUAL}}\n",
	  "7:25: error: MUTUAL needs 'clientCertificate' and 'privateKey', or 'credentialName'" },
	/* ServiceEntry */
	{ "endpoints beside a selector", NETWORKING, "ServiceEntry",
	  "  hosts: [a.example]\n  resolution: STATIC\n  endpoints: [{address: 10.0.0.1}]\n"
	  "  workloadSelector: {labels: {a: b}}\n",
	  "9:3: error: 'endpoints' and 'workloadSelector' exclude each other in ServiceEntry; keep "
	  "one" },
	{ "a name where an address must be", NETWORKING, "ServiceEntry",
	  "  hosts: [a.example]\n  resolution: STATIC\n  endpoints: [{address: b.example}]\n",
	  "8:15: error: with resolution STATIC an endpoint's address must be an IP address, not "
	  "'b.example'; use DNS for names" },
	{ "a port twice", NETWORKING, "ServiceEntry",
	  "  hosts: [a.example]\n  ports:\n  - {number: 80, name: a, protocol: HTTP}\n"
	  "  - {number: 80, name: b, protocol: HTTP}\n",
	  "9:5: error: port 80 is already in line 8" },
	/* Sidecar */
	{ "an endpoint elsewhere", NETWORKING, "Sidecar",
	  "  ingress:\n  - port: {number: 80}\n    defaultEndpoint: 10.0.0.1:80\n",
	  "8:5: error: 'defaultEndpoint' must be on this host: 127.0.0.1:PORT, 0.0.0.0:PORT, "
	  "[::1]:PORT or unix:///path" },
	/* ours */
	{ "an operation that is not defined", OURS, "AccessPolicy",
	  "  rules:\n  - {name: r, sources: [a], operations: [login], action: ALLOW}\n",
	  "7:42: error: no operation is named 'login'; define it in spec.operations, or write it "
	  "as \"METHOD /path\"" },
	{ "between one", OURS, "AccessPolicy",
	  "  rules:\n  - name: r\n    sources: ['*']\n    action: ALLOW\n    conditions:\n"
	  "    - {field: time.hour, operator: between, value: 6}\n",
	  "11:45: error: 'between' needs a list of two: the least and the most, such as [6, 22]" },
	{ "every process", OURS, "Workload", "  processes: [{}]\n",
	  "6:15: error: this selects every process of the host; say at least a user, a path, a "
	  "systemdUnit, docker or pod" },
	{ "credentials for everyone", OURS, "EdgePolicy",
	  "  cors: {origins: ['*'], credentials: true}\n",
	  "6:26: error: with 'credentials' name the origins: '*' would let every site act for the "
	  "user" },
	{ "an unknown response", OURS, "RuntimePolicy",
	  "  responses: [{score: 9, actions: [EXPLODE]}]\n",
	  "6:36: error: 'actions' cannot have 'EXPLODE'; allowed: LOG, WATCH, ALERT, THROTTLE, "
	  "ISOLATE, KILL" },
	{ "a quarantine of nobody", OURS, "Quarantine", "  reason: because\n",
	  "6:3: error: a Quarantine needs 'workload' or 'containerID'" },
	{ "an exception for ever", OURS, "CheckPolicy",
	  "  exceptions: [{check: DL3008, reason: old}]\n",
	  "6:16: error: an exception needs 'expires'" },
	{ "mixed peers", "networking.k8s.io/v1", "NetworkPolicy",
	  "  podSelector: {}\n  ingress:\n  - from:\n"
	  "    - {ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}\n",
	  "9:8: error: 'ipBlock' stands alone; make the selector a peer of its own" },
};

static void first_diagnostic(const struct diagnostics *found, char *out, size_t size)
{
	if (found->count == 0) {
		out[0] = '\0';
		return;
	}

	const struct diagnostic *first = found->items[0];

	snprintf(out, size, "%u:%u: %s: %s", first->error.at.line, first->error.at.column,
		 first->severity == SEVERITY_ERROR ? "error" : "warning", first->error.text);
}

static void check_problem(void **state)
{
	const struct problem_case *row = *state;
	AUTO_DIAGNOSTICS struct diagnostics found;
	AUTO(resource_set_unref) struct resource_set *set = NULL;
	AUTO_BUFFER struct buffer yaml = { 0 };
	char text[1024];

	diagnostics_init(&found);
	buffer_printf(&yaml, "apiVersion: %s\nkind: %s\nmetadata:\n  name: test\nspec:\n%s",
		      row->api_version, row->kind, row->spec);
	const int result =
		resource_set_parse("test.yaml", buffer_text(&yaml), NULL, &found, &set, NULL);

	first_diagnostic(&found, text, sizeof(text));
	assert_string_equal(text, row->found != NULL ? row->found : "");
	assert_int_equal(result == 0, found.errors == 0);
	assert_int_equal(set != NULL, found.errors == 0);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows)];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = check_problem,
						.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
