/* The entry point that libFuzzer calls with bytes of its choice. */
#ifndef CARTWRIGHT_TESTS_FUZZ_H
#define CARTWRIGHT_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif
