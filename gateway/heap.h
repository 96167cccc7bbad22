#ifndef SEGEL_GATEWAY_HEAP_H
#define SEGEL_GATEWAY_HEAP_H

/* Blocks of half a megabyte and more (pages of a reviewer's answer, words of a block of
 * the index) go back to the system when they are freed. glibc learns from the first of
 * them to keep such blocks for the next one, so that the process grows by steps, over
 * weeks, to the most that it ever needed at one time (mallopt(3)). Before the first
 * thread. What a signature needs is far smaller, or kept by its owner. */
void heap_settle(void);

#endif
