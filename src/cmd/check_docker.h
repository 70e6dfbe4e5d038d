/* SPDX-License-Identifier: Apache-2.0 */
/* check_docker.h — `mangrove check docker`: the CIS benchmark on the host that runs. */
#pragma once

int check_docker(int argc, char **argv);
