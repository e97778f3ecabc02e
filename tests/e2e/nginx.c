// SPDX-License-Identifier: MIT
#include "e2e/nginx.h"

#include <check.h>
#include <sys/stat.h>

/* One process, everything in the temporary directory. */
static const char config[] = "daemon off;\n"
			     "master_process off;\n"
			     "pid %1$s/nginx.pid;\n"
			     "error_log stderr info;\n"
			     "events { }\n"
			     "http {\n"
			     "	log_format requests '$connection $connection_requests '\n"
			     "		'$request_method $request_uri $status';\n"
			     "	access_log %1$s/requests requests;\n"
			     "	client_body_temp_path %1$s/nginx-body;\n"
			     "	proxy_temp_path %1$s/nginx-proxy;\n"
			     "	fastcgi_temp_path %1$s/nginx-fastcgi;\n"
			     "	uwsgi_temp_path %1$s/nginx-uwsgi;\n"
			     "	scgi_temp_path %1$s/nginx-scgi;\n"
			     "	client_max_body_size 0;\n"
			     "	root %1$s/www;\n"
			     "	server {\n"
			     "		listen 127.0.0.1:%2$u ssl;\n"
			     "		listen 127.0.0.1:%3$u;\n"
			     "		ssl_certificate %4$s;\n"
			     "		ssl_certificate_key %5$s;\n"
			     "		ssl_client_certificate %6$s;\n"
			     "		ssl_verify_client on;\n"
			     "		location /subject { return 200 \"$ssl_client_s_dn\\n\"; }\n"
			     "		location / { dav_methods PUT; }\n"
			     "	}\n"
			     "}\n";

struct nginx nginx_start(struct harness *h)
{
	struct nginx nginx = { .tls = harness_free_port(),
			       .www = harness_path(h, "www"),
			       .log = harness_path(h, "requests") };
	const char *argv[] = { "nginx", "-e", "stderr", "-p", h->directory, "-c", NULL, NULL };

	/* Both at once, or the second might be the first again. */
	do
		nginx.plain = harness_free_port();
	while (nginx.plain == nginx.tls);
	argv[6] =
		harness_file(h, "nginx.conf", config, h->directory, nginx.tls, nginx.plain,
			     harness_credential(h, "server.pem"),
			     harness_credential(h, "server.key"), harness_credential(h, "ca.pem"));
	ck_assert_int_eq(mkdir(nginx.www, 0700), 0);
	nginx.process = process_start(h, "nginx", argv, NULL);
	process_await_port(nginx.process, nginx.plain);
	process_await_port(nginx.process, nginx.tls);
	return nginx;
}
