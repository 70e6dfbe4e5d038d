/* SPDX-License-Identifier: Apache-2.0 */
#include "load/options.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
	"usage: load [OPTION…] HOST PORT PATH      prints one JSON line\n"
	"  -c N            connections (32)\n"
	"  -n N  -d SECS   requests and seconds; either ends the run\n"
	"  -r RATE         open loop: RATE requests a second, latency from the moment each was "
	"due\n"
	"  -t              TLS 1.3; -C FILE -K FILE the client's certificate and key; -S NAME the "
	"server's\n"
	"  -x full|resume  a new connection for each request\n"
	"  -i              idle: open all, say so, hold them until standard input closes\n"
	"  -w              wait for the first right answer and print the time\n"
	"  -h HEADER       one more header (again and again)\n"
	"  -s STATUS       the right answer (200)\n"
	"  -P PID,PID      report the CPU time these processes took meanwhile\n";

static bool set_option(struct load_options *options, int letter, const char *value)
{
	switch (letter) {
	case 'c':
		options->connections = strtoul(value, NULL, 10);
		return options->connections > 0;
	case 'n':
		options->requests = strtoull(value, NULL, 10);
		return true;
	case 'd':
		options->duration_ns = (uint64_t)(strtod(value, NULL) * (double)NS_PER_SEC);
		return true;
	case 'r':
		options->rate = strtod(value, NULL);
		return true;
	case 't':
		options->tls = true;
		return true;
	case 'C':
		options->certificate = value;
		return true;
	case 'K':
		options->key = value;
		return true;
	case 'S':
		options->server_name = value;
		return true;
	case 'x':
		options->handshakes = value[0] == 'r' ? HANDSHAKE_RESUMED : HANDSHAKE_FULL;
		return true;
	case 'i':
		options->mode = LOAD_IDLE;
		return true;
	case 'w':
		options->mode = LOAD_WAIT;
		return true;
	case 'h':
		buffer_printf(&options->headers, "%s\r\n", value);
		return true;
	case 's':
		options->expected_status = (int)strtol(value, NULL, 10);
		return true;
	case 'P':
		options->measured_pids = value;
		return true;
	default:
		return false;
	}
}

bool load_options_parse(int argc, char **argv, struct load_options *options)
{
	*options = (struct load_options){ .connections = 32, .expected_status = 200 };
	for (int letter; (letter = getopt(argc, argv, "c:n:d:r:tC:K:S:x:iwh:s:P:")) != -1;) {
		if (!set_option(options, letter, optarg)) {
			fputs(usage, stderr);
			return false;
		}
	}
	if (argc - optind != 3) {
		fputs(usage, stderr);
		return false;
	}
	options->address.sin_family = AF_INET;
	options->address.sin_port = htons((uint16_t)strtoul(argv[optind + 1], NULL, 10));
	options->path = argv[optind + 2];
	if (inet_aton(argv[optind], &options->address.sin_addr) == 0
	    || ntohl(options->address.sin_addr.s_addr) >> 24 != 127) {
		fputs("load: only addresses of 127.0.0.0/8 may be loaded\n", stderr);
		return false;
	}
	return true;
}
