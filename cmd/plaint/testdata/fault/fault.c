/* Makes writes to some files fail, for the tests of what happens then: loaded
 * before the C library, it counts write, pwrite and fsync calls on files whose
 * path contains PLAINT_FAULT_PATH, and lets calls number PLAINT_FAULT_FROM up to
 * PLAINT_FAULT_FROM + PLAINT_FAULT_CALLS - 1 fail with the error number
 * PLAINT_FAULT_ERROR. With PLAINT_FAULT_SHORT a failing write has written half
 * of its bytes before. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long calls;
static long from = -1, most, number;
static int half;
static const char *path;

__attribute__((constructor)) static void settings(void) {
  const char *f = getenv("PLAINT_FAULT_FROM"), *c = getenv("PLAINT_FAULT_CALLS"), *e = getenv("PLAINT_FAULT_ERROR");
  path = getenv("PLAINT_FAULT_PATH");
  half = getenv("PLAINT_FAULT_SHORT") != NULL;
  if (path && f && c && e) {
    from = atol(f);
    most = atol(c);
    number = atol(e);
  }
}

static int fails(int fd) {
  if (from < 0) return 0;
  char link[64], name[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, name, sizeof name - 1);
  if (n <= 0) return 0;
  name[n] = 0;
  if (!strstr(name, path)) return 0;
  long k = atomic_fetch_add(&calls, 1) + 1;
  return k >= from && k < from + most;
}

ssize_t write(int fd, const void *b, size_t n) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "write");
  if (fails(fd)) {
    if (half && n > 1) (void)!real(fd, b, n / 2);
    errno = (int)number;
    return -1;
  }
  return real(fd, b, n);
}

ssize_t pwrite(int fd, const void *b, size_t n, off_t at) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  if (!real) real = dlsym(RTLD_NEXT, "pwrite");
  if (fails(fd)) {
    if (half && n > 1) (void)!real(fd, b, n / 2, at);
    errno = (int)number;
    return -1;
  }
  return real(fd, b, n, at);
}

ssize_t pwrite64(int fd, const void *b, size_t n, off_t at) { return pwrite(fd, b, n, at); }

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  if (fails(fd)) {
    errno = (int)number;
    return -1;
  }
  return real(fd);
}
