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

#define FILE_MAX      (1 << 20) /* bytes of a passwd or group file that are looked at */
#define PLACES_MAX    1024      /* containers whose users are kept */
#define AGAIN_NS      (10 * NS_PER_SEC)
#define SOON_NS       (100 * NS_PER_MS) /* nobody was there to read from */
#define ROOT_PATH_MAX 256

/* The users of one place: the host, or a container. */
struct place {
	char id[CONTAINER_ID_MAX + 1]; /* "" for the host */
	struct arena arena;            /* of what was read */
	struct id_map users, groups;
	uint64_t not_before_ns; /* event time; they are not read again earlier */
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

/* False where there is no such file. */
static bool read_lines(struct place *place, const char *root, const char *path,
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
	return file >= 0;
}

static void root_of(const struct users *users, char out[ROOT_PATH_MAX], int64_t pid)
{
	snprintf(out, ROOT_PATH_MAX, "%s/%lld/root", users->proc, (long long)pid);
}

/* An engine's helper is in the container's cgroup before it has gone into its root. */
static bool is_hosts_root(const struct users *users, const char *root)
{
	char host[ROOT_PATH_MAX];
	struct stat ours, theirs;

	root_of(users, host, 1);
	return (stat(host, &ours) == 0 || stat("/", &ours) == 0) && stat(root, &theirs) == 0
	       && ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

static bool read_root(struct place *place, const char *root)
{
	const bool has_users = read_lines(place, root, "etc/passwd", read_user);

	return read_lines(place, root, "etc/group", read_group) || has_users;
}

/* The process may have ended already: its parents in the container have the same files. */
static bool read_container(const struct users *users, struct place *place,
			   const struct process *process)
{
	const struct container *container = process->container;
	char root[ROOT_PATH_MAX];

	for (; process != NULL && process->container == container; process = process->parent) {
		root_of(users, root, process->pid);
		if (!is_hosts_root(users, root) && read_root(place, root))
			return true;
	}
	return false;
}

/* Where we may not look through init's eyes our own root will do. */
static bool read_host(const struct users *users, struct place *place)
{
	char root[ROOT_PATH_MAX];

	root_of(users, root, 1);
	return read_root(place, access(root, X_OK) == 0 ? root : "/");
}

/* Where a number is not found the files are read, but not again and again. */
static bool read_again(struct users *users, struct place *place, const struct process *process,
		       uint64_t now_ns)
{
	bool found;

	if (users->proc == NULL || now_ns < place->not_before_ns)
		return false;
	arena_reset(&place->arena);
	id_map_done(&place->users);
	id_map_done(&place->groups);
	found = place->id[0] != '\0' ? read_container(users, place, process)
				     : read_host(users, place);
	place->not_before_ns = now_ns + (found ? AGAIN_NS : SOON_NS);
	return found;
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
