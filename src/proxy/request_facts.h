/* SPDX-License-Identifier: Apache-2.0 */
/* request_facts.h — what the policy is told about an exchange's request. */
#pragma once

#include "proxy/exchange.h"

/* Views into the exchange, its connection and its arena. */
void request_facts_gather(struct exchange *exchange, struct request_facts *facts);
