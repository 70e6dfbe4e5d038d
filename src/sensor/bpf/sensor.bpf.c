/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* sensor.bpf.c — the kernel's half of the sensor, in one object so that its parts share their maps.
 *
 *	process.h   threads begin, start programs, end     calls.h   system calls that returned
 *	task.h      who acts     pieces.h, descriptor.h   what is told about it     maps.h   the
 *rings */
#include "sensor/bpf/calls.h"
#include "sensor/bpf/process.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
