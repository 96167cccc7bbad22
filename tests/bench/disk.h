#ifndef SEGEL_TESTS_BENCH_DISK_H
#define SEGEL_TESTS_BENCH_DISK_H

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "proto/base.h"

/* What a disk does by itself, to hold against what a program makes of it. */
enum { DISK_FILE = 64 << 20, DISK_BLOCK = 4 << 20 };

static inline double disk_now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Bytes that this process handed to write calls. */
static inline double disk_written(void)
{
    FILE *file = fopen("/proc/self/io", "re");
    char line[64];
    unsigned long long found = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        (void)sscanf(line, "wchar: %llu", &found); /* NOLINT(cert-err34-c) */
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return (double)found;
}

/* Writes and fdatasyncs a second of so many bytes each, in a file that has its blocks. */
static inline double disk_syncs(const char *folder, size_t bytes, double seconds)
{
    static uint8_t block[DISK_BLOCK];
    char name[600];
    uint64_t count = 0;

    bytes = bytes > sizeof(block) ? sizeof(block) : bytes;
    (void)snprintf(name, sizeof(name), "%s/raw", folder);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    for (off_t at = 0; fd >= 0 && at < DISK_FILE; at += (off_t)sizeof(block)) {
        MUST(pwrite(fd, block, sizeof(block), at) == (ssize_t)sizeof(block));
    }
    MUST(fd >= 0 && fsync(fd) == 0);
    double from = disk_now_s();
    off_t at = 0;
    while (disk_now_s() < from + seconds) {
        block[0]++;
        MUST(pwrite(fd, block, bytes, at) == (ssize_t)bytes && fdatasync(fd) == 0);
        at = at + 2 * (off_t)bytes > DISK_FILE ? 0 : at + (off_t)bytes;
        count++;
    }
    double rate = (double)count / (disk_now_s() - from);
    (void)close(fd);
    (void)unlink(name);
    return rate;
}

#endif
