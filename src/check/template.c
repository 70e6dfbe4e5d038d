/* SPDX-License-Identifier: Apache-2.0 */
/* template.c — hardened beginnings; what is between '@' is filled in. Every one passes every check,
 * which a test holds it to. */
#include "check/template.h"

#include <string.h>

static const char dockerfile_text[] =
	"# syntax=docker/dockerfile:1\n"
	"# @NAME@: built in one stage, shipped in another that holds the result and nothing else.\n"
	"#\n"
	"#   docker build --build-arg BUILD_IMAGE=golang:1.23@sha256:... \\\n"
	"#                --build-arg RUN_IMAGE=debian:12-slim@sha256:... -t @NAME@ .\n"
	"#\n"
	"# Both images are named by digest where the build is started, so a build says what it "
	"stood on.\n"
	"ARG BUILD_IMAGE\n"
	"ARG RUN_IMAGE\n"
	"\n"
	"FROM ${BUILD_IMAGE} AS build\n"
	"WORKDIR /src\n"
	"COPY . .\n"
	"# Secrets of the build are mounted, never copied: RUN --mount=type=secret,id=token ...\n"
	"RUN make build\n"
	"\n"
	"FROM ${RUN_IMAGE}\n"
	"# Owned by root and readable by all: the service cannot rewrite its own code.\n"
	"COPY --from=build /src/out/ /app/\n"
	"# A number, so that Kubernetes can prove that it is not root.\n"
	"USER 10001:10001\n"
	"EXPOSE @PORT@\n"
	"HEALTHCHECK --interval=30s --timeout=3s --retries=3 CMD [\"/app/@NAME@\", \"health\"]\n"
	"# An init as PID 1 hands signals on and reaps children; the run image has to hold tini.\n"
	"ENTRYPOINT [\"/usr/bin/tini\", \"--\", \"/app/@NAME@\"]\n";

static const char deployment_text[] =
	"# @NAME@: a Deployment that the restricted Pod Security level lets through.\n"
	"apiVersion: v1\n"
	"kind: ServiceAccount\n"
	"metadata:\n"
	"  name: @NAME@\n"
	"  namespace: @NAMESPACE@\n"
	"automountServiceAccountToken: false\n"
	"---\n"
	"apiVersion: apps/v1\n"
	"kind: Deployment\n"
	"metadata:\n"
	"  name: @NAME@\n"
	"  namespace: @NAMESPACE@\n"
	"  labels:\n"
	"    app.kubernetes.io/name: @NAME@\n"
	"spec:\n"
	"  replicas: 2\n"
	"  selector:\n"
	"    matchLabels:\n"
	"      app.kubernetes.io/name: @NAME@\n"
	"  template:\n"
	"    metadata:\n"
	"      labels:\n"
	"        app.kubernetes.io/name: @NAME@\n"
	"    spec:\n"
	"      serviceAccountName: @NAME@\n"
	"      automountServiceAccountToken: false # it does not talk to the API server\n"
	"      securityContext:\n"
	"        runAsNonRoot: true\n"
	"        runAsUser: 10001\n"
	"        runAsGroup: 10001\n"
	"        fsGroup: 10001\n"
	"        seccompProfile:\n"
	"          type: RuntimeDefault\n"
	"      containers:\n"
	"      - name: @NAME@\n"
	"        image: @IMAGE@\n"
	"        ports:\n"
	"        - name: http\n"
	"          containerPort: @PORT@\n"
	"        securityContext:\n"
	"          allowPrivilegeEscalation: false\n"
	"          readOnlyRootFilesystem: true\n"
	"          capabilities:\n"
	"            drop: [ALL]\n"
	"        resources:\n"
	"          requests:\n"
	"            cpu: 100m\n"
	"            memory: 128Mi\n"
	"          limits:\n"
	"            memory: 256Mi\n"
	"        startupProbe:\n"
	"          httpGet:\n"
	"            path: /health\n"
	"            port: http\n"
	"          failureThreshold: 30\n"
	"        livenessProbe:\n"
	"          httpGet:\n"
	"            path: /health\n"
	"            port: http\n"
	"        readinessProbe:\n"
	"          httpGet:\n"
	"            path: /health\n"
	"            port: http\n"
	"        volumeMounts:\n"
	"        - name: tmp\n"
	"          mountPath: /tmp\n"
	"      volumes:\n"
	"      - name: tmp # the only place it may write to\n"
	"        emptyDir:\n"
	"          sizeLimit: 64Mi\n"
	"---\n"
	"apiVersion: v1\n"
	"kind: Service\n"
	"metadata:\n"
	"  name: @NAME@\n"
	"  namespace: @NAMESPACE@\n"
	"spec:\n"
	"  selector:\n"
	"    app.kubernetes.io/name: @NAME@\n"
	"  ports:\n"
	"  - name: http\n"
	"    port: 80\n"
	"    targetPort: http\n";

static const char networkpolicy_text[] =
	"# @NAME@: nothing may be reached and nothing may be called, but for what is named here.\n"
	"apiVersion: networking.k8s.io/v1\n"
	"kind: NetworkPolicy\n"
	"metadata:\n"
	"  name: @NAME@\n"
	"  namespace: @NAMESPACE@\n"
	"spec:\n"
	"  podSelector:\n"
	"    matchLabels:\n"
	"      app.kubernetes.io/name: @NAME@\n"
	"  policyTypes: [Ingress, Egress]\n"
	"  ingress:\n"
	"  - from:\n"
	"    - namespaceSelector: # the gateway's namespace; this label Kubernetes sets by itself\n"
	"        matchLabels:\n"
	"          kubernetes.io/metadata.name: istio-system\n"
	"    ports:\n"
	"    - protocol: TCP\n"
	"      port: @PORT@\n"
	"  egress:\n"
	"  - to: # DNS\n"
	"    - namespaceSelector:\n"
	"        matchLabels:\n"
	"          kubernetes.io/metadata.name: kube-system\n"
	"      podSelector:\n"
	"        matchLabels:\n"
	"          k8s-app: kube-dns\n"
	"    ports:\n"
	"    - protocol: UDP\n"
	"      port: 53\n"
	"    - protocol: TCP\n"
	"      port: 53\n";

static const char nginx_text[] =
	"# @NAME@: static files and one upstream, behind TLS.\n"
	"worker_processes auto;\n"
	"pid /tmp/nginx.pid;\n"
	"error_log /dev/stderr warn;\n"
	"\n"
	"events {\n"
	"    worker_connections 1024;\n"
	"}\n"
	"\n"
	"http {\n"
	"    server_tokens off;\n"
	"    include mime.types;\n"
	"    default_type application/octet-stream;\n"
	"\n"
	"    # Slow and greedy clients.\n"
	"    client_header_timeout 10s;\n"
	"    client_body_timeout 10s;\n"
	"    send_timeout 10s;\n"
	"    keepalive_timeout 30s;\n"
	"    client_max_body_size 1m;\n"
	"    large_client_header_buffers 4 8k;\n"
	"    limit_req_zone $binary_remote_addr zone=all:10m rate=20r/s;\n"
	"    limit_req zone=all burst=40 nodelay;\n"
	"\n"
	"    # Set here once: a block with an add_header of its own would lose all of them.\n"
	"    add_header Strict-Transport-Security \"max-age=31536000; includeSubDomains\" always;\n"
	"    add_header Content-Security-Policy \"default-src 'self'; object-src 'none'; base-uri "
	"'self'; frame-ancestors 'none'\" always;\n"
	"    add_header X-Content-Type-Options nosniff always;\n"
	"    add_header X-Frame-Options DENY always;\n"
	"    add_header Referrer-Policy strict-origin-when-cross-origin always;\n"
	"\n"
	"    upstream @NAME@ {\n"
	"        server 127.0.0.1:@PORT@;\n"
	"    }\n"
	"\n"
	"    server {\n"
	"        listen 8080;\n"
	"        return 301 https://$host$request_uri;\n"
	"    }\n"
	"\n"
	"    server {\n"
	"        listen 8443 ssl;\n"
	"        ssl_certificate /etc/nginx/tls/tls.crt;\n"
	"        ssl_certificate_key /etc/nginx/tls/tls.key;\n"
	"        ssl_protocols TLSv1.2 TLSv1.3;\n"
	"        root /srv/www;\n"
	"\n"
	"        location ~ /\\.(?!well-known) {\n"
	"            deny all;\n"
	"        }\n"
	"        location ~* (~|\\.(bak|old|orig|swp|sql|env|map))$ {\n"
	"            deny all;\n"
	"        }\n"
	"        location /api/ {\n"
	"            proxy_pass http://@NAME@;\n"
	"            proxy_set_header Host $host;\n"
	"            proxy_set_header X-Forwarded-For $remote_addr;\n"
	"            proxy_set_header X-Forwarded-Proto $scheme;\n"
	"        }\n"
	"        location / {\n"
	"            try_files $uri /index.html;\n"
	"        }\n"
	"    }\n"
	"}\n";

static const char istio_text[] =
	"# @NAME@: mutual TLS for everyone, and only the callers named here.\n"
	"apiVersion: security.istio.io/v1\n"
	"kind: PeerAuthentication\n"
	"metadata:\n"
	"  name: @NAME@\n"
	"  namespace: @NAMESPACE@\n"
	"spec:\n"
	"  selector:\n"
	"    matchLabels:\n"
	"      app.kubernetes.io/name: @NAME@\n"
	"  mtls:\n"
	"    mode: STRICT\n"
	"---\n"
	"apiVersion: security.istio.io/v1\n"
	"kind: AuthorizationPolicy\n"
	"metadata:\n"
	"  name: @NAME@\n"
	"  namespace: @NAMESPACE@\n"
	"spec:\n"
	"  selector:\n"
	"    matchLabels:\n"
	"      app.kubernetes.io/name: @NAME@\n"
	"  action: ALLOW\n"
	"  rules:\n"
	"  - from:\n"
	"    - source:\n"
	"        principals: [\"cluster.local/ns/@NAMESPACE@/sa/frontend\"]\n"
	"    to:\n"
	"    - operation:\n"
	"        methods: [\"GET\", \"POST\"]\n"
	"        paths: [\"/api/*\"]\n";

static const char ci_text[] =
	"# @NAME@: what is deployed is examined before it is merged.\n"
	"name: check\n"
	"on: [pull_request]\n"
	"permissions:\n"
	"  contents: read\n"
	"  security-events: write\n"
	"jobs:\n"
	"  check:\n"
	"    runs-on: ubuntu-latest\n"
	"    steps:\n"
	"    - uses: actions/checkout@v4 # better still: the commit's hash\n"
	"    - name: mangrove check\n"
	"      run: mangrove check --format sarif --output check.sarif --fail-on warning .\n"
	"    - name: show the findings in the pull request\n"
	"      if: always()\n"
	"      uses: github/codeql-action/upload-sarif@v3\n"
	"      with:\n"
	"        sarif_file: check.sarif\n";

const struct template templates[] = {
	{ "dockerfile", "a Dockerfile in two stages", "Dockerfile", ARTIFACT_DOCKERFILE,
	  dockerfile_text },
	{ "deployment", "Deployment, Service and account", "deployment.yaml", ARTIFACT_MANIFEST,
	  deployment_text },
	{ "networkpolicy", "a NetworkPolicy that names what is allowed", "networkpolicy.yaml",
	  ARTIFACT_MANIFEST, networkpolicy_text },
	{ "nginx", "an nginx configuration", "nginx.conf", ARTIFACT_NGINX, nginx_text },
	{ "istio", "PeerAuthentication and AuthorizationPolicy", "istio.yaml", ARTIFACT_MANIFEST,
	  istio_text },
	{ "ci", "a workflow that runs check", "check.yml", ARTIFACT_UNKNOWN, ci_text },
	{ NULL, NULL, NULL, ARTIFACT_UNKNOWN, NULL },
};

const struct template *template_find(const char *kind)
{
	for (const struct template *template = templates; template->kind != NULL; template ++)
		if (strcmp(template->kind, kind) == 0)
			return template;
	return NULL;
}

static const char *value_of(const struct template_values *values, struct text key)
{
	return text_is(key, "NAME")        ? values->name
	       : text_is(key, "NAMESPACE") ? values->namespace
	       : text_is(key, "IMAGE")     ? values->image
	       : text_is(key, "PORT")      ? values->port
					   : NULL;
}

void template_write(const struct template *template, const struct template_values *values,
		    struct buffer *out)
{
	struct text rest = text_of(template->text);

	while (rest.ptr != NULL) {
		const struct text before = text_split(&rest, '@');
		const size_t end = rest.ptr != NULL ? text_find_char(rest, '@') : TEXT_NONE;
		const char *value =
			end != TEXT_NONE ? value_of(values, text_until(rest, end)) : NULL;

		buffer_add(out, before.ptr, before.len);
		if (value != NULL) {
			buffer_add_text(out, value);
			rest = text_from(rest, end + 1);
		} else if (rest.ptr != NULL) {
			buffer_add_char(out, '@');
		}
	}
}
