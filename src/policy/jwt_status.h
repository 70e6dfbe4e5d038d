/* SPDX-License-Identifier: Apache-2.0 */
/* jwt_status.h — everything that can be said about a token, and how the answer words it.
 * Wording: envoy's, where it has one. */
#pragma once

enum jwt_status {
	JWT_MISSING = 0,
	JWT_FINE,
	JWT_TOO_LARGE,
	JWT_BAD_FORM, /* not three sections */
	JWT_HEADER_NOT_BASE64,
	JWT_HEADER_NOT_JSON, /* nor an object, or with duplicate names */
	JWT_ALG_NOT_STRING,
	JWT_ALG_NOT_SUPPORTED, /* none, HS*, unknown */
	JWT_KID_NOT_STRING,
	JWT_CRITICAL_HEADER, /* crit, or b64: extensions that we do not know */
	JWT_ENCRYPTED_OR_NESTED,
	JWT_PAYLOAD_NOT_BASE64,
	JWT_PAYLOAD_NOT_JSON,
	JWT_ISS_NOT_STRING,
	JWT_SUB_NOT_STRING,
	JWT_JTI_NOT_STRING,
	JWT_AUD_NOT_STRINGS,
	JWT_IAT_NOT_NUMBER, /* NOT_NUMBER: also out of range */
	JWT_NBF_NOT_NUMBER,
	JWT_EXP_NOT_NUMBER,
	JWT_SIGNATURE_NOT_BASE64,
	JWT_EXPIRED,
	JWT_NOT_YET_VALID,
	JWT_UNKNOWN_ISSUER,
	JWT_AUDIENCE_NOT_ALLOWED,
	JWT_NO_MATCHING_KEY,
	JWT_VERIFICATION_FAILS,
	JWT_KEYS_UNAVAILABLE, /* the set could not be fetched */
	JWT_KEYS_UNUSABLE,    /* the set has no usable public key */
	JWT_STATUS_COUNT,
};

/* The body of the answer: "Jwt is expired". Static. */
const char *jwt_status_text(enum jwt_status status);
