/* Loaded before the C library: the k-th of the calls that change files fails, or is the end of the process. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum way { COUNT, FAIL, FULL, KILL }; /* FULL: from the k-th on, all calls that take room */
enum fate { GO, LOSE, DIE };
#define LONGEST 100000

static enum way way;
static int armed, at, calls, without_exchange;
static const char *names[LONGEST];

void faults_arm(int chosen, int number, int no_exchange)
{
    way = chosen, at = number, without_exchange = no_exchange, calls = 0, armed = 1;
}

int faults_disarm(void)
{
    armed = 0;
    return calls < LONGEST ? calls : LONGEST - 1;
}

const char *faults_name(int number) { return names[number]; }

static enum fate fate(const char *name, int takes_room)
{
    int number;
    if (!armed || (number = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST)) >= LONGEST)
        return GO;
    names[number] = name;
    if (way == COUNT || number < at || (number > at && way != FULL) || (way == FULL && !takes_room))
        return GO;
    errno = way == FULL ? ENOSPC : EIO;
    return way == KILL ? DIE : LOSE;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define CALL(result, name, takes_room, parameters, arguments)                                                         \
    result name parameters                                                                                             \
    {                                                                                                                  \
        enum fate met = fate(#name, takes_room);                                                                       \
        if (met == DIE)                                                                                                \
            die();                                                                                                     \
        return met == LOSE ? -1 : REAL(name) arguments;                                                                \
    }
#define WRITE(name, parameters, arguments, half)                                                                 \
    ssize_t name parameters                                                                                            \
    {                                                                                                                  \
        enum fate met = fate(#name, 1);                                                                                \
        if (met == DIE) { /* in the middle of it */                                                                    \
            REAL(name) half;                                                                                           \
            die();                                                                                                     \
        }                                                                                                              \
        return met == LOSE ? -1 : REAL(name) arguments;                                                                \
    }
#define OPEN(name, place, arguments)                                                                                   \
    int name(place const char *path, int flags, ...)                                                                   \
    {                                                                                                                  \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;                                        \
        va_end(more);                                                                                                  \
        enum fate met = fate(#name, (flags & O_CREAT) != 0);                                                           \
        if (met == DIE)                                                                                                \
            die();                                                                                                     \
        return met == LOSE ? -1 : REAL(name) arguments;                                                                \
    }
#define AND ,

OPEN(open, , (path, flags, mode))
OPEN(open64, , (path, flags, mode))
OPEN(openat, int folder AND, (folder, path, flags, mode))
OPEN(openat64, int folder AND, (folder, path, flags, mode))
WRITE(write, (int file, const void *data, size_t size), (file, data, size), (file, data, size / 2))
WRITE(pwrite, (int file, const void *data, size_t size, off_t from), (file, data, size, from),
      (file, data, size / 2, from))
WRITE(pwrite64, (int file, const void *data, size_t size, off64_t from), (file, data, size, from),
      (file, data, size / 2, from))
WRITE(writev, (int file, const struct iovec *parts, int count), (file, parts, count), (file, parts, count / 2))
CALL(ssize_t, sendfile, 1, (int to, int file, off_t *from, size_t size), (to, file, from, size))
CALL(ssize_t, sendfile64, 1, (int to, int file, off64_t *from, size_t size), (to, file, from, size))
CALL(int, ftruncate, 1, (int file, off_t size), (file, size))
CALL(int, ftruncate64, 1, (int file, off64_t size), (file, size))
CALL(int, fsync, 1, (int file), (file))
CALL(int, fdatasync, 1, (int file), (file))
CALL(int, syncfs, 1, (int file), (file))
CALL(int, flock, 0, (int file, int operation), (file, operation))
CALL(int, mkdir, 1, (const char *path, mode_t mode), (path, mode))
CALL(int, symlink, 1, (const char *to, const char *path), (to, path))
CALL(int, unlink, 0, (const char *path), (path))
CALL(int, unlinkat, 0, (int folder, const char *path, int flags), (folder, path, flags))
CALL(int, rmdir, 0, (const char *path), (path))
CALL(int, rename, 0, (const char *from, const char *to), (from, to))

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags)
{
    if (armed && without_exchange) {
        errno = EINVAL;
        return -1;
    }
    enum fate met = fate("renameat2", 0);
    if (met == DIE)
        die();
    return met == LOSE ? -1 : REAL(renameat2)(from_folder, from, to_folder, to, flags);
}

int close(int file) /* a file is closed, even if that tells of an error */
{
    enum fate met = fate("close", 0);
    if (met == DIE)
        die();
    int done = REAL(close)(file);
    if (met == LOSE)
        errno = EIO;
    return met == LOSE ? -1 : done;
}
