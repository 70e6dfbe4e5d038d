/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h — who a process is: SPIFFE IDs, the certificates that prove them, the authority that
 * signs them and the API that hands them out.
 *
 * The journey of an identity, one part header each:
 *
 *	ca.h            signs         first start makes a root and an issuing intermediate
 *	workload_api.h  hands out     SPIFFE Workload API server: attests the caller, streams SVIDs
 *	source.h        receives      the Workload API or PEM files; gives the owner an identity_set
 *	svid.h bundle.h holds         immutable, reference-counted, shared between threads
 *	verify.h        judges a peer the leaf and trust-domain checks that OpenSSL does not make
 *	revocations.h   takes back      who is believed no longer, by resources of the kind
 *Revocation spiffe_id.h     names         spiffe://trust-domain/ns/NAMESPACE/sa/SERVICEACCOUNT
 *
 * Private keys of workloads live in memory alone. Every doubt about a certificate is a rejection
 * with a reason. Specifications: github.com/spiffe/spiffe, standards/ (X509-SVID, SPIFFE-ID,
 * SPIFFE_Workload_API, SPIFFE_Trust_Domain_and_Bundle). */
#pragma once

#include "identity/admin.h"
#include "identity/audit.h"
#include "identity/bundle.h"
#include "identity/ca.h"
#include "identity/caller.h"
#include "identity/describe.h"
#include "identity/fetch.h"
#include "identity/revocations.h"
#include "identity/role.h"
#include "identity/source.h"
#include "identity/spiffe_id.h"
#include "identity/svid.h"
#include "identity/verify.h"
#include "identity/workload_api.h"
