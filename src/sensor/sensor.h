/* SPDX-License-Identifier: Apache-2.0 */
/* sensor.h — what processes do, and the state of the machine that makes it readable.
 *
 *	event.h      one event, whoever recorded it, and the tables of events, parameters and flags
 *	filter.h     which of them the kernel may drop
 *	recording.h  events and state from a .scap file
 *	live.h       events of this machine, as they happen, by eBPF
 *	learn.h      what the kernel tells beside, for the state
 *	state.h      who runs and what is open, after the events so far
 *	process.h    a thread, its process, its ancestors
 *	descriptor.h a file or a connection that is open
 *	container.h  the container that a process runs in
 *	inspector.h  what engines know of containers, asked on a thread of its own
 *	users.h      names of users and groups
 *	param_text.h parameters as people read them
 *	procfs.h     what runs now, and threads that no event told of */
#pragma once

#include "sensor/confine.h"
#include "sensor/container.h"
#include "sensor/descriptor.h"
#include "sensor/event.h"
#include "sensor/filter.h"
#include "sensor/inspector.h"
#include "sensor/learn.h"
#include "sensor/live.h"
#include "sensor/param_text.h"
#include "sensor/path.h"
#include "sensor/process.h"
#include "sensor/procfs.h"
#include "sensor/recording.h"
#include "sensor/socket.h"
#include "sensor/state.h"
#include "sensor/syscall_name.h"
#include "sensor/users.h"
