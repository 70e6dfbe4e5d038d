/* SPDX-License-Identifier: Apache-2.0 */
/* check_resources.h — `mangrove check resources PATH…`: would this load? Nothing runs. */
#pragma once

/* argv[0] is "resources". Returns the exit status: 0, or 2 with every error printed. */
int check_resources(int argc, char **argv);
