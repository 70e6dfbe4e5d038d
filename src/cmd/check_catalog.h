/* SPDX-License-Identifier: Apache-2.0 */
/* check_catalog.h — `mangrove check --list` and `--explain ID`; they return the exit status. */
#pragma once

int check_print_explanation(const char *id);
int check_print_list(void);
