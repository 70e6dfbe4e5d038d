/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/users.h"

#include "sensor/container.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_MAX   (1 << 20) /* bytes of a passwd or group file that are looked at */
#define PLACES_MAX 1024      /* containers whose users are kept */
#define AGAIN_NS   (10 * NS_PER_SEC)

/* The users of one place: the host, or a container. */
struct place {
	char id[CONTAINER_ID_MAX + 1]; /* "" for the host */
	struct arena arena;            /* of what was read */
	struct id_map users, groups;
	uint64_t read_ns; /* event time; 0: never */
};

struct users {
	const char *proc;  /* borrowed; NULL: nothing is read */
	struct map places; /* container id -> struct place, owned */
};

struct users *users_new(const char *proc)
{
	struct users *users = MEM_NEW(struct users);

	users->proc = proc;
	return users;
}

static void free_place(struct place *place)
{
	arena_done(&place->arena);
	id_map_done(&place->users);
	id_map_done(&place->groups);
	mem_free(place);
}

static void forget_places(struct users *users)
{
	MAP_FOR_EACH (&users->places, entry)
		free_place(entry->value);
	map_done(&users->places);
	users->places = (struct map){ 0 };
}

void users_free(struct users *users)
{
	if (users == NULL)
		return;
	forget_places(users);
	mem_free(users);
}

static struct place *place_of(struct users *users, const struct container *container)
{
	const char *id = container != NULL ? container->id : "";
	struct place *place = map_get(&users->places, text_of(id));

	if (place != NULL)
		return place;
	if (users->places.count >= PLACES_MAX)
		forget_places(users); /* containers come and go; those that stay are read again */
	place = MEM_NEW(struct place);
	arena_init(&place->arena, 1024);
	memcpy(place->id, id, strlen(id));
	map_put(&users->places, text_of(place->id), place);
	return place;
}

/* --- lines of passwd(5) and group(5) ------------------------------------------------------ */

static struct text keep(struct place *place, struct text text)
{
	return (struct text){
		arena_strndup(&place->arena, text.ptr != NULL ? text.ptr : "", text.len), text.len
	};
}

static bool parse_id(struct text text, uint32_t *out)
{
	uint64_t number;

	if (!text_parse_number(text, UINT32_MAX, &number))
		return false;
	*out = (uint32_t)number;
	return true;
}

static void add_user(struct place *place, const struct user *from)
{
	struct user *user = ARENA_NEW(&place->arena, struct user);

	*user = (struct user){ from->uid, from->gid, keep(place, from->name),
			       keep(place, from->home), keep(place, from->shell) };
	id_map_put(&place->users, user->uid, user);
}

static void add_group(struct place *place, const struct group *from)
{
	struct group *group = ARENA_NEW(&place->arena, struct group);

	*group = (struct group){ from->gid, keep(place, from->name) };
	id_map_put(&place->groups, group->gid, group);
}

/* name:password:uid:gid:gecos:home:shell. The first line of a number counts. */
static void read_user(struct place *place, struct text line)
{
	struct user user = { .name = text_split(&line, ':') };

	text_split(&line, ':');
	if (!parse_id(text_split(&line, ':'), &user.uid)
	    || !parse_id(text_split(&line, ':'), &user.gid)
	    || id_map_get(&place->users, user.uid) != NULL)
		return;
	text_split(&line, ':');
	user.home = text_split(&line, ':');
	user.shell = line;
	add_user(place, &user);
}

/* name:password:gid:members */
static void read_group(struct place *place, struct text line)
{
	struct group group = { .name = text_split(&line, ':') };

	text_split(&line, ':');
	if (parse_id(text_split(&line, ':'), &group.gid)
	    && id_map_get(&place->groups, group.gid) == NULL)
		add_group(place, &group);
}

/* --- files ------------------------------------------------------------------------------- */

/* A file below a directory that is its whole world: links in it lead nowhere else. It belongs to
 * the container, so it may be no file at all. */
static int open_inside(const char *root, const char *path)
{
	const struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
				      .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	AUTO_FD int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD int file = -1;
	struct stat status;

	if (directory < 0)
		return -1;
	file = (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
	if (file < 0 || fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
		return -1;
	return file_take(&file);
}

static void read_lines(struct place *place, const char *root, const char *path,
		       void (*take)(struct place *, struct text))
{
	AUTO_BUFFER struct buffer bytes = { 0 };
	AUTO_FD int file = open_inside(root, path);
	struct text rest;
	ssize_t got = 1;

	while (file >= 0 && got > 0 && bytes.len < FILE_MAX) {
		got = read(file, buffer_reserve(&bytes, 4096), 4096);
		bytes.len += got > 0 ? (size_t)got : 0;
	}
	rest = buffer_text(&bytes);
	while (rest.ptr != NULL && rest.len > 0)
		take(place, text_split(&rest, '\n'));
}

static void read_place(struct users *users, struct place *place, const struct process *process)
{
	char root[256];

	arena_reset(&place->arena);
	id_map_done(&place->users);
	id_map_done(&place->groups);
	snprintf(root, sizeof(root), "%s/%lld/root", users->proc,
		 place->id[0] != '\0' ? (long long)process->pid : 1);
	if (place->id[0] == '\0' && access(root, X_OK) != 0)
		snprintf(root, sizeof(root), "/"); /* not permitted to look: our own will do */
	read_lines(place, root, "etc/passwd", read_user);
	read_lines(place, root, "etc/group", read_group);
}

/* Where a number is not found the file is read, but not again and again. */
static bool read_again(struct users *users, struct place *place, const struct process *process,
		       uint64_t now_ns)
{
	if (users->proc == NULL || (place->read_ns != 0 && now_ns - place->read_ns < AGAIN_NS))
		return false;
	place->read_ns = now_ns;
	read_place(users, place, process);
	return true;
}

/* --- asking ------------------------------------------------------------------------------ */

void users_add_user(struct users *users, const struct user *user)
{
	add_user(place_of(users, NULL), user);
}

void users_add_group(struct users *users, const struct group *group)
{
	add_group(place_of(users, NULL), group);
}

const struct user *users_find(struct users *users, const struct process *process, uint32_t uid,
			      uint64_t now_ns)
{
	struct place *place = place_of(users, process->container);
	const struct user *user = id_map_get(&place->users, uid);

	if (user == NULL && uid != NO_ID && read_again(users, place, process, now_ns))
		user = id_map_get(&place->users, uid);
	return user;
}

const struct group *users_find_group(struct users *users, const struct process *process,
				     uint32_t gid, uint64_t now_ns)
{
	struct place *place = place_of(users, process->container);
	const struct group *group = id_map_get(&place->groups, gid);

	if (group == NULL && gid != NO_ID && read_again(users, place, process, now_ns))
		group = id_map_get(&place->groups, gid);
	return group;
}
