/* Makes file operations of a program fail: loaded before the C library, it stands between the program and the system.
 *
 * It counts every create, write, sync, truncate, rename, link, unlink and mkdir below FAULTS_FOLDER, in all threads together, and
 * writes each to FAULTS_LOG as "number operation path" with " fault" behind those that were made to fail. Operation number FAULTS_AT, from 0, fails
 * with the error number FAULTS_ERROR; FAULTS_HOW says how:
 *
 *   lost   it is not done
 *   done   it is done, and reported as failed
 *   half   a write stores the first half of its bytes; anything else is lost
 *   dead   it is not done, and neither is any later one
 *   gasp   it is done, and no later one is
 *
 * Without FAULTS_AT it only counts. Operations of other processes, and those that bypass the C library, are not seen.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum verdict { WORKS, LOST, DONE, HALF };

static const char *folder = "";
static const char *how = "";
static long chosen = -1;
static int error_number = EIO;
static int log_file = -1;
static atomic_long operations;

__attribute__((constructor)) static void begin(void) {
    const char *at = getenv("FAULTS_AT"), *error = getenv("FAULTS_ERROR"), *log = getenv("FAULTS_LOG");
    folder = getenv("FAULTS_FOLDER") ?: "";
    how = getenv("FAULTS_HOW") ?: "";
    if (at) chosen = atol(at);
    if (error) error_number = atoi(error);
    if (log) log_file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Counts an operation on `path` and decides its fate. */
static enum verdict verdict(const char *operation, const char *path) {
    size_t length = strlen(folder);
    if (length == 0 || !path || strncmp(path, folder, length) != 0) return WORKS;
    long number = atomic_fetch_add(&operations, 1);
    int one = number == chosen, later = chosen >= 0 && number > chosen;
    enum verdict fate = WORKS;
    if (one && !strcmp(how, "half")) fate = HALF;
    else if (one && (!strcmp(how, "done") || !strcmp(how, "gasp"))) fate = DONE;
    else if (one || (later && (!strcmp(how, "dead") || !strcmp(how, "gasp")))) fate = LOST;
    char line[PATH_MAX + 64];
    int written = snprintf(line, sizeof line, "%ld %s %s%s\n", number, operation, path + length, fate == WORKS ? "" : " fault");
    if (log_file >= 0 && written > 0) syscall(SYS_write, log_file, line, (size_t)written);
    return fate;
}

static enum verdict verdict_of_file(const char *operation, int file) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return WORKS;
    path[length] = 0;
    return verdict(operation, path);
}

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

/* An operation without a middle: done or not, and then reported as failed or not. */
#define WHOLE(fate, call)                                   \
    do {                                                    \
        enum verdict fate_ = (fate);                        \
        if (fate_ == WORKS) return call;                    \
        if (fate_ == DONE) (void)!call;                     \
        errno = error_number;                               \
        return -1;                                          \
    } while (0)

/* A write, which may stop half-way. */
#define WRITE(fate, bytes, call, half)                      \
    do {                                                    \
        enum verdict fate_ = (fate);                        \
        if (fate_ == WORKS) return call;                    \
        if (fate_ == DONE) (void)!call;                     \
        if (fate_ == HALF && (bytes) > 1) (void)!half;      \
        errno = error_number;                               \
        return -1;                                          \
    } while (0)

ssize_t write(int file, const void *bytes, size_t count) {
    static typeof(&write) real;
    if (!real) real = REAL(write);
    WRITE(verdict_of_file("write", file), count, real(file, bytes, count), real(file, bytes, count / 2));
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    static typeof(&pwrite64) real;
    if (!real) real = REAL(pwrite64);
    WRITE(verdict_of_file("write", file), count, real(file, bytes, count, offset), real(file, bytes, count / 2, offset));
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    static typeof(&writev) real;
    if (!real) real = REAL(writev);
    WRITE(verdict_of_file("write", file), count, real(file, parts, count), real(file, parts, count / 2));
}

int fsync(int file) { WHOLE(verdict_of_file("fsync", file), REAL(fsync)(file)); }
int fdatasync(int file) { WHOLE(verdict_of_file("fdatasync", file), REAL(fdatasync)(file)); }
int ftruncate64(int file, off64_t length) { WHOLE(verdict_of_file("truncate", file), REAL(ftruncate64)(file, length)); }
int rename(const char *from, const char *to) { WHOLE(verdict("rename", to), REAL(rename)(from, to)); }
int unlink(const char *path) { WHOLE(verdict("unlink", path), REAL(unlink)(path)); }
int mkdir(const char *path, mode_t mode) { WHOLE(verdict("mkdir", path), REAL(mkdir)(path, mode)); }

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    WHOLE(verdict("link", to), REAL(linkat)(from_folder, from, to_folder, to, flags));
}

/* Names relative to a folder, as removing a tree uses them. */
int unlinkat(int parent, const char *name, int flags) {
    char path[PATH_MAX];
    if (name[0] == '/') WHOLE(verdict("unlink", name), REAL(unlinkat)(parent, name, flags));
    char link[64], base[PATH_MAX / 2] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", parent);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length > 0) base[length] = 0;
    snprintf(path, sizeof path, "%s/%s", base, name);
    WHOLE(verdict("unlink", path), REAL(unlinkat)(parent, name, flags));
}

int open64(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
        enum verdict fate = verdict("create", path);
        if (fate != WORKS) {
            int file = fate == DONE ? REAL(open64)(path, flags, mode) : -1;
            if (file >= 0) close(file);
            errno = error_number;
            return -1;
        }
    }
    return REAL(open64)(path, flags, mode);
}
