/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/jwt_status.h"

static const char *const texts[JWT_STATUS_COUNT] = {
	[JWT_MISSING] = "Jwt is missing",
	[JWT_FINE] = "OK",
	[JWT_TOO_LARGE] = "Jwt is too large",
	[JWT_BAD_FORM] = ("Jwt is not in the form of Header.Payload.Signature with two dots and 3 "
			  "sections"),
	[JWT_HEADER_NOT_BASE64] = "Jwt header is an invalid Base64url encoded",
	[JWT_HEADER_NOT_JSON] = "Jwt header is an invalid JSON",
	[JWT_ALG_NOT_STRING] = "Jwt header [alg] field is required and must be a string",
	[JWT_ALG_NOT_SUPPORTED] = "Jwt header [alg] is not supported",
	[JWT_KID_NOT_STRING] = "Jwt header [kid] field must be a string",
	[JWT_CRITICAL_HEADER] = "Jwt header [crit] is not supported",
	[JWT_ENCRYPTED_OR_NESTED] = "Jwt is encrypted or nested",
	[JWT_PAYLOAD_NOT_BASE64] = "Jwt payload is an invalid Base64url encoded",
	[JWT_PAYLOAD_NOT_JSON] = "Jwt payload is an invalid JSON",
	[JWT_ISS_NOT_STRING] = "Jwt payload [iss] field must be a string",
	[JWT_SUB_NOT_STRING] = "Jwt payload [sub] field must be a string",
	[JWT_JTI_NOT_STRING] = "Jwt payload [jti] field must be a string",
	[JWT_AUD_NOT_STRINGS] = "Jwt payload [aud] field must be a string or string list",
	[JWT_IAT_NOT_NUMBER] = "Jwt payload [iat] field must be a positive integer",
	[JWT_NBF_NOT_NUMBER] = "Jwt payload [nbf] field must be a positive integer",
	[JWT_EXP_NOT_NUMBER] = "Jwt payload [exp] field must be a positive integer",
	[JWT_SIGNATURE_NOT_BASE64] = "Jwt signature is an invalid Base64url encoded",
	[JWT_EXPIRED] = "Jwt is expired",
	[JWT_NOT_YET_VALID] = "Jwt not yet valid",
	[JWT_UNKNOWN_ISSUER] = "Jwt issuer is not configured",
	[JWT_AUDIENCE_NOT_ALLOWED] = "Audiences in Jwt are not allowed",
	[JWT_NO_MATCHING_KEY] = "Jwks doesn't have key to match kid or alg from Jwt",
	[JWT_VERIFICATION_FAILS] = "Jwt verification fails",
	[JWT_KEYS_UNAVAILABLE] = "Jwks remote fetch is failed",
	[JWT_KEYS_UNUSABLE] = "Jwks doesn't have any valid public key",
};

const char *jwt_status_text(enum jwt_status status)
{
	return texts[status];
}
