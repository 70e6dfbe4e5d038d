/* SPDX-License-Identifier: Apache-2.0 */
/* Requests in HTTP/1, a row each: what is understood, or with what status and reason it is refused.
 * http1_try gives every message whole and cut at every offset. */
#include "net/http1_try.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define H   "Host: a\r\n"
#define END "\r\n"
#define GET "GET / HTTP/1.1\r\n" H

/* `want` of an accepted GET to "/" of host "a" without a body, and the fields behind. */
#define PLAIN "GET a / HTTP/1.1 no body, keep | host: a"

static const struct request_case {
	const char *name, *message, *want;
} rows[] = {
	/* The request line, RFC 9112 3 */
	{ "the simplest request", GET END, PLAIN },
	{ "an incomplete request", GET, "more" },
	{ "nothing yet", "", "more" },
	{ "a method of our own", "BREW / HTTP/1.1\r\n" H END,
	  "BREW a / HTTP/1.1 no body, keep | host: a" },
	{ "methods are case-sensitive", "get / HTTP/1.1\r\n" H END,
	  "get a / HTTP/1.1 no body, keep | host: a" },
	{ "a method with a forbidden byte", "GE(T / HTTP/1.1\r\n" H END,
	  "400 the method is malformed" },
	{ "a method with an at sign", "G@T / HTTP/1.1\r\n" H END, "400 the method is malformed" },
	{ "a blank before the method", " GET / HTTP/1.1\r\n" H END, "400 this is not HTTP" },
	{ "a TLS handshake", "\x16\x03\x01\x02", "400 this is not HTTP" },
	{ "only a method", "GET\r\n" H END, "400 the request line has no target" },
	{ "HTTP/0.9", "GET /\r\n", "400 the request line has no HTTP version" },
	{ "two blanks before the target", "GET  / HTTP/1.1\r\n" H END,
	  "400 the HTTP version is malformed" },
	{ "two blanks before the version", "GET /  HTTP/1.1\r\n" H END,
	  "400 the HTTP version is malformed" },
	{ "a tab as separator", "GET\t/ HTTP/1.1\r\n" H END, "400 the method is malformed" },
	{ "a blank after the version", "GET / HTTP/1.1 \r\n" H END,
	  "400 the HTTP version is malformed" },
	{ "a blank in the target", "GET /a b HTTP/1.1\r\n" H END,
	  "400 the HTTP version is malformed" },
	{ "a lower-case version", "GET / http/1.1\r\n" H END, "400 the HTTP version is malformed" },
	{ "HTTP/1.10", "GET / HTTP/1.10\r\n" H END, "400 the HTTP version is malformed" },
	{ "HTTP/1.", "GET / HTTP/1.\r\n" H END, "400 the HTTP version is malformed" },
	{ "HTTP/1.1.1", "GET / HTTP/1.1.1\r\n" H END, "400 the HTTP version is malformed" },
	{ "HTTP/11", "GET / HTTP/11\r\n" H END, "400 the HTTP version is malformed" },
	{ "HTTP/+1.1", "GET / HTTP/+1.1\r\n" H END, "400 the HTTP version is malformed" },
	{ "another protocol", "GET / ICAP/1.1\r\n" H END, "400 the HTTP version is malformed" },
	{ "HTTP/1.2", "GET / HTTP/1.2\r\n" H END, "505 the HTTP version is neither 1.0 nor 1.1" },
	{ "HTTP/2.0", "GET / HTTP/2.0\r\n" H END, "505 the HTTP version is neither 1.0 nor 1.1" },
	{ "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	  "505 the HTTP version is neither 1.0 nor 1.1" },
	{ "HTTP/0.9 spelt out", "GET / HTTP/0.9\r\n" H END,
	  "505 the HTTP version is neither 1.0 nor 1.1" },
	{ "an empty line before", "\r\n" GET END, PLAIN },
	{ "four empty lines before", "\r\n\r\n\r\n\r\n" GET END, PLAIN },
	{ "five empty lines before", "\r\n\r\n\r\n\r\n\r\n" GET END,
	  "400 empty lines before a message" },
	{ "a bare line feed before", "\n" GET END, "400 this is not HTTP" },
	{ "a bare carriage return before", "\r" GET END, "400 the method is malformed" },

	/* Targets, RFC 9112 3.2 */
	{ "path and query", "GET /a/b?c=d&e HTTP/1.1\r\n" H END,
	  "GET a /a/b?c=d&e HTTP/1.1 no body, keep | host: a" },
	{ "a path with two slashes is no authority", "GET //b/c HTTP/1.1\r\n" H END,
	  "GET a //b/c HTTP/1.1 no body, keep | host: a" },
	{ "dots are left to the policy", "GET /a/../b%2f HTTP/1.1\r\n" H END,
	  "GET a /a/../b%2f HTTP/1.1 no body, keep | host: a" },
	{ "what browsers send unencoded", "GET /?a[]={b}|c^`\\ HTTP/1.1\r\n" H END,
	  "GET a /?a[]={b}|c^`\\ HTTP/1.1 no body, keep | host: a" },
	{ "a fragment", "GET /a#b HTTP/1.1\r\n" H END,
	  "400 a byte in the request target must be encoded" },
	{ "a quote", "GET /\"a HTTP/1.1\r\n" H END,
	  "400 a byte in the request target must be encoded" },
	{ "an angle bracket", "GET /<a HTTP/1.1\r\n" H END,
	  "400 a byte in the request target must be encoded" },
	{ "UTF-8 not encoded", "GET /\xc3\xa4 HTTP/1.1\r\n" H END,
	  "400 a byte in the request target must be encoded" },
	{ "a control character", "GET /a\x01 HTTP/1.1\r\n" H END,
	  "400 a byte in the request target must be encoded" },
	{ "a tab", "GET /a\tb HTTP/1.1\r\n" H END,
	  "400 a byte in the request target must be encoded" },
	{ "a carriage return", "GET /a\rb HTTP/1.1\r\n" H END,
	  "400 a byte in the request target must be encoded" },
	{ "DEL", "GET /a\x7f HTTP/1.1\r\n" H END,
	  "400 a byte in the request target must be encoded" },
	{ "a path without slash", "GET a HTTP/1.1\r\n" H END,
	  "400 the request target is malformed" },
	{ "only a query", "GET ?a HTTP/1.1\r\n" H END, "400 the request target is malformed" },
	{ "a host and port for GET", "GET a:80 HTTP/1.1\r\n" H END,
	  "400 the request target is malformed" },
	{ "an absolute target", "GET http://a/b?c HTTP/1.1\r\n" H END,
	  "GET http://a /b?c HTTP/1.1 no body, keep | host: a" },
	{ "an absolute target, https", "GET https://a/ HTTP/1.1\r\n" H END,
	  "GET https://a / HTTP/1.1 no body, keep | host: a" },
	{ "an absolute target in capitals", "GET HTTP://A/B HTTP/1.1\r\n" H END,
	  "GET http://a /B HTTP/1.1 no body, keep | host: a" },
	{ "an absolute target without path", "GET http://a HTTP/1.1\r\n" H END,
	  "GET http://a / HTTP/1.1 no body, keep | host: a" },
	{ "an absolute target with only a query", "GET http://a?b=c HTTP/1.1\r\n" H END,
	  "GET http://a /?b=c HTTP/1.1 no body, keep | host: a" },
	{ "an absolute target with default port", "GET http://a:80/ HTTP/1.1\r\n" H END,
	  "GET http://a:80 / HTTP/1.1 no body, keep | host: a" },
	{ "an absolute target whose Host differs", "GET http://b/ HTTP/1.1\r\n" H END,
	  "400 Host differs from the request target" },
	{ "an absolute target whose port differs", "GET http://a:81/ HTTP/1.1\r\n" H END,
	  "400 Host differs from the request target" },
	{ "an absolute target in HTTP/1.0 needs no Host", "GET http://b/ HTTP/1.0\r\n\r\n",
	  "GET http://b / HTTP/1.0 no body, close" },
	{ "an absolute target needs Host all the same", "GET http://a/ HTTP/1.1\r\n\r\n",
	  "400 Host is missing" },
	{ "userinfo in the target", "GET http://u@a/ HTTP/1.1\r\n" H END,
	  "400 the host in the request target is malformed" },
	{ "no host in the target", "GET http:///b HTTP/1.1\r\n" H END,
	  "400 the host in the request target is malformed" },
	{ "an absolute target of another scheme", "GET ftp://a/ HTTP/1.1\r\n" H END,
	  "400 the request target is neither http nor https" },
	{ "a target without scheme", "GET ://a/ HTTP/1.1\r\n" H END,
	  "400 the request target is malformed" },
	{ "an absolute target with a fragment", "GET http://a/#b HTTP/1.1\r\n" H END,
	  "400 a byte in the request target must be encoded" },
	{ "OPTIONS *", "OPTIONS * HTTP/1.1\r\n" H END,
	  "OPTIONS a * HTTP/1.1 no body, keep | host: a" },
	{ "OPTIONS of a host, absolute", "OPTIONS http://a HTTP/1.1\r\n" H END,
	  "OPTIONS http://a * HTTP/1.1 no body, keep | host: a" },
	{ "GET *", "GET * HTTP/1.1\r\n" H END, "400 the request target is malformed" },
	{ "CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
	  "501 CONNECT is not offered" },
	{ "CONNECT without port", "CONNECT a HTTP/1.1\r\n" H END, "400 CONNECT needs host:port" },
	{ "CONNECT to a path", "CONNECT / HTTP/1.1\r\n" H END, "400 CONNECT needs host:port" },
	{ "CONNECT with a body", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 1\r\n\r\n",
	  "400 CONNECT with a body" },

	/* Host, RFC 9112 3.2 and RFC 9110 7.2 */
	{ "no Host", "GET / HTTP/1.1\r\n\r\n", "400 Host is missing" },
	{ "no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "GET  / HTTP/1.0 no body, close" },
	{ "two Hosts", GET H END, "400 Host is repeated" },
	{ "two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\n" H H END, "400 Host is repeated" },
	{ "two different Hosts", GET "host: b\r\n" END, "400 Host is repeated" },
	{ "an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "400 Host is malformed" },
	{ "an invalid Host in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a/b\r\n\r\n",
	  "400 Host is malformed" },
	{ "a Host in capitals", "GET / HTTP/1.1\r\nHost: WWW.Example.ORG:8080\r\n\r\n",
	  "GET www.example.org:8080 / HTTP/1.1 no body, keep | host: www.example.org:8080" },
	{ "a Host with a slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400 Host is malformed" },
	{ "a Host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400 Host is malformed" },
	{ "a Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "400 Host is malformed" },
	{ "a Host with userinfo", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "400 Host is malformed" },
	{ "a Host with a quote", "GET / HTTP/1.1\r\nHost: a\"b\r\n\r\n", "400 Host is malformed" },
	{ "a Host with a question mark", "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n",
	  "400 Host is malformed" },
	{ "a Host with a hash", "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", "400 Host is malformed" },
	{ "a Host folded over two lines", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
	  "400 a folded field line" },

	/* Field lines, RFC 9112 5 */
	{ "names in lower case", GET "X-UPPER: Value\r\n" END, PLAIN " | x-upper: Value" },
	{ "blanks around a value", GET "X: \t a b \t \r\n" END, PLAIN " | x: a b" },
	{ "no blank before a value", GET "X:a\r\n" END, PLAIN " | x: a" },
	{ "an empty value", GET "X:\r\n" END, PLAIN " | x: " },
	{ "a value of blanks", GET "X:  \r\n" END, PLAIN " | x: " },
	{ "a value with colons", GET "X: a:b:\r\n" END, PLAIN " | x: a:b:" },
	{ "a value with a tab", GET "X: a\tb\r\n" END, PLAIN " | x: a\tb" },
	{ "a value with high bytes", GET "X: \xc3\xa4\xff\r\n" END, PLAIN " | x: \xc3\xa4\xff" },
	{ "every byte a name may have", GET "!#$%&'*+-.^_`|~09azAZ: v\r\n" END,
	  PLAIN " | !#$%&'*+-.^_`|~09azaz: v" },
	{ "the same name again", GET "X: 1\r\nY: 2\r\nX: 3\r\n" END,
	  PLAIN " | x: 1 | y: 2 | x: 3" },
	{ "a blank before the colon", GET "X : a\r\n" END,
	  "400 a blank before the colon of a field" },
	{ "a tab before the colon", GET "X\t: a\r\n" END,
	  "400 a blank before the colon of a field" },
	{ "a blank in a name", GET "X Y: a\r\n" END, "400 a blank before the colon of a field" },
	{ "a blank before the first field", "GET / HTTP/1.1\r\n " H END,
	  "400 a folded field line" },
	{ "a folded value", GET "X: a\r\n b\r\n" END, "400 a folded field line" },
	{ "a value folded by a tab", GET "X: a\r\n\tb\r\n" END, "400 a folded field line" },
	{ "no colon", GET "X\r\n" END, "400 a field line without colon" },
	{ "no name", GET ": a\r\n" END, "400 a malformed field name" },
	{ "a name with a bracket", GET "X(Y): a\r\n" END, "400 a malformed field name" },
	{ "a name with a slash", GET "X/Y: a\r\n" END, "400 a malformed field name" },
	{ "a name with a high byte", GET "X\xe4: a\r\n" END, "400 a malformed field name" },
	{ "a name with a control character", GET "X\x0b: a\r\n" END, "400 a malformed field name" },
	{ "a value with a control character", GET "X: a\x01 b\r\n" END,
	  "400 a control character in a field value" },
	{ "a control character after eight good bytes", GET "X: 12345678\x1f\r\n" END,
	  "400 a control character in a field value" },
	{ "a control character within eight bytes",
	  GET "X: 123\x1f"
	      "5678\r\n" END,
	  "400 a control character in a field value" },
	{ "a value with DEL",
	  GET "X: 1234\x7f"
	      "678\r\n" END,
	  "400 a control character in a field value" },
	{ "a value with a carriage return", GET "X: a\rb\r\n" END,
	  "400 a control character in a field value" },
	{ "a value that ends in two carriage returns", GET "X: a\r\r\n" END,
	  "400 a control character in a field value" },
	{ "a bare line feed after the request line", "GET / HTTP/1.1\n" H END,
	  "400 a line ends without carriage return" },
	{ "a bare line feed after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n",
	  "400 a line ends without carriage return" },
	{ "a bare line feed in a value", GET "X: a\nY: b\r\n" END,
	  "400 a line ends without carriage return" },
	{ "a bare line feed at the end", GET "\n", "400 a line ends without carriage return" },

	/* Framing, RFC 9112 6 */
	{ "a length", "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello",
	  "POST a / HTTP/1.1 length 5, keep | host: a | content-length: 5" },
	{ "a length of zero", "POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
	  "POST a / HTTP/1.1 no body 0, keep | host: a | content-length: 0" },
	{ "a length with leading zeros", GET "Content-Length: 007\r\n" END,
	  "GET a / HTTP/1.1 length 7, keep | host: a | content-length: 007" },
	{ "the greatest length", GET "Content-Length: 9223372036854775807\r\n" END,
	  "GET a / HTTP/1.1 length 9223372036854775807, keep | host: a | content-length: "
	  "9223372036854775807" },
	{ "a length too great", GET "Content-Length: 9223372036854775808\r\n" END,
	  "400 a malformed Content-Length" },
	{ "a length that wraps", GET "Content-Length: 18446744073709551617\r\n" END,
	  "400 a malformed Content-Length" },
	{ "a negative length", GET "Content-Length: -1\r\n" END, "400 a malformed Content-Length" },
	{ "a length with plus", GET "Content-Length: +5\r\n" END,
	  "400 a malformed Content-Length" },
	{ "a length in hexadecimal", GET "Content-Length: 0x5\r\n" END,
	  "400 a malformed Content-Length" },
	{ "a length with a fraction", GET "Content-Length: 5.0\r\n" END,
	  "400 a malformed Content-Length" },
	{ "a length list", GET "Content-Length: 5, 5\r\n" END, "400 a malformed Content-Length" },
	{ "a length with a comma", GET "Content-Length: 5,\r\n" END,
	  "400 a malformed Content-Length" },
	{ "a length with a blank inside", GET "Content-Length: 5 5\r\n" END,
	  "400 a malformed Content-Length" },
	{ "an empty length", GET "Content-Length:\r\n" END, "400 a malformed Content-Length" },
	{ "a length twice", GET "Content-Length: 5\r\nContent-Length: 5\r\n" END,
	  "400 Content-Length is repeated" },
	{ "two lengths", GET "Content-Length: 5\r\nContent-Length: 6\r\n" END,
	  "400 Content-Length is repeated" },
	{ "a length with a name that only resembles", GET "Content_Length: 5\r\n" END,
	  PLAIN " | content_length: 5" },
	{ "chunked", GET "Transfer-Encoding: chunked\r\n" END,
	  "GET a / HTTP/1.1 chunked, keep | host: a | transfer-encoding: chunked" },
	{ "chunked in capitals", GET "TRANSFER-ENCODING: Chunked\r\n" END,
	  "GET a / HTTP/1.1 chunked, keep | host: a | transfer-encoding: Chunked" },
	{ "chunked and a length", GET "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" END,
	  "400 both Transfer-Encoding and Content-Length" },
	{ "a length and chunked", GET "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" END,
	  "400 both Transfer-Encoding and Content-Length" },
	{ "a length and another coding", GET "Content-Length: 5\r\nTransfer-Encoding: x\r\n" END,
	  "400 both Transfer-Encoding and Content-Length" },
	{ "chunked in HTTP/1.0", "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n",
	  "400 Transfer-Encoding in HTTP/1.0" },
	{ "chunked with a comma", GET "Transfer-Encoding: chunked,\r\n" END,
	  "400 chunked is not the last coding" },
	{ "a comma before chunked", GET "Transfer-Encoding: , chunked\r\n" END,
	  "400 a malformed Transfer-Encoding" },
	{ "chunked twice in a list", GET "Transfer-Encoding: chunked, chunked\r\n" END,
	  "400 chunked is not the last coding" },
	{ "chunked on two lines",
	  GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END,
	  "400 Transfer-Encoding is repeated" },
	{ "identity, then chunked",
	  GET "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n" END,
	  "400 Transfer-Encoding is repeated" },
	{ "identity", GET "Transfer-Encoding: identity\r\n" END,
	  "400 Transfer-Encoding does not end in chunked" },
	{ "gzip", GET "Transfer-Encoding: gzip\r\n" END,
	  "400 Transfer-Encoding does not end in chunked" },
	{ "gzip, chunked", GET "Transfer-Encoding: gzip, chunked\r\n" END,
	  "501 a transfer coding other than chunked" },
	{ "chunked, gzip", GET "Transfer-Encoding: chunked, gzip\r\n" END,
	  "400 chunked is not the last coding" },
	{ "xchunked", GET "Transfer-Encoding: xchunked\r\n" END,
	  "400 Transfer-Encoding does not end in chunked" },
	{ "chunked in quotes", GET "Transfer-Encoding: \"chunked\"\r\n" END,
	  "400 a malformed Transfer-Encoding" },
	{ "chunked with a parameter", GET "Transfer-Encoding: chunked;q=1\r\n" END,
	  "400 a malformed Transfer-Encoding" },
	{ "chunked after a vertical tab",
	  GET "Transfer-Encoding: \x0b"
	      "chunked\r\n" END,
	  "400 a control character in a field value" },
	{ "chunked with a high byte",
	  GET "Transfer-Encoding: \xa0"
	      "chunked\r\n" END,
	  "400 a malformed Transfer-Encoding" },
	{ "no coding", GET "Transfer-Encoding:\r\n" END, "400 a malformed Transfer-Encoding" },
	{ "a blank before the colon of chunked", GET "Transfer-Encoding : chunked\r\n" END,
	  "400 a blank before the colon of a field" },
	{ "chunked in a folded line", GET "Transfer-Encoding:\r\n chunked\r\n" END,
	  "400 a folded field line" },

	/* Connection, Expect, TE, Upgrade */
	{ "close", GET "Connection: close\r\n" END,
	  "GET a / HTTP/1.1 no body, close | host: a | connection: close" },
	{ "close in a list", GET "Connection: x, Close\r\n" END,
	  "GET a / HTTP/1.1 no body, close | host: a | connection: x, Close" },
	{ "close on a second line", GET "Connection: x\r\nConnection: close\r\n" END,
	  "GET a / HTTP/1.1 no body, close | host: a | connection: x | connection: close" },
	{ "close wins over keep-alive", GET "Connection: keep-alive, close\r\n" END,
	  "GET a / HTTP/1.1 no body, close | host: a | connection: keep-alive, close" },
	{ "HTTP/1.0 keeps when asked", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	  "GET  / HTTP/1.0 no body, keep | connection: keep-alive" },
	{ "an option that is no token", GET "Connection: a b\r\n" END,
	  "400 a malformed Connection field" },
	{ "an empty option", GET "Connection: ,close,\r\n" END,
	  "GET a / HTTP/1.1 no body, close | host: a | connection: ,close," },
	{ "100-continue", GET "Expect: 100-Continue\r\nContent-Length: 1\r\n" END,
	  "GET a / HTTP/1.1 length 1, keep, expects 100 | host: a | expect: 100-Continue | "
	  "content-length: 1" },
	{ "100-continue without a body", GET "Expect: 100-continue\r\n" END,
	  PLAIN " | expect: 100-continue" },
	{ "100-continue in HTTP/1.0",
	  "GET / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
	  "GET  / HTTP/1.0 length 1, close | content-length: 1" },
	{ "another expectation", GET "Expect: miracles\r\n" END,
	  "417 an expectation other than 100-continue" },
	{ "two expectations", GET "Expect: 100-continue\r\nExpect: 100-continue\r\n" END,
	  "417 an expectation other than 100-continue" },
	{ "trailers are accepted", GET "TE: deflate, trailers\r\n" END,
	  "GET a / HTTP/1.1 no body, keep, trailers | host: a | te: deflate, trailers" },
	{ "an upgrade", GET "Connection: Upgrade\r\nUpgrade: websocket\r\n" END,
	  "GET a / HTTP/1.1 no body, keep, upgrade websocket | host: a | connection: Upgrade | "
	  "upgrade: websocket" },
	{ "an upgrade that Connection does not name", GET "Upgrade: websocket\r\n" END,
	  PLAIN " | upgrade: websocket" },
	{ "an upgrade in HTTP/1.0",
	  "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
	  "GET  / HTTP/1.0 no body, close | connection: upgrade | upgrade: websocket" },
};

static void check_row(void **state)
{
	const struct request_case *row = *state;
	AUTO_BUFFER struct buffer seen = { 0 };

	http1_try(&seen, text_of(row->message), NULL, NULL);
	assert_string_equal(seen.data, row->want);
}

static const struct bytes_case {
	const char *name;
	struct text message;
	const char *want;
} nul_rows[] = {
	{ "NUL in a value", TEXT(GET "X: a\0b\r\n\r\n"),
	  "400 a control character in a field value" },
	{ "NUL in a name", TEXT(GET "X\0: b\r\n\r\n"), "400 a malformed field name" },
	{ "NUL in Host", TEXT("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"),
	  "400 a control character in a field value" },
	{ "NUL in the target", TEXT("GET /\0 HTTP/1.1\r\n\r\n"),
	  "400 a byte in the request target must be encoded" },
	{ "NUL in the method", TEXT("G\0T / HTTP/1.1\r\n\r\n"), "400 the method is malformed" },
	{ "NUL first", TEXT("\0"), "400 this is not HTTP" },
	{ "NUL after a length", TEXT(GET "Content-Length: 5\0\r\n\r\n"),
	  "400 a control character in a field value" },
};

static void check_nul_row(void **state)
{
	const struct bytes_case *row = *state;
	AUTO_BUFFER struct buffer seen = { 0 };

	http1_try(&seen, row->message, NULL, NULL);
	assert_string_equal(seen.data, row->want);
}

static const struct http_limits small = {
	.head_bytes = 100, .start_line_bytes = 40, .field_count = 3, .allow_connect = true
};

static const struct request_case limit_rows[] = {
	{ "a long target", "GET /123456789012345678901234567890 HTTP/1.1\r\n" H END,
	  "414 the request line is too long" },
	{ "a long target without end", "GET /1234567890123456789012345678901234567890",
	  "414 the request line is too long" },
	{ "three fields", GET "A: 1\r\nB: 2\r\n" END, PLAIN " | a: 1 | b: 2" },
	{ "four fields", GET "A: 1\r\nB: 2\r\nC: 3\r\n" END, "431 there are too many fields" },
	{ "a long field",
	  GET "A: 123456789012345678901234567890123456789012345678901234567890123456789\r\n\r\n",
	  "431 the head is too large" },
	{ "a long field without end",
	  GET "A: 1234567890123456789012345678901234567890123456789012345678901234567890123456",
	  "431 the head is too large" },
	{ "CONNECT where it is allowed", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
	  "CONNECT a:443  HTTP/1.1 no body, keep | host: a:443" },
	{ "CONNECT whose Host differs", "CONNECT a:443 HTTP/1.1\r\nHost: b:443\r\n\r\n",
	  "400 Host differs from the request target" },
};

static void check_limit_row(void **state)
{
	const struct request_case *row = *state;
	AUTO_BUFFER struct buffer seen = { 0 };

	http1_try(&seen, text_of(row->message), NULL, &small);
	assert_string_equal(seen.data, row->want);
}

static void connection_may_not_name_fields_without_end(void **state)
{
	AUTO_BUFFER struct buffer message = { 0 }, seen = { 0 };

	(void)state;
	buffer_add_text(&message, GET "Connection: x");
	for (int i = 0; i < 64; i++)
		buffer_add_text(&message, ",x");
	buffer_add_text(&message, "\r\n\r\n");
	http1_try(&seen, buffer_text(&message), NULL, NULL);
	assert_string_equal(seen.data, "400 Connection names too many fields");
}

/* The second of two pipelined requests begins where the first ended. */
static void what_follows_is_left(void **state)
{
	char bytes[] = GET END "POST /2 HTTP/1.1\r\n";
	struct http1_parser parser;
	struct http_head head = { 0 };

	(void)state;
	http1_parser_init(&parser, &http_limits_default);
	assert_int_equal(http1_parse_request(&parser, &head, bytes, strlen(bytes)), HTTP1_DONE);
	assert_int_equal(parser.next, strlen(GET END));
	http_head_done(&head);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(rows) + COUNT_OF(nul_rows) + COUNT_OF(limit_rows) + 2] = {
		cmocka_unit_test(connection_may_not_name_fields_without_end),
		cmocka_unit_test(what_follows_is_left),
	};
	size_t count = 2;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tests[count++] = (struct CMUnitTest){ .name = rows[i].name,
						      .test_func = check_row,
						      .initial_state = (void *)&rows[i] };
	for (size_t i = 0; i < COUNT_OF(nul_rows); i++)
		tests[count++] = (struct CMUnitTest){ .name = nul_rows[i].name,
						      .test_func = check_nul_row,
						      .initial_state = (void *)&nul_rows[i] };
	for (size_t i = 0; i < COUNT_OF(limit_rows); i++)
		tests[count++] = (struct CMUnitTest){ .name = limit_rows[i].name,
						      .test_func = check_limit_row,
						      .initial_state = (void *)&limit_rows[i] };
	return cmocka_run_group_tests_name("http1_request", tests, NULL, NULL);
}
